import { type Caller, identifyCaller } from "../account/device.ts";
import type { Backend } from "../backend/api-key.ts";
import { deliver } from "../delivery/deliver.ts";
import type { Locale } from "../locale.ts";
import type { CountryCode, Phone } from "../phone.ts";
import type { Captcha } from "../protection/challenges/ports.ts";
import { guardKeys } from "../protection/guard/guard.ts";
import { leaseMember } from "../protection/limits/members.ts";
import { LIMIT_KEYS } from "../protection/limits/table.ts";
import { trafficOf } from "../protection/traffic.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { type Ask, type AskRefusal, judgeAsk } from "./ask.ts";
import { judgeCaller, type UnjudgedCaller } from "./caller.ts";
import type { Client } from "./client.ts";
import { createVerification, type NewVerification } from "./create.ts";
import type { VerificationDeps } from "./deps.ts";
import { holderOf } from "./holder.ts";
import { type ClientIdempotency, hashIdempotencyKey, replay } from "./idempotency.ts";
import { messageFor } from "./message.ts";
import { refuseOnHold } from "./on-hold.ts";
import type { Verification } from "./ports.ts";
import type { Purpose } from "./purpose.ts";
import { type ResendInput, resendFound, resendVerification, type SendRefusal } from "./resend.ts";
import { reserve } from "./reserve.ts";
import { type Routed, routeFor } from "./route.ts";
import { phoneAsked, type Self } from "./self.ts";
import { requireTold } from "./told.ts";
import { isLive, mayUse, newVerificationId, type VerificationView, viewOf } from "./verification.ts";

export interface StartInput extends Ask {
  /** As a person wrote it; may be left out if it is the user's own. */
  readonly phone?: string | undefined;
  /** The country of a number without a calling code, if the person picked one. */
  readonly country?: CountryCode | undefined;
  readonly purpose: Purpose;
  readonly locale: Locale;
  readonly client: Client;
  /** A verification that this client started before and still holds (the pages' cookie). */
  readonly heldId?: string | undefined;
  /** The solution of a challenge. */
  readonly captcha?: Captcha | undefined;
  readonly idempotency?: ClientIdempotency | undefined;
  /** The backend that shows its API key. */
  readonly backend?: Backend | undefined;
  /** The user who shows that they are signed in. */
  readonly self?: Self | undefined;
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
  const read = await readStart(installed, input);
  if (!read.ok) return read;
  const { phone, ask, deps, testNumber } = read.value;
  const { purpose, locale, client, captcha, backend } = input;
  const phoneTags = await deps.vault.tags(phone);
  const [phoneTag] = phoneTags;
  const idempotency = hashIdempotencyKey(input.idempotency, phoneTag, purpose, backend?.client);
  const replayed = await replay(deps, idempotency);
  if (replayed) return replayed;

  const unjudged = await callerOf(deps, input, phone, phoneTag);
  const held = await findHeld(deps, input, unjudged);
  if (held)
    return await resendVerification(installed, { client, captcha, backend, verification: held, idempotency });
  const caller = await judgeCaller(deps, unjudged, { isNew: true });
  if (!caller.ok) return caller;
  return await startNew(deps, {
    caller: caller.value,
    purpose,
    locale,
    phone,
    phoneTags,
    ask,
    browser: client.browser,
    testNumber,
    idempotency,
  });
}

/** What a start asks for, and how its message goes. */
interface Start extends Routed {
  readonly phone: Phone;
  readonly ask: Ask;
}

/** Reads what a start asks for. Refused if it may not be asked for, or if its message cannot go. */
async function readStart(
  installed: VerificationDeps,
  input: StartInput,
): Promise<Result<Start, Exclude<StartRefusal, SendRefusal>>> {
  const ask = judgeAsk(input);
  if (!ask.ok) return ask;
  const phone = await phoneAsked(installed, input);
  if (!phone.ok) return phone;
  const { purpose, locale, self } = input;
  const told =
    self && purpose === "change_phone" ? await requireTold(installed, self.user, locale) : ok(undefined);
  if (!told.ok) return told;
  const { transaction } = ask.value;
  const message = { to: phone.value, purpose, locale, ...(transaction && { transaction }) };
  const routed = routeFor(installed, message);
  return routed.ok ? ok({ phone: phone.value, ask: ask.value, ...routed.value }) : routed;
}

/** Who asks for the message. */
async function callerOf(
  deps: VerificationDeps,
  input: StartInput,
  phone: Phone,
  phoneTag: string,
): Promise<UnjudgedCaller> {
  const { purpose, client, captcha, backend } = input;
  const { bucket, deviceId } = await deviceOf(deps, input, phoneTag);
  const traffic = await trafficOf(deps, phone, client.addressKey);
  const holder = holderOf(input, { deviceId, addressTag: traffic.addressTag });
  return { client, captcha, phone, purpose, phoneTag, bucket, holder, traffic, backend };
}

/** Tells a known device from a stranger. A session is on a known device even if no device token comes with the request. */
async function deviceOf(
  deps: VerificationDeps,
  { self, client }: StartInput,
  phoneTag: string,
): Promise<Caller> {
  if (self?.deviceId && self.user.phoneTag === phoneTag) return { bucket: "device", deviceId: self.deviceId };
  return await identifyCaller(deps, client.deviceToken, phoneTag);
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
  const { caller, phone, ask, testNumber, idempotency } = input;
  const now = deps.clock.now();
  const hold = await refuseOnHold(deps, caller.phoneTag, now);
  if (!hold.ok) return hold;
  const id = newVerificationId(deps.random, now);
  const granted = await reserve(deps, input, id, now);
  if (!granted.ok) return granted;
  const verification = await createVerification(deps, input, id, granted.value, now);
  const parts = { phone, testNumber, transaction: ask.transaction, idempotency };
  const { record, sms } = await messageFor(deps, verification, parts);
  const delivered = await deliver(deps, record, sms);
  if (delivered.ok) return ok(viewOf(verification, phone, now));
  await deps.verifications.cancel(id);
  await deps.limits.release(LIMIT_KEYS.guesses(caller.phoneTag, caller.bucket), leaseMember(id), "all");
  if (delivered.refusal.code === "idempotency_in_progress") await granted.value.takeBack();
  else await deps.limits.forget(guardKeys(caller.traffic), [leaseMember(id)]);
  return delivered;
}

/** The live verification of this phone and purpose that this client started before and whose code it may enter. */
async function findHeld(
  { verifications, clock }: VerificationDeps,
  { heldId, client, purpose }: StartInput,
  { phoneTag, holder }: UnjudgedCaller,
): Promise<Verification | undefined> {
  const now = clock.now();
  if (heldId && client.browser) {
    const held = await verifications.find(heldId);
    const same = held?.phoneTag === phoneTag && held.purpose === purpose && held.browser === client.browser;
    if (held && same && isLive(held, now)) return held;
  }
  const found = holder && (await verifications.findHeld(holder, phoneTag, purpose, now));
  return found && mayUse(found, client) ? found : undefined;
}

export interface ResendOrStartInput extends ResendInput {
  readonly locale: Locale;
}

/** Sends a verification's code again. If it has ended, starts a new one for the same phone and purpose. */
export async function resendOrStart(
  deps: VerificationDeps,
  input: ResendOrStartInput,
): Promise<Result<VerificationView, StartRefusal | "not_found">> {
  const verification = await deps.verifications.find(input.id);
  if (!verification || !mayUse(verification, input.client)) return refuse("not_found");
  if (isLive(verification, deps.clock.now())) return await resendFound(deps, verification, input);
  const phone = await deps.vault.open(verification.sealedPhone, verification.id);
  return await startVerification(deps, { ...input, phone, purpose: verification.purpose });
}
