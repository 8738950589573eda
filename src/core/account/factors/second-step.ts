import type { Locale } from "../../locale.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import { findOpen } from "../../session/authenticate.ts";
import type { Method } from "../../session/methods.ts";
import type { TokenClaims, Tokens } from "../../session/ports.ts";
import type { SignedIn } from "../../session/session.ts";
import { type DraftDeps, draftSession } from "../../session/session-draft.ts";
import type { FirstStep } from "../../session/sign-in.ts";
import { MINUTE_MS } from "../../time.ts";
import type { Client } from "../../verification/client.ts";
import type { Self } from "../../verification/self.ts";
import { type Caller, type DeviceDeps, identifyCaller } from "../device.ts";
import type { User, UserStore } from "../ports.ts";
import type { Evidence } from "./evidence.ts";
import { type OwnDeps, ownOf, secondBeside } from "./own.ts";
import { askForPasskey } from "./passkey.ts";
import type { PasskeyOptions, PasskeySite } from "./ports.ts";
import { type ProveDeps, type ProveRefusal, proveFactor } from "./prove.ts";

/** How long the person has for the second step. */
const CHALLENGE_MS = 10 * MINUTE_MS;

export interface AskSecondDeps extends OwnDeps, DraftDeps {
  readonly tokens: Tokens;
}

/**
 * Refuses to open a session, and says what else must be shown. The challenge names the user, the first factor, the
 * device, and the session that it may open, once.
 */
export async function askSecondFactor(
  deps: AskSecondDeps,
  user: User,
  { first, caller, client, testUntil, mustSetPassword }: FirstStep,
): Promise<Result<never, "second_factor_required">> {
  const now = deps.clock.now();
  const own = await ownOf(deps, user.id);
  const methods = secondBeside(first, own, now);
  const claims: TokenClaims["second_factor"] = {
    sid: deps.random.uuid(now),
    sub: user.id,
    first,
    epoch: user.deviceEpoch,
    ...(caller.deviceId && { did: caller.deviceId }),
    ...(client.browser && { browser: client.browser }),
    ...(testUntil !== undefined && { testUntil }),
    ...(mustSetPassword && { mustSetPassword }),
  };
  const expiresAt = now + CHALLENGE_MS;
  const challenge = await deps.tokens.issue("second_factor", claims, { issuedAt: now, expiresAt });
  const later = methods.length === 0 && own.passwordSureFrom;
  return refuse("second_factor_required", {
    secondFactor: { challenge, methods },
    ...(later && { retryAfterSeconds: Math.ceil((later - now) / 1_000) }),
  });
}

export interface SecondDeps extends ProveDeps, DeviceDeps {
  readonly settings: ProveDeps["settings"] & AskSecondDeps["settings"];
  readonly users: UserStore;
}

export interface SecondInput {
  /** The challenge in the refusal of the first step. */
  readonly challenge: string;
  readonly client: Client;
}

/** A sign-in between its two steps. */
interface SecondStep {
  readonly user: User;
  readonly caller: Caller;
  readonly claims: TokenClaims["second_factor"];
}

/**
 * Reads a challenge. It is good only while the user's device epoch is the same, and only from the device and the
 * browser of the first step.
 */
async function readChallenge(
  deps: DeviceDeps,
  { challenge, client }: SecondInput,
): Promise<Result<SecondStep, "invalid_challenge">> {
  const claims = await deps.tokens.read("second_factor", challenge, deps.clock.now());
  const user = claims && (await deps.users.find(claims.sub));
  if (!claims || user?.deviceEpoch !== claims.epoch) return refuse("invalid_challenge");
  const caller = await identifyCaller(deps, client.deviceToken, user.phoneTag);
  const isSame = caller.deviceId === claims.did && client.browser === claims.browser;
  return isSame ? ok({ user, caller, claims }) : refuse("invalid_challenge");
}

/** The user of a challenge, for a code to their own phone as the second factor. */
export async function selfOfChallenge(
  deps: SecondDeps,
  input: SecondInput,
): Promise<Result<Self, "invalid_challenge">> {
  const step = await readChallenge(deps, input);
  if (!step.ok) return step;
  const { user, caller } = step.value;
  return ok({ user, ...(caller.deviceId && { deviceId: caller.deviceId }) });
}

/** The methods that count beside the first factor of a sign-in. */
export async function methodsOfChallenge(
  deps: SecondDeps,
  input: SecondInput,
): Promise<Result<readonly Method[], "invalid_challenge">> {
  const step = await readChallenge(deps, input);
  if (!step.ok) return step;
  const { user, claims } = step.value;
  return ok(secondBeside(claims.first, await ownOf(deps, user.id), deps.clock.now()));
}

/** The options by which a browser signs with a passkey for the second step. */
export async function askForSignIn(
  deps: SecondDeps,
  { site, ...input }: SecondInput & { readonly site: PasskeySite },
): Promise<Result<PasskeyOptions["options"], "invalid_challenge" | "not_found" | "too_many_requests">> {
  const step = await readChallenge(deps, input);
  if (!step.ok) return step;
  const { user, caller } = step.value;
  return await askForPasskey(deps, { user, boundTo: boundTo(step.value), site, bucket: caller.bucket });
}

function boundTo({ claims }: SecondStep): string {
  return `sign-in:${claims.sid}`;
}

/**
 * Whether the session that a challenge is for is open. Then a factor that is shown once more, by a second click, is no
 * mistake.
 */
export async function isFinished(
  deps: SecondDeps & Parameters<typeof findOpen>[0],
  input: SecondInput,
): Promise<boolean> {
  const step = await readChallenge(deps, input);
  return step.ok && (await findOpen(deps, step.value.claims.sid)) !== undefined;
}

export interface FinishInput extends SecondInput {
  readonly evidence: Evidence;
  readonly site: PasskeySite;
  readonly locale: Locale;
  readonly userAgent: string;
}

/** Opens the session that a challenge is for, by a second factor. Of several uses of a challenge one opens it. */
export async function finishSignIn(
  deps: SecondDeps,
  input: FinishInput,
): Promise<Result<SignedIn, ProveRefusal | "invalid_challenge">> {
  const step = await readChallenge(deps, input);
  if (!step.ok) return step;
  const { user, caller, claims } = step.value;
  const methods = secondBeside(claims.first, await ownOf(deps, user.id), deps.clock.now());
  const shown = { ...input, user, methods, bucket: caller.bucket, boundTo: boundTo(step.value) };
  const proven = await proveFactor(deps, shown);
  if (!proven.ok) return proven;
  const { sid: id, did: deviceId, epoch, first, testUntil, mustSetPassword } = claims;
  const amr = [first, input.evidence.by];
  const traits = { id, amr, deviceId, testUntil, mustSetPassword };
  const draft = await draftSession(deps, input.userAgent, traits);
  const session = { ...draft, userId: user.id };
  const entered = await deps.users.enter({ session, epoch, knownEpoch: caller.knownEpoch });
  return entered?.opened ? ok({ user: entered.user, session, created: false }) : refuse("invalid_challenge");
}
