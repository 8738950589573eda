import { levelOf, type Method } from "../../session/methods.ts";
import type { Session } from "../../session/ports.ts";
import { SENSITIVE } from "../../session/requirements.ts";
import type { LoginProtection, User } from "../ports.ts";
import type { Factor, FactorStore, PasswordFactor } from "./ports.ts";

export interface OwnDeps {
  readonly factorStore: Pick<FactorStore, "list" | "countRecoveryCodes">;
  /** Absent if users have no passwords. */
  readonly passwords?: PasswordFactor;
}

/** What users see of how their account is kept safe. */
export interface Protection {
  readonly loginProtection: LoginProtection | undefined;
  readonly factors: readonly Factor[];
  readonly recoveryCodesLeft: number;
}

/** Looks up how a user's account is kept safe. */
export async function protectionOf({ factorStore }: OwnDeps, user: User): Promise<Protection> {
  return {
    loginProtection: user.loginProtection,
    factors: await factorStore.list(user.id),
    recoveryCodesLeft: await factorStore.countRecoveryCodes(user.id),
  };
}

/** What a user can show beside a code by SMS. */
export interface Own {
  /**
   * Methods that somebody who gets the number does not get with it: an app, passkeys and, beside either, recovery
   * codes.
   */
  readonly strong: readonly Method[];
  /** From when on the password counts beside a code by SMS; absent if the user has none. */
  readonly passwordSureFrom?: number;
}

/** Looks up what a user can show beside a code by SMS. */
export async function ownOf({ factorStore, passwords }: OwnDeps, userId: string): Promise<Own> {
  const factors = await factorStore.list(userId);
  const password = await passwords?.of(userId);
  const hasCodes = factors.length > 0 && (await factorStore.countRecoveryCodes(userId)) > 0;
  const has = (kind: "totp" | "passkey") => factors.some((factor) => factor.kind === kind);
  const strong: Method[] = [];
  if (has("totp")) strong.push("otp");
  if (has("passkey")) strong.push("pop");
  if (hasCodes) strong.push("recovery");
  return { strong, ...(password && { passwordSureFrom: password.sureFrom }) };
}

/**
 * The methods that count as a second factor beside `first`. The same phone never counts twice: beside a code by SMS
 * these are an app, a passkey and recovery codes. The password counts beside it only if the user has none of them, and
 * only if no code by SMS set it within the last day.
 */
export function secondBeside(first: Method, own: Own, now: number): readonly Method[] {
  const isSure = own.passwordSureFrom !== undefined && own.passwordSureFrom <= now;
  if (first === "pwd") return isSure ? [...own.strong, "sms"] : own.strong;
  if (own.strong.length > 0) return own.strong;
  return isSure ? ["pwd"] : [];
}

/** The methods that raise a session to the level its user needs, or renew that level. */
export function raisedBy(user: User, session: Session, own: Own, now: number): readonly Method[] {
  const { amr } = session;
  if (user.loginProtection) {
    // In a session of two factors the phone counts only beside a password that was shown anew within the last minutes.
    const isBesidePassword = levelOf(amr) === 1 ? !amr.includes("sms") : isPasswordNew(session, now);
    return secondBeside(isBesidePassword ? "pwd" : "sms", own, now);
  }
  if (own.passwordSureFrom === undefined) return ["sms", ...own.strong];
  if (own.passwordSureFrom <= now) return ["sms", "pwd", ...own.strong];
  // A password that a code by SMS set today stands for the same phone: neither shows anything beside the other.
  return [amr.includes("pwd") ? "pwd" : "sms", ...own.strong];
}

function isPasswordNew({ amr, authTime }: Session, now: number): boolean {
  return amr.at(-1) === "pwd" && now - authTime <= SENSITIVE.withinMs;
}
