import { identifyCaller } from "../account/device.ts";
import { type CountryCode, type PhonePolicy, parsePhone } from "../phone.ts";
import {
  type ChallengeCaller,
  type ChallengeRefusal,
  captchaRequired,
  type JudgeDeps,
  judgeChallenge,
  type Standing,
} from "../protection/challenges/judge.ts";
import type { Captcha } from "../protection/challenges/ports.ts";
import { admitKnownDevice, countGuess } from "../protection/guesses.ts";
import { countOn } from "../protection/limits/count-event.ts";
import { trafficOf } from "../protection/traffic.ts";
import { type Refusal, type Result, refuse } from "../refusals.ts";
import type { SignedIn } from "../session/session.ts";
import { openSession, type SignInDeps } from "../session/sign-in.ts";
import type { Client } from "../verification/client.ts";
import { type CompareDeps, type CompareRefusal, comparePassword } from "./compare.ts";

export interface PasswordSignInDeps extends CompareDeps, SignInDeps, JudgeDeps {
  readonly vault: CompareDeps["vault"] & SignInDeps["vault"];
  readonly clock: SignInDeps["clock"];
  readonly random: SignInDeps["random"];
  readonly limits: SignInDeps["limits"];
  readonly settings: SignInDeps["settings"] & { readonly phones: PhonePolicy };
}

export interface PasswordSignInInput {
  /** As a person wrote it. */
  readonly phone: string;
  readonly country?: CountryCode | undefined;
  readonly password: string;
  readonly captcha?: Captcha | undefined;
  readonly client: Client;
  readonly userAgent: string;
}

type PasswordSignInRefusal =
  | "invalid_phone"
  | "country_not_allowed"
  | "phone_not_mobile"
  | CompareRefusal
  | "second_factor_required"
  | ChallengeRefusal;

/**
 * Signs in by phone and password. Until the password was right, refusals depend on the number that was typed and on who
 * calls, never on whether the number has a user (promise 6). `invalid_credentials` means that the number has no user,
 * that the user has no password, or that the password is wrong.
 */
export async function signInByPassword(
  deps: PasswordSignInDeps,
  { client, captcha, password, userAgent, ...typed }: PasswordSignInInput,
): Promise<Result<SignedIn, PasswordSignInRefusal>> {
  const parsed = parsePhone(typed.phone, deps.settings.phones, typed.country);
  if (!parsed.ok) return parsed;
  const phone = parsed.value;
  const counted = await countGuess(deps, client.addressKey);
  const phoneTag = await deps.vault.tag(phone);
  const { bucket } = await identifyCaller(deps, client.deviceToken, phoneTag);
  const admitted = await admitKnownDevice(deps, counted, { bucket, phoneTag });
  if (!admitted.ok) return admitted;
  const traffic = await trafficOf(deps, phone, client.addressKey);
  const caller = { bucket, phoneTag, purpose: "sign_in", ...client, ...traffic };
  const standing = await standingOf(deps, caller, captcha);
  if (!standing.ok) return standing;
  const isUnsolved = standing.value.name === "unsolved";
  const compared = await comparePassword(deps, { phone, password, bucket, isUnsolved });
  if (!compared.ok) return withKinds(deps, compared);
  const { user } = compared.value;
  const opened = await openSession(deps, { user, first: "pwd", client, userAgent });
  return opened ?? refuse("invalid_credentials");
}

/** Judges the challenge that a stranger solved, and uses the solution up. */
async function standingOf(
  deps: PasswordSignInDeps,
  caller: ChallengeCaller,
  captcha: Captcha | undefined,
): Promise<Result<Standing, ChallengeRefusal>> {
  const judged = await judgeChallenge(deps, caller, captcha, { isNew: true });
  if (!judged.ok || judged.value.name !== "solved") return judged;
  const used = await countOn(deps, judged.value.limits);
  return used.ok ? judged : withKinds(deps, refuse("captcha_required"));
}

/** Names the kinds of challenges that are accepted, if the refusal asks for one. */
function withKinds<C extends CompareRefusal>(
  { challenges }: Pick<JudgeDeps, "challenges">,
  refused: { readonly ok: false; readonly refusal: Refusal<C> },
): { readonly ok: false; readonly refusal: Refusal<C | "captcha_required"> } {
  const isAsked = challenges && refused.refusal.code === "captcha_required";
  return isAsked ? captchaRequired(challenges) : refused;
}
