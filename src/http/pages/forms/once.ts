import { type RefusalCode, type Result, refuse } from "../../../core/refusals.ts";
import type { ClientIdempotency } from "../../../core/verification/idempotency.ts";
import type { HttpDeps } from "../../context.ts";
import type { FlowForm } from "../flow.ts";

/**
 * How long a form that was sent twice waits for the answer to the first, in milliseconds: all senders together have
 * twelve seconds.
 */
const WAITS_MS = [250, 500, 1_000, 2_000, 3_000, 3_000, 3_000];

/** The value of a form's field `once`, which tells one form that was sent twice from two forms. */
export function newOnce({ random }: Pick<HttpDeps, "random">): string {
  return Buffer.from(random.bytes(16)).toString("base64url");
}

/**
 * Sends a message for a form, once. If a person clicks twice, or tries again before there was an answer, a browser
 * without a script sends the form twice and shows only the second answer. So that answer is the same as the first, and
 * not that it is too soon for another message.
 *
 * @param send gets the form's key, which means nothing in another browser
 * @returns `too_many_requests` if the first is not answered in time: people know nothing of the key
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
