import { avatarOf } from "../account/avatar.ts";
import { identifyCaller } from "../account/device.ts";
import type { Session, User, UserStore } from "../account/ports.ts";
import type { Keyring } from "../keys.ts";
import type { Observer } from "../observer.ts";
import type { Phone } from "../phone.ts";
import type { Clock, Random } from "../ports.ts";
import { ok, type Result, UnavailableError } from "../refusals.ts";
import {
  type CheckDeps,
  type CheckInput,
  type CheckRefusal,
  checkCode,
  type Subject,
} from "../verification/check.ts";
import type { PhoneVault } from "../verification/ports.ts";
import { purposesGiving, ruleOf } from "../verification/purpose.ts";
import type { Method } from "./methods.ts";
import type { Tokens } from "./ports.ts";
import type { SessionSettings } from "./session.ts";

export interface SignInDeps extends CheckDeps, Pick<Observer, "onRefusedDevice"> {
  readonly users: UserStore;
  readonly tokens: Tokens;
  readonly settings: CheckDeps["settings"] & { readonly session: SessionSettings };
}

export interface SignInInput extends Omit<CheckInput, "purposes"> {
  /** The client's `User-Agent`, for the person's own list of sessions. */
  readonly userAgent: string;
}

/** A person who has just signed in. */
export interface SignedIn {
  readonly user: User;
  readonly session: Session;
  /** Whether this was the first sign-in, which made the user. */
  readonly created: boolean;
}

/** Signs in by the code of a verification for that; the first time this signs up. */
export async function signInByCode(
  deps: SignInDeps,
  input: SignInInput,
): Promise<Result<SignedIn, CheckRefusal>> {
  const checked = await checkCode(deps, { ...input, purposes: purposesGiving("session") });
  return checked.ok ? ok(await signInApproved(deps, checked.value, input)) : checked;
}

/** Signs in the person who was just shown to hold this phone. */
export async function signInApproved(
  deps: SignInDeps,
  { phone, phoneTag, verification, testNumber }: Subject,
  input: Pick<SignInInput, "client" | "userAgent">,
): Promise<SignedIn> {
  const caller = await identifyCaller(deps, input.client.deviceToken, phoneTag);
  const draft = await draftSession(deps, input.userAgent, {
    ...caller,
    testUntil: testNumber?.until,
    amr: ["sms"],
    mustSetPassword: ruleOf(verification.purpose).isPassword === true,
  });
  const user = await draftUser(deps, phone, phoneTag);
  const saving = deps.users.signIn({ user, session: draft, verificationId: verification.id });
  const signedIn = await saving.catch(failUnsaved);
  const session = { ...draft, userId: signedIn.user.id };
  return { ...signedIn, session };
}

/** The code was right and is used up, and yet nobody is signed in: it takes a new one. */
export class UnsavedUserError extends UnavailableError {
  constructor(cause: UnavailableError) {
    super("the store of users", { cause, retryAfterSeconds: cause.retryAfterSeconds });
    this.name = "UnsavedUserError";
  }
}

function failUnsaved(error: unknown): never {
  throw error instanceof UnavailableError ? new UnsavedUserError(error) : error;
}

interface DraftDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly keyring: Keyring;
  readonly settings: { readonly session: SessionSettings };
}

interface SessionTraits {
  /** How the person showed who they are, and when, if not now. */
  readonly amr: readonly Method[];
  readonly authTime?: number;
  /** The known device that it runs on; without one it makes a device known. */
  readonly deviceId?: string;
  /** Set on one that a test number opens: the end of that number's time, and so the session's at the latest. */
  readonly testUntil?: number | undefined;
  /** Whether a temporary password opens it. */
  readonly mustSetPassword?: boolean;
}

/** A session that begins now. Its user agent is kept in at most 256 printable characters. */
export async function draftSession(
  deps: DraftDeps,
  userAgent: string,
  { amr, authTime, deviceId, testUntil = Number.POSITIVE_INFINITY, mustSetPassword = false }: SessionTraits,
): Promise<Omit<Session, "userId">> {
  const now = deps.clock.now();
  const id = deps.random.uuid(now);
  return {
    id,
    deviceId: deviceId ?? id,
    generation: 0,
    rotatedAt: now,
    refreshKeyId: (await deps.keyring.current("refresh")).id,
    userAgent: userAgent.replace(/[^\x20-\x7e]/g, "").slice(0, 256),
    amr,
    authTime: authTime ?? now,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: Math.min(now + deps.settings.session.sessionMs, testUntil),
    ...(Number.isFinite(testUntil) && { isTest: true as const }),
    ...(mustSetPassword && { mustSetPassword: true as const }),
  };
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
