import type { Backend } from "../backend/api-key.ts";
import { deliver } from "../delivery/deliver.ts";
import type { Locale } from "../locale.ts";
import type { CountryCode } from "../phone.ts";
import { judgeChallenge } from "../protection/challenges/judge.ts";
import type { Captcha } from "../protection/challenges/ports.ts";
import { isAllowed } from "../protection/guard/allow.ts";
import { guardKeys } from "../protection/guard/guard.ts";
import { leaseMember } from "../protection/limits/members.ts";
import { LIMIT_KEYS } from "../protection/limits/table.ts";
import { trafficOf } from "../protection/traffic.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { type Ask, type AskRefusal, judgeAsk } from "./ask.ts";
import type { Client } from "./client.ts";
import { createVerification, type NewVerification } from "./create.ts";
import type { ClientIdempotency, VerificationDeps } from "./deps.ts";
import { holderOf } from "./holder.ts";
import { hashIdempotencyKey, replay } from "./idempotency.ts";
import { messageFor } from "./message.ts";
import { refuseOnHold } from "./on-hold.ts";
import type { Verification } from "./ports.ts";
import type { Purpose } from "./purpose.ts";
import { type ResendInput, resendById, resendVerification, type SendRefusal } from "./resend.ts";
import { reserve } from "./reserve.ts";
import { type Routed, routeFor } from "./route.ts";
import { callerOf, phoneAsked, type Self } from "./self.ts";
import { requireTold } from "./told.ts";
import { isLive, mayUse, newVerificationId, type VerificationView, viewOf } from "./verification.ts";

export interface StartInput extends Ask {
  /** As a person wrote it; may be left out if it is the user's own. */
  readonly phone?: string;
  /** The country of a number without a calling code, if the person picked one. */
  readonly country?: CountryCode;
  readonly purpose: Purpose;
  readonly locale: Locale;
  readonly client: Client;
  /** A verification that this client started before and still holds (the pages' cookie). */
  readonly heldId?: string;
  /** The solution of a challenge. */
  readonly captcha?: Captcha;
  readonly idempotency?: ClientIdempotency;
  /** The backend that shows its API key. */
  readonly backend?: Backend;
  /** The user who shows that they are signed in. */
  readonly self?: Self;
}

export type StartRefusal =
  | AskRefusal
  | "invalid_phone"
  | "country_not_allowed"
  | "phone_not_mobile"
  | "template_unavailable"
  | SendRefusal;

/**
 * Starts a verification and sends its code.
 *
 * A client that still holds a live verification of the same phone and purpose gets that one sent again. Otherwise the
 * challenge that a stranger solved is judged, and the phone's ledger grants guesses. Then the limits count the send and
 * the solution and set the guesses aside, in one step. Only then is anything kept or sent: a refused start changes
 * nothing (promises 2 and 3).
 *
 * @param installed holds the whole route; only the senders that have a text for this message are used
 */
export async function startVerification(
  installed: VerificationDeps,
  input: StartInput,
): Promise<Result<VerificationView, StartRefusal>> {
  const asked = judgeAsk(input);
  if (!asked.ok) return asked;
  const read = await phoneAsked(installed, input);
  if (!read.ok) return read;
  const phone = read.value;
  const { purpose, locale, self } = input;
  const told =
    self && purpose === "change_phone" ? await requireTold(installed, self.user, locale) : ok(undefined);
  if (!told.ok) return told;
  const { transaction } = asked.value;
  const message = { to: phone, purpose, locale, ...(transaction && { transaction }) };
  const routed = routeFor(installed, message);
  if (!routed.ok) return routed;
  const phoneTags = await installed.vault.tags(phone);
  const idempotency = hashIdempotencyKey(input.idempotency, phoneTags[0], purpose, input.backend?.client);
  const replayed = await replay(installed, idempotency);
  if (replayed) return replayed;
  const wanted = { phone, phoneTags, idempotency, ask: asked.value, routed: routed.value };
  return await resendHeldOrStart(installed, input, wanted);
}

/** What a start asks for, once it was read and allowed. */
interface Wanted extends Pick<NewVerification, "phone" | "phoneTags" | "idempotency"> {
  readonly ask: Ask;
  readonly routed: Routed;
}

/** Sends the verification again that this client holds, or else judges its challenge and starts a new one. */
async function resendHeldOrStart(
  installed: VerificationDeps,
  input: StartInput,
  { phone, phoneTags, idempotency, ask, routed: { deps, testNumber } }: Wanted,
): Promise<Result<VerificationView, SendRefusal>> {
  const { purpose, locale, client, backend } = input;
  const [phoneTag] = phoneTags;
  const { bucket, deviceId } = await callerOf(deps, input, phoneTag);
  const traffic = await trafficOf(deps, phone, client.addressKey);
  const holder = holderOf(input, { deviceId, addressTag: traffic.addressTag });
  const held = await findHeld(deps, input, phoneTag, holder);
  if (held) return await resendVerification(installed, { ...input, verification: held, idempotency });
  const caller = { bucket, phoneTag, purpose, ...client, ...traffic };
  const judged = await judgeChallenge(deps, caller, input.captcha, { isNew: true });
  if (!judged.ok) return judged;
  const isTrusted = isAllowed(deps.settings.guard.allow, { phone, ...client, ...traffic });
  return await startNew(deps, {
    purpose,
    locale,
    client,
    bucket,
    phone,
    phoneTags,
    phoneTag,
    traffic,
    isTrusted,
    idempotency,
    testNumber,
    standing: judged.value,
    ...(holder && { holder }),
    ...(backend && { backend }),
    ...ask,
  });
}

/**
 * Counts the send, keeps the verification and sends its code. If the sender refuses, the verification is over and its
 * guesses are free again. What the send counted against stays spent (promise 3), unless another request had its
 * idempotency key.
 */
async function startNew(
  deps: VerificationDeps,
  input: NewVerification,
): Promise<Result<VerificationView, SendRefusal>> {
  const now = deps.clock.now();
  const hold = await refuseOnHold(deps, input.phoneTag, now);
  if (!hold.ok) return hold;
  const id = newVerificationId(deps.random, now);
  const granted = await reserve(deps, input, id, now);
  if (!granted.ok) return granted;
  const verification = await createVerification(deps, input, id, granted.value, now);
  const { record, sms } = await messageFor(deps, verification, input);
  const delivered = await deliver(deps, record, sms);
  if (delivered.ok) return ok(viewOf(verification, input.phone, now));
  await deps.verifications.cancel(id);
  await deps.limits.release(LIMIT_KEYS.guesses(input.phoneTag, input.bucket), leaseMember(id), "all");
  if (delivered.refusal.code === "idempotency_in_progress") await granted.value.takeBack();
  else await deps.limits.forget(guardKeys(input.traffic), [leaseMember(id)]);
  return delivered;
}

/** The live verification of this phone and purpose that this client started before and whose code it may enter. */
async function findHeld(
  deps: VerificationDeps,
  input: StartInput,
  phoneTag: string,
  holder: string | undefined,
): Promise<Verification | undefined> {
  const now = deps.clock.now();
  const { heldId, client, purpose } = input;
  if (heldId && client.browser) {
    const held = await deps.verifications.find(heldId);
    const same = held?.phoneTag === phoneTag && held.purpose === purpose && held.browser === client.browser;
    if (held && same && isLive(held, now)) return held;
  }
  const found = holder && (await deps.verifications.findHeld(holder, phoneTag, purpose, now));
  return found && mayUse(found, client) ? found : undefined;
}

export interface SendAgainInput extends ResendInput {
  readonly locale: Locale;
  /** The user who shows that they are signed in. */
  readonly self?: Self;
}

/** Sends a verification's code again. If it has ended, starts a new one for the same phone and purpose. */
export async function sendAgain(
  deps: VerificationDeps,
  input: SendAgainInput,
): Promise<Result<VerificationView, StartRefusal | "not_found">> {
  const verification = await deps.verifications.find(input.id);
  if (!verification || !mayUse(verification, input.client)) return refuse("not_found");
  if (isLive(verification, deps.clock.now())) return await resendById(deps, input);
  const phone = await deps.vault.open(verification.sealedPhone, verification.id);
  return await startVerification(deps, { ...input, phone, purpose: verification.purpose });
}
