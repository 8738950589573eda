import { type DeliveryRefusal, deliveryResult } from "../delivery/deliver.ts";
import { isNoticeKind } from "../delivery/notice-kinds.ts";
import type { Idempotency, Message } from "../delivery/ports.ts";
import { maskPhone } from "../phone.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { hmacText } from "../secrets.ts";
import { DAY_MS, MINUTE_MS } from "../time.ts";
import type { VerificationDeps } from "./deps.ts";
import type { Purpose } from "./purpose.ts";
import type { VerificationView } from "./verification.ts";

/** How long the first answer is repeated. */
const KEPT_MS = DAY_MS;
/** A message that is still `sending` after this was cut off by a crash: its outcome is unknown. */
const RUNNING_MS = MINUTE_MS;

export type IdempotencyRefusal = "idempotency_in_progress" | "idempotency_key_reused";

/** What a client sent so that it may send the request again. */
export interface ClientIdempotency {
  /** The `Idempotency-Key`: 16 to 128 characters, random. */
  readonly key: string;
  /** The whole request in one canonical text. */
  readonly request: string;
}

/** A client's key, hashed. It is kept with the message, beside the answer. */
export type HashedKey = Pick<Idempotency, "key" | "fingerprint">;

/**
 * Binds a client's key to phone and purpose, and to the backend that used it (by its name). Both hashes are keyed by
 * the client's own random key, so that the record reveals neither the key nor the phone in the request.
 */
export function hashIdempotencyKey(
  idempotency: ClientIdempotency | undefined,
  phoneTag: string,
  purpose: Purpose,
  backend?: string,
): HashedKey | undefined {
  if (!idempotency) return undefined;
  const key = Buffer.from(idempotency.key);
  return {
    key: hmacText(key, "idempotency", phoneTag, purpose, ...(backend ? [backend] : [])),
    fingerprint: hmacText(key, "request", idempotency.request),
  };
}

/**
 * The answer to an earlier request with this key in the last 24 hours; undefined if there was none. Refused with
 * `idempotency_key_reused` if that request was a different one, and with `idempotency_in_progress` while it still runs.
 */
export async function replay(
  deps: VerificationDeps,
  idempotency: HashedKey | undefined,
): Promise<Result<VerificationView, DeliveryRefusal | IdempotencyRefusal> | undefined> {
  if (!idempotency) return undefined;
  const now = deps.clock.now();
  const first = await deps.messages.findByIdempotencyKey(idempotency.key, now - KEPT_MS);
  if (!first) return undefined;
  if (first.idempotency?.fingerprint !== idempotency.fingerprint) {
    return refuse("idempotency_key_reused", { field: "Idempotency-Key" });
  }
  if (first.status === "sending" && now - first.createdAt < RUNNING_MS) {
    return refuse("idempotency_in_progress", { retryAfterSeconds: 1 });
  }
  return await answerAgain(deps, first, now);
}

async function answerAgain(
  deps: Pick<VerificationDeps, "vault">,
  first: Message,
  now: number,
): Promise<Result<VerificationView, DeliveryRefusal>> {
  const { heldUntil } = first;
  const delivered = deliveryResult(first.status, heldUntil && (heldUntil - now) / 1_000);
  if (!delivered.ok) return delivered;
  const phone = await deps.vault.open(first.sealedPhone, first.id);
  const { answer } = first.idempotency ?? {};
  if (!answer || isNoticeKind(first.purpose)) throw new Error(`message ${first.id} has no answer to repeat`);
  return ok({
    id: first.verificationId,
    status: "pending",
    purpose: first.purpose,
    phone: maskPhone(phone),
    ...answer,
  });
}
