import type { HttpDeps } from "../../context.ts";

/** How long a second click waits for what the first one does, milliseconds. */
const WAITS_MS = [100, 200, 400, 800];

/**
 * Looks repeatedly until the effect of a first click on the same form is there. Resolves with what was seen last.
 *
 * @param isThere whether what was seen is that effect
 */
export async function awaitFirstClick<T>(
  { pause }: Pick<HttpDeps, "pause">,
  look: () => Promise<T>,
  isThere: (seen: T) => boolean,
): Promise<T> {
  let seen = await look();
  for (const waitMs of WAITS_MS) {
    if (isThere(seen)) break;
    await pause(waitMs);
    seen = await look();
  }
  return seen;
}
