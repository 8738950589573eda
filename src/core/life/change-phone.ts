import type { OwnDeps } from "../account/factors/own.ts";
import { waysFor } from "../account/factors/step-up.ts";
import type { User, UserStore } from "../account/ports.ts";
import type { Locale } from "../locale.ts";
import { workOnEach } from "../maintenance/each.ts";
import type { Piece } from "../maintenance/tick.ts";
import type { Notices } from "../notices/notices.ts";
import { maskPhone, type Phone } from "../phone.ts";
import { countOn } from "../protection/limits/count-event.ts";
import { NOTICE_WINDOWS } from "../protection/notices.ts";
import { ok, type Result, refuse, StaleKeyError, UnavailableError } from "../refusals.ts";
import { sha256 } from "../secrets.ts";
import { KNOWN, type Method } from "../session/methods.ts";
import { type Need, requireRecent, WHOLE_ACCOUNT, withMethods } from "../session/requirements.ts";
import type { Principal } from "../session/session.ts";
import { MINUTE_MS } from "../time.ts";
import type { PhoneVault, TextVault } from "../vault.ts";
import {
  type CheckInput,
  type CheckRefusal,
  type ConvertDeps,
  checkAndConvert,
  type Subject,
} from "../verification/check.ts";
import { userHolder } from "../verification/holder.ts";
import { purposesGiving } from "../verification/purpose.ts";
import { requireTold, type ToldDeps } from "../verification/told.ts";
import type { PhoneChange, PhoneChangeStore } from "./ports.ts";

export interface ChangePhoneDeps extends ConvertDeps, OwnDeps, Pick<ToldDeps, "route"> {
  readonly phoneChanges: PhoneChangeStore;
  readonly users: Pick<UserStore, "find">;
  readonly notices: Notices;
  readonly vault: PhoneVault & TextVault;
  readonly settings: ConvertDeps["settings"] & {
    /** How long a change waits before it takes effect; 0 for not at all. */
    readonly phoneChangeMs: number;
  };
}

/** A user's number, and the one that their account is about to move to. */
export interface PhoneState {
  readonly phone: Phone;
  readonly pending?: {
    /** Masked: the change may have been asked for by somebody else than who reads this. */
    readonly phone: string;
    /** Epoch milliseconds; once it has passed, the next periodic work moves the account. */
    readonly takesEffectAt: number;
  };
}

export interface ChangePhoneInput extends Pick<CheckInput, "verificationId" | "code" | "client"> {
  readonly principal: Principal;
  /** Language of the notices to the former number. */
  readonly locale: Locale;
}

type ChangeRefusal =
  | CheckRefusal
  | "step_up_required"
  | "template_unavailable"
  | "phone_taken"
  | "invalid_token";

/** To move the account takes the former number or a stronger factor. */
const NEED: Need = { ...WHOLE_ACCOUNT, notBy: KNOWN };
const STOP_CODE_BYTES = 12;
const PIECE = 20;
const RETRY_MS = 5 * MINUTE_MS;

/**
 * Whether the session showed lately that the former number, or more, is at hand; a password or recovery code alone is
 * not.
 */
export function mayChangePhone(principal: Principal, now: number): Result<void, "step_up_required"> {
  return requireRecent(principal, NEED, now);
}

/** The methods that raise the session enough for that, or are the first step to it. */
export function waysToChangePhone(
  deps: OwnDeps & Pick<ChangePhoneDeps, "clock">,
  principal: Principal,
): Promise<readonly Method[]> {
  return waysFor(deps, principal, NEED);
}

/**
 * Moves the account to the number that the code went to, after `PHONE_CHANGE_HOURS`. The former number is told at once and
 * can stop it. No account is ever taken over or merged.
 *
 * Refused with `invalid_request` in a session of a test number, with `step_up_required` and the methods that make up for
 * it, with `template_unavailable` where the former number cannot be told, with `too_many_requests` beyond what it may be told of,
 * with `phone_taken` where another account has the number or is about to (told only after the right code), and with
 * `invalid_token` where the session has ended meanwhile.
 */
export async function changePhone(
  deps: ChangePhoneDeps,
  { principal, locale, ...input }: ChangePhoneInput,
): Promise<Result<PhoneState, ChangeRefusal>> {
  const { user, session } = principal;
  // Many may know a test number's code: none of them may take the account to a number of their own.
  if (session.isTest) {
    return refuse("invalid_request", { field: "verificationId", detail: "is not for test numbers" });
  }
  const recent = mayChangePhone(principal, deps.clock.now());
  if (!recent.ok) return withMethods(recent.refusal, await waysToChangePhone(deps, principal));
  const told = await requireTold(deps, user, locale);
  if (!told.ok) return told;
  const mine = { purposes: purposesGiving("number"), holder: userHolder(user.id) };
  const checked = await checkAndConvert(deps, { ...input, ...mine });
  if (!checked.ok) return checked;
  const counted = await countChange(deps, user);
  if (!counted.ok) return counted;
  const stopCode = Buffer.from(deps.random.bytes(STOP_CODE_BYTES)).toString("hex");
  const change = await draftChange(deps, principal, checked.value, { locale, stopCode });
  const isAtOnce = deps.settings.phoneChangeMs === 0;
  const kind = "phone_change_started";
  const notices = isAtOnce ? [] : [await deps.notices.draft(kind, user, { locale, stopCode })];
  const proposed = await deps.phoneChanges.propose(change, notices);
  if (proposed === "taken") return refuse("phone_taken");
  if (proposed === "gone") return refuse("invalid_token");
  await deps.notices.send(...notices);
  if (isAtOnce && (await applyChange(deps, change, deps.clock.now())) === "taken")
    return refuse("phone_taken");
  return await stateOf(deps, user.id);
}

/** No more changes are begun than the former number may be told of: none must take effect while its notice waits. */
async function countChange(
  deps: ChangePhoneDeps,
  { phoneTag }: User,
): Promise<Result<void, "too_many_requests">> {
  const key = `phone_changes:${phoneTag}`;
  return await countOn(deps, [{ name: "phone_changes", key, windows: NOTICE_WINDOWS }]);
}

async function draftChange(
  { clock, random, vault, settings }: ChangePhoneDeps,
  { user, session }: Principal,
  { phone, phoneTag }: Subject,
  { locale, stopCode }: { readonly locale: Locale; readonly stopCode: string },
): Promise<PhoneChange> {
  const now = clock.now();
  const id = random.uuid(now);
  return {
    id,
    userId: user.id,
    sessionId: session.id,
    phoneTag,
    sealedPhone: await vault.seal(phone, id),
    stopHash: sha256(stopCode),
    locale,
    createdAt: now,
    dueAt: now + settings.phoneChangeMs,
  };
}

/** The user's number now, and the one that the account is about to move to. `invalid_token` where the user is gone. */
export async function readPhone(
  deps: ChangePhoneDeps,
  { user }: Principal,
): Promise<Result<PhoneState, "invalid_token">> {
  return await stateOf(deps, user.id);
}

/** Takes the user's pending change back; `not_found` where there is none, `invalid_token` where the session has ended. */
export async function cancelPhoneChange(
  { phoneChanges, clock }: Pick<ChangePhoneDeps, "phoneChanges" | "clock">,
  { user, session }: Principal,
): Promise<Result<void, "invalid_token" | "not_found">> {
  const canceled = await phoneChanges.cancel(user.id, session.id, clock.now());
  if (canceled === "canceled") return ok(undefined);
  return refuse(canceled === "gone" ? "invalid_token" : "not_found");
}

/** Whether this code stops a pending change. It changes nothing, since messengers and scanners open every link. */
export async function isStopCode(
  { phoneChanges }: Pick<ChangePhoneDeps, "phoneChanges">,
  stopCode: string,
): Promise<boolean> {
  return (await phoneChanges.findByStopHash(sha256(stopCode))) !== undefined;
}

/** Stops the change that the former number got this code for, and ends all sessions of the account; else `not_found`. */
export async function stopPhoneChange(
  { phoneChanges, clock }: Pick<ChangePhoneDeps, "phoneChanges" | "clock">,
  stopCode: string,
): Promise<Result<void, "not_found">> {
  return (await phoneChanges.stop(sha256(stopCode), clock.now())) ? ok(undefined) : refuse("not_found");
}

/** Carries out changes that are due at `now`, as one piece of the periodic work; begins with none once its time is over. */
export async function applyDueChanges(deps: ApplyDeps, now: number, isOver: () => boolean): Promise<Piece> {
  const due = await deps.phoneChanges.due(now, PIECE);
  return await workOnEach(due, { most: PIECE, isOver }, (change) => applyOrPutOff(deps, change, now));
}

/** One that fails, such as one that somebody damaged, is tried later: it must not stand before all others for ever. */
async function applyOrPutOff(deps: ApplyDeps, change: PhoneChange, now: number): Promise<void> {
  const putOff = () => deps.phoneChanges.postpone(change.id, now + RETRY_MS);
  try {
    // Its user may be gone. Of one that is over already there is nothing left to put off.
    if ((await applyChange(deps, change, now)) === "gone") await putOff();
  } catch (error) {
    // A tag that no key was ever made for does not become current by itself.
    if (!(error instanceof UnavailableError) || error instanceof StaleKeyError) await putOff();
    throw error;
  }
}

export type ApplyDeps = Pick<ChangePhoneDeps, "phoneChanges" | "users" | "notices" | "vault">;

async function applyChange(
  deps: ApplyDeps,
  change: PhoneChange,
  now: number,
): Promise<"applied" | "taken" | "gone"> {
  const { phoneChanges, users, notices, vault } = deps;
  const user = await users.find(change.userId);
  if (!user) return "gone";
  const phone = await vault.open(change.sealedPhone, change.id);
  const sealedPhone = await vault.seal(phone, user.id);
  const notice = await notices.draft("phone_changed", user, { locale: change.locale });
  const applied = await phoneChanges.apply(change, { sealedPhone, notices: [notice] }, now);
  if (applied === "applied") await notices.send(notice);
  return applied;
}

async function stateOf(
  { users, phoneChanges, vault }: ChangePhoneDeps,
  userId: string,
): Promise<Result<PhoneState, "invalid_token">> {
  const user = await users.find(userId);
  if (!user) return refuse("invalid_token");
  const change = await phoneChanges.find(userId);
  return ok({
    phone: await vault.open(user.sealedPhone, user.id),
    ...(change && {
      pending: {
        phone: maskPhone(await vault.open(change.sealedPhone, change.id)),
        takesEffectAt: change.dueAt,
      },
    }),
  });
}
