import type { Handler } from "hono";
import type { Env, HttpDeps } from "./context.ts";

/**
 * Loads what handlers would load late, for a process that runs for long: by the time of the first request its files may have
 * been replaced, or it may have no descriptor left to open them with, and Node.js does not try a module twice.
 */
export async function loadNow(): Promise<void> {
  await Promise.all([
    import("./api/definitions.ts"),
    import("./api/openapi.ts"),
    import("./pages/index.ts"),
    import("./pages/errors.ts"),
    import("./pages/docs.ts"),
    import("bowser"),
  ]);
}

/**
 * A handler that is made, and whose code is loaded, by the first request for it: a function that is started for one
 * request does not wait for what it will not ask for.
 */
export function late(make: () => Promise<Handler<Env>>): Handler<Env> {
  let making: Promise<Handler<Env>> | undefined;
  const made = () => {
    // What could not be made is tried again by the next request.
    making ??= make().catch((error: unknown) => {
      making = undefined;
      throw error;
    });
    return making;
  };
  return async (c, next) => (await made())(c, next);
}

type Pages = typeof import("./pages/index.ts");

/** Makes handlers of the pages by their names; all of them are loaded by the first request for one. */
export function latePages(deps: HttpDeps): (name: keyof Pages) => Handler<Env> {
  return (name) =>
    late(async () => {
      const pages = await import("./pages/index.ts");
      return (c) => pages[name](c, deps);
    });
}
