import { type RefusalCode, type Result, refuse } from "../../core/refusals.ts";
import type { ClientIdempotency } from "../../core/verification/deps.ts";
import type { HttpDeps } from "../context.ts";
import type { FlowForm } from "./flow.ts";

/** How long a form waits, milliseconds, for itself to be answered where it was sent before: a sender has eight seconds. */
const WAITS_MS = [250, 500, 1_000, 2_000, 2_500, 2_500];

/** What a form carries in its field `once`, so that two of it are told from it twice. */
export function newOnce({ random }: Pick<HttpDeps, "random">): string {
  return Buffer.from(random.bytes(16)).toString("base64url");
}

/**
 * Sends for a form. A browser without a script sends it twice where a person clicks twice or tries again what was not
 * answered, and shows the last answer alone: that is the answer of the first, not that it is too soon for another message.
 *
 * @param send is given the form's key; that tells nothing to another browser
 * @returns `too_many_requests` where the first is not answered in time: nobody who fills in a form knows of its key
 */
export async function sentOnce<T, Code extends RefusalCode>(
  { pause }: Pick<HttpDeps, "pause">,
  { flow, fields }: FlowForm,
  send: (idempotency: ClientIdempotency | undefined) => Promise<Result<T, Code>>,
): Promise<Result<T, Code | "too_many_requests">> {
  const once = fields.get("once") ?? "";
  if (!/^[\w-]{22}$/.test(once)) return await send(undefined);
  const idempotency = { key: `${flow.pre}.${once}`, request: "" };
  for (const waitMs of [...WAITS_MS, 0]) {
    const sent = await send(idempotency);
    if (sent.ok || sent.refusal.code !== "idempotency_in_progress") return sent;
    await pause(waitMs);
  }
  return refuse("too_many_requests", { retryAfterSeconds: 1 });
}
