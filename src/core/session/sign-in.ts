import { avatarOf } from "../account/avatar.ts";
import { type Caller, identifyCaller } from "../account/device.ts";
import type { SignInDraft, User, UserStore } from "../account/ports.ts";
import { maySignUp, type SignUpDeps } from "../account/sign-up.ts";
import type { MessageStore } from "../delivery/ports.ts";
import type { Observer } from "../observer.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Result, refuse, UnavailableError } from "../refusals.ts";
import type { PhoneVault } from "../vault.ts";
import {
  type CheckDeps,
  type CheckInput,
  type CheckRefusal,
  checkCode,
  type Subject,
} from "../verification/check.ts";
import type { Client } from "../verification/client.ts";
import { purposesGiving, ruleOf } from "../verification/purpose.ts";
import type { Method } from "./methods.ts";
import type { Tokens } from "./ports.ts";
import type { SessionSettings, SignedIn } from "./session.ts";
import { draftSession } from "./session-draft.ts";

/** A first factor that was right. If login protection asks for a second one, the challenge says all of this. */
export interface FirstStep {
  readonly first: Method;
  readonly caller: Caller;
  readonly client: Client;
  /** If it was a test number: the end of its time. */
  readonly testUntil?: number | undefined;
  /** Set if it was a temporary password. */
  readonly mustSetPassword?: true | undefined;
}

export interface SignInDeps extends CheckDeps, SignUpDeps, Pick<Observer, "onRefusedDevice"> {
  readonly vault: CheckDeps["vault"];
  readonly messages: Pick<MessageStore, "convert">;
  readonly users: UserStore;
  readonly tokens: Tokens;
  /** Refuses to open a session of this user, and says what else must be shown. */
  readonly askSecondFactor: (user: User, step: FirstStep) => Promise<Result<never, "second_factor_required">>;
  readonly settings: CheckDeps["settings"] &
    SignUpDeps["settings"] & {
      readonly session: SessionSettings;
      readonly recycled: RecycledSettings;
    };
}

export interface RecycledSettings {
  /** A number that was not used for this long may be somebody else's; 0 for never. */
  readonly unusedMs: number;
  /** Whether accounts with login protection keep their number: their second factor is asked for anyway. */
  readonly sparesProtected: boolean;
}

export interface SignInInput extends Omit<CheckInput, "purposes"> {
  /** The client's `User-Agent`, for the person's own list of sessions. */
  readonly userAgent: string;
}

/**
 * Signs in by the code of a verification; the first time this signs up. Refused as `checkCode` and `signInApproved`
 * are.
 */
export async function signInByCode(
  deps: SignInDeps,
  input: SignInInput,
): Promise<Result<SignedIn, CheckRefusal | "second_factor_required" | "sign_up_closed">> {
  const checked = await checkCode(deps, { purposes: purposesGiving("session"), ...input });
  return checked.ok ? await signInApproved(deps, checked.value, input) : checked;
}

type Entrance = Pick<SignInInput, "client" | "userAgent">;

/**
 * Signs in the person who was just shown to hold this phone, and signs them up if `SIGN_UP` allows it. Refused with
 * `second_factor_required` if login protection asks for more, and with `sign_up_closed` if there is no such user and
 * none may be made.
 */
export async function signInApproved(
  deps: SignInDeps,
  { phone, phoneTag, verification, testNumber }: Subject,
  { client, userAgent }: Entrance,
): Promise<Result<SignedIn, "second_factor_required" | "sign_up_closed">> {
  const caller = await identifyCaller(deps, client.deviceToken, phoneTag);
  const mustSetPassword = ruleOf(verification.purpose).isPassword;
  const step: FirstStep = { first: "sms", caller, client, testUntil: testNumber?.until, mustSetPassword };
  const session = await draftFor(deps, step, userAgent);
  const draft: SignInDraft = {
    session,
    user: await draftUser(deps, phone, phoneTag),
    verificationId: verification.id,
    knownEpoch: caller.knownEpoch,
    ...(caller.bucket === "stranger" && !testNumber && recycledSince(deps)),
  };
  // Test numbers may sign up even if nobody else may: they are for people who review an app.
  const mayCreate = testNumber !== undefined || (await maySignUp(deps, phone));
  const saving = mayCreate ? deps.users.signIn(draft) : deps.users.signInKnown(draft);
  const entered = await saving.catch(failUnsaved);
  if (!entered) {
    await deps.messages.convert(verification.id);
    return refuse("sign_up_closed");
  }
  const { user, opened, created } = entered;
  if (!opened) return await deps.askSecondFactor(user, step);
  return ok({ user, phone, session: { userId: user.id, ...session }, created });
}

/**
 * Opens a session by a first factor other than a code by SMS, or refuses with `second_factor_required`. Undefined if
 * the user is gone by now, has another number, or has ended all sessions, as a change of password does.
 *
 * @param user as they were when the factor was shown
 * @param first the method that was shown and was right
 */
export async function openSession(
  deps: SignInDeps,
  { user, first, client, userAgent }: Entrance & { readonly user: User; readonly first: Method },
): Promise<Result<SignedIn, "second_factor_required"> | undefined> {
  const { id: userId, phoneTag, deviceEpoch: epoch } = user;
  const caller = await identifyCaller(deps, client.deviceToken, phoneTag);
  const step: FirstStep = { first, caller, client };
  const session = { ...(await draftFor(deps, step, userAgent)), userId };
  const entered = await deps.users.enter({ session, phoneTag, epoch, knownEpoch: caller.knownEpoch });
  if (!entered) return undefined;
  if (!entered.opened) return await deps.askSecondFactor(entered.user, step);
  return ok({ user: entered.user, session, created: false });
}

/** The session that a first factor opens if no second one is asked for. */
function draftFor(
  deps: SignInDeps,
  { first, caller: { deviceId }, testUntil, mustSetPassword }: FirstStep,
  userAgent: string,
): Promise<SignInDraft["session"]> {
  return draftSession(deps, userAgent, { amr: [first], deviceId, testUntil, mustSetPassword });
}

/**
 * The time since when an account must have been unused to count as given up. A number that was unused for long may have
 * been given to somebody else. A code shows who holds the number now, not that this is the person of the account (T51);
 * only a known device would show that.
 */
function recycledSince({
  clock,
  settings,
}: SignInDeps): Pick<SignInDraft, "unusedSince" | "sparesProtected"> {
  const { unusedMs, sparesProtected } = settings.recycled;
  return unusedMs === 0 ? {} : { unusedSince: clock.now() - unusedMs, sparesProtected };
}

/** The store of users failed after the code was used up, so another sign-in takes a new code. */
export class UnsavedUserError extends UnavailableError {
  constructor(cause: UnavailableError) {
    super("the store of users", { cause, retryAfterSeconds: cause.retryAfterSeconds });
    this.name = "UnsavedUserError";
  }
}

function failUnsaved(error: unknown): never {
  throw error instanceof UnavailableError ? new UnsavedUserError(error) : error;
}

async function draftUser(
  deps: { readonly clock: Clock; readonly random: Random; readonly vault: PhoneVault },
  phone: Phone,
  phoneTag: string,
): Promise<User> {
  const createdAt = deps.clock.now();
  const id = deps.random.uuid(createdAt);
  const sealedPhone = await deps.vault.seal(phone, id);
  return { id, phoneTag, sealedPhone, name: "", avatar: avatarOf(id), deviceEpoch: 0, createdAt };
}
