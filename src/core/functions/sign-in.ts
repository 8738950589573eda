import type { Locale } from "../locale.ts";
import type { Phone } from "../phone.ts";
import type { Captcha } from "../protection/challenges/ports.ts";
import { countGuess } from "../protection/guesses.ts";
import { addressTagOf } from "../protection/traffic.ts";
import { type Result, refuse } from "../refusals.ts";
import type { SignedIn } from "../session/session.ts";
import { type SignInDeps, signInApproved } from "../session/sign-in.ts";
import { findLive, guessCode, type Subject } from "../verification/check.ts";
import type { Client } from "../verification/client.ts";
import { normalizeCode } from "../verification/code.ts";
import type { VerificationDeps } from "../verification/deps.ts";
import { holderOf } from "../verification/holder.ts";
import { type StartRefusal, startVerification } from "../verification/start.ts";
import { mayUse, type VerificationView } from "../verification/verification.ts";
import { type Told, tell } from "./reason.ts";

const PURPOSE = "sign_in";
/** What the id of a verification looks like: 16 bytes in base64url. Nothing else is looked up. */
const SESSION_ID = /^[\w-]{22}$/;

export interface FunctionsStart {
  readonly phone: Phone;
  readonly locale: Locale;
  readonly from: From;
  readonly captcha?: Captcha | undefined;
}

/** Where a call comes from: all that this door knows of who calls. */
type From = Pick<Client, "address" | "addressKey">;

/** Sends a code. A client whose address still holds a live verification of this phone gets that one sent again. */
export async function startByFunctions(
  deps: VerificationDeps,
  { from, ...input }: FunctionsStart,
): Promise<Result<VerificationView, StartRefusal>> {
  return await startVerification(deps, { ...input, purpose: PURPOSE, client: clientOf(from) });
}

export interface FunctionsSignIn {
  readonly phone: Phone;
  /** As a person typed it. */
  readonly code: string;
  /** The id of the verification, as the client has it. */
  readonly sessionId: string;
  readonly from: From;
  readonly userAgent: string;
}

/**
 * Signs in by phone, code and the id of the verification; the first time this signs up.
 *
 * Every call counts for the client's address, before anything is looked up. Only the right id leads to a guess: without
 * it nobody uses up the guesses at somebody else's code. Only the address that started the verification is told
 * whether the code or the id was wrong; all others are told that there is no verification.
 */
export async function signInByFunctions(
  deps: SignInDeps,
  { phone, code, sessionId, from, userAgent }: FunctionsSignIn,
): Promise<Told<SignedIn, "too_many_requests" | "sign_up_closed">> {
  const client = clientOf(from);
  const counted = await countGuess(deps, client.addressKey);
  if (!counted.ok) return counted;
  const phoneTag = await deps.vault.tag(phone);
  const subject = await findSubject(deps, sessionId, phoneTag, client);
  if (!subject) {
    deps.onGuess("dead");
    return tell((await holds(deps, phoneTag, client)) ? "other_session_id" : "no_verification");
  }

  const outcome = await guess(deps, subject, code, client);
  if (outcome === "approved") {
    const signedIn = await signInApproved(deps, subject, { client, userAgent });
    if (signedIn.ok) return signedIn;
    // Clients of this API know no second step.
    return signedIn.refusal.code === "sign_up_closed" ? refuse("sign_up_closed") : tell("protected");
  }
  const isStarter = subject.verification.holder === (await holderAt(deps, client));
  return tell(outcome === "wrong" && isStarter ? "wrong_code" : "no_verification");
}

/**
 * Clients of this API keep no device token, so they are strangers and hold verifications by their address. They can solve
 * the challenge that the tutorial recommends, and no other.
 */
function clientOf(from: From): Client {
  return { ...from, holdsByAddress: true, solves: ["tencent"] };
}

/** The live verification with this id, if it is one for signing in to this phone. */
async function findSubject(
  deps: SignInDeps,
  sessionId: string,
  phoneTag: string,
  client: Client,
): Promise<Subject | undefined> {
  const subject = SESSION_ID.test(sessionId) ? await findLive(deps, sessionId) : undefined;
  const fits = subject?.phoneTag === phoneTag && subject.verification.purpose === PURPOSE;
  return fits && mayUse(subject.verification, client) ? subject : undefined;
}

async function holderAt(deps: SignInDeps, client: Client): Promise<string | undefined> {
  const { addressKey } = client;
  const addressTag = addressKey && (await addressTagOf(deps, addressKey));
  return holderOf({ client, purpose: PURPOSE }, { addressTag });
}

/** Whether this client's address started a verification of the phone that is still live. */
async function holds(deps: SignInDeps, phoneTag: string, client: Client): Promise<boolean> {
  const holder = await holderAt(deps, client);
  if (!holder) return false;
  return (await deps.verifications.findHeld(holder, phoneTag, PURPOSE, deps.clock.now())) !== undefined;
}

/** A text that cannot be a code is wrong, and costs no guess (decision 0008). */
async function guess(deps: SignInDeps, subject: Subject, typed: string, client: Client) {
  const code = normalizeCode(typed);
  return code ? await guessCode(deps, subject, { code }, { purposes: [PURPOSE], client }) : "wrong";
}
