import type { Clock, Random } from "../../ports.ts";
import { tooMany } from "../../protection/limits/count-event.ts";
import type { Bucket, Window } from "../../protection/limits/ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import { DAY_MS, HOUR_MS } from "../../time.ts";
import type { TextVault } from "../../vault.ts";
import { normalizeCode } from "../../verification/code.ts";
import type { User } from "../ports.ts";
import type { AppCode } from "./evidence.ts";
import type { AppFactor, AppGuess, FactorStore, Totp } from "./ports.ts";

/**
 * How many wrong codes of apps a user's known devices may enter. Strangers who have shown another factor before may
 * enter as many. Three codes are right at any time, so one guess in 333 333 is right: somebody who has the other factor
 * gets in by guessing once in 11 111 months.
 */
const GUESS_WINDOWS: readonly Window[] = [
  { max: 5, windowMs: HOUR_MS },
  { max: 30, windowMs: 30 * DAY_MS },
];

export interface AppDeps {
  readonly factorStore: Pick<FactorStore, "list" | "guess">;
  readonly vault: TextVault;
  readonly totp: Totp;
  readonly clock: Clock;
  readonly random: Random;
}

/** Checks a code of one of the user's apps. Each code is right once, whichever process checks it (RFC 6238, 5.2). */
export async function checkAppCode(
  deps: AppDeps,
  { user, bucket }: { readonly user: User; readonly bucket: Bucket },
  { code }: AppCode,
): Promise<Result<void, "invalid_request" | "invalid_code" | "too_many_requests">> {
  const typed = normalizeAppCode(code);
  if (!typed) return refuse("invalid_request", { field: "totp", detail: "must be 6 digits" });
  const now = deps.clock.now();
  const right = await findStep(deps, user.id, typed, now);
  const failureId = deps.random.uuid(now);
  const guess = { userId: user.id, bucket, right, windows: GUESS_WINDOWS, failureId };
  const outcome = await deps.factorStore.guess(guess, now);
  if (outcome.is === "spent") return tooMany(outcome.freeAt, now);
  return outcome.is === "right" ? ok(undefined) : refuse("invalid_code");
}

/** Whether it is a code of one of the user's apps at this time, used or unused. Counts no guess. */
export async function isAppCode(deps: AppDeps, user: User, { code }: AppCode): Promise<boolean> {
  const typed = normalizeAppCode(code);
  return typed !== undefined && (await findStep(deps, user.id, typed, deps.clock.now())) !== undefined;
}

/** A typed code of an app as six digits; undefined for anything else. */
export function normalizeAppCode(typed: string): string | undefined {
  const code = normalizeCode(typed);
  return code?.length === 6 ? code : undefined;
}

async function findStep(
  deps: AppDeps,
  userId: string,
  code: string,
  now: number,
): Promise<AppGuess["right"]> {
  const factors = await deps.factorStore.list(userId);
  for (const factor of factors) {
    const step = factor.kind === "totp" ? await stepOf(deps, factor, code, now) : undefined;
    if (step !== undefined) return { factorId: factor.id, step };
  }
  return undefined;
}

/** The time step of this app that the code belongs to; undefined if it belongs to none. */
export async function stepOf(
  { vault, totp }: Pick<AppDeps, "vault" | "totp">,
  { id, sealedSecret }: AppFactor,
  code: string,
  now: number,
): Promise<number | undefined> {
  return totp.stepOf(await vault.openText(sealedSecret, id), code, now);
}
