import { maskPhone } from "../../phone.ts";
import type { Clock, Random } from "../../ports.ts";
import { ok, type Result, refuse } from "../../refusals.ts";
import { KNOWN, type Method } from "../../session/methods.ts";
import type { Principal } from "../../session/session.ts";
import { type Need, requireRecent, SENSITIVE, withMethods } from "../../session/step-up.ts";
import type { Locale } from "../../verification/ports.ts";
import type { LoginProtection, SessionStore } from "../ports.ts";
import { isName } from "../profile.ts";
import { normalizeAppCode, stepOf } from "./app.ts";
import { protectionOf } from "./own.ts";
import { askForPasskey, countAsk, keepChallenge, passkeysOf } from "./passkey.ts";
import type { PasskeyAnswer, PasskeyOptions, PasskeySite } from "./ports.ts";
import type { ProveDeps } from "./prove.ts";
import { renewRecoveryCodes } from "./recovery.ts";
import { waysFor, waysToRaise } from "./step-up.ts";

export interface FactorsDeps extends ProveDeps {
  readonly sessions: Pick<SessionStore, "stepUp">;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: ProveDeps["settings"] & { readonly brandName: string };
}

/** With a password or a recovery code alone nobody brings a factor of their own, which would count for more than either. */
const ADDING: Need = { ...SENSITIVE, notBy: KNOWN };
const PROTECTING: Need = { ...SENSITIVE, level: 2 };
/** How long a proposed app waits for its first code. */
const PROPOSED_MS = 1_800_000;
const MOST_FACTORS = 10;

/** A secret for an authenticator app, and the same as what the app reads from a QR code. */
export interface ProposedApp {
  readonly id: string;
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
}

type Refused = "step_up_required" | "invalid_request" | "invalid_token";

interface Actor {
  readonly principal: Principal;
  readonly locale: Locale;
}

/** What users do with their second factors and their login protection; everything but reading takes a recent step-up. */
export function createFactors(deps: FactorsDeps) {
  const adding = async (principal: Principal) => {
    const may = requireRecent(principal, ADDING, deps.clock.now());
    return may.ok ? may : withMethods(may.refusal, await waysFor(deps, principal, ADDING));
  };
  const waysToProtect = (principal: Principal) => waysFor(deps, principal, PROTECTING);
  return {
    read: ({ user }: Principal) => protectionOf(deps, user),
    /** What raises the session to the level that login protection asks for. */
    waysToProtect,
    /** What raises the session enough to add a factor, or to that level. */
    async waysToChange(principal: Principal): Promise<readonly Method[]> {
      const adding = await waysFor(deps, principal, ADDING);
      const all = await waysToRaise(deps, principal);
      const { amr } = principal.session;
      return all.filter((way) => adding.includes(way) || (way === "pwd" && !amr.includes(way)));
    },
    secretOf: (principal: Principal, id: string) => readProposed(deps, principal, id),
    async proposeApp(
      principal: Principal,
      label = "",
    ): Promise<Result<ProposedApp, Refused | "too_many_factors">> {
      const may = await adding(principal);
      return may.ok ? await proposeApp(deps, principal, label) : may;
    },
    async confirmApp(input: Actor & { readonly id: string; readonly code: string }) {
      const may = await adding(input.principal);
      return may.ok ? await confirmApp(deps, input) : may;
    },
    async passkeyOptions(principal: Principal, site: PasskeySite) {
      const may = await adding(principal);
      return may.ok ? await passkeyOptions(deps, principal, site) : may;
    },
    async addPasskey(input: NewPasskey) {
      const may = await adding(input.principal);
      return may.ok ? await addPasskey(deps, input) : may;
    },
    async renewCodes({
      principal,
      locale,
    }: Actor): Promise<
      Result<readonly string[], "step_up_required" | "invalid_token" | "factor_missing" | "too_many_requests">
    > {
      const may = await adding(principal);
      if (!may.ok) return may;
      const factors = await deps.factorStore.list(principal.user.id);
      if (factors.length === 0) return refuse("factor_missing");
      return await renewRecoveryCodes(deps, principal, locale);
    },
    async remove(input: Actor & { readonly id: string }) {
      const may = requireRecent(input.principal, SENSITIVE, deps.clock.now());
      return may.ok ? await removeFactor(deps, input) : may;
    },
    async protect(input: Actor & { readonly when: LoginProtection | undefined }) {
      const { principal, when } = input;
      if (!when && !principal.user.loginProtection) return ok(undefined);
      // Whoever turns it on shows that they can sign in with it.
      const may = requireRecent(principal, PROTECTING, deps.clock.now());
      if (may.ok) return await setProtection(deps, input);
      const ways = await waysToProtect(principal);
      // Nobody is asked again and again for a second factor that they do not have. Where it is on, none can be added, either.
      const isMissing = ways.length === 0 && !principal.user.loginProtection;
      return isMissing ? refuse("factor_missing") : withMethods(may.refusal, ways);
    },
    /** What a browser is to sign with a passkey to raise this session. */
    askForPasskey: ({ user, session }: Principal, site: PasskeySite) =>
      askForPasskey(deps, { user, boundTo: `session:${session.id}`, site, bucket: "device" }),
  };
}

async function proposeApp(
  deps: FactorsDeps,
  { user, session }: Principal,
  label: string,
): Promise<Result<ProposedApp, "invalid_request" | "invalid_token" | "too_many_factors">> {
  const fits = await refuseFactor(deps, user.id, label);
  if (!fits.ok) return fits;
  const createdAt = deps.clock.now();
  const id = deps.random.uuid(createdAt);
  const secret = deps.totp.newSecret();
  const sealedSecret = await deps.vault.sealText(secret, id);
  const app = { id, userId: user.id, kind: "totp", label, createdAt, sealedSecret } as const;
  if ((await deps.factorStore.propose(app, session.id)) === "ended") return refuse("invalid_token");
  return ok({ id, secret, uri: await uriOf(deps, user, secret) });
}

/** The app that waits for its first code, for the page that shows its QR code. */
async function readProposed(
  deps: FactorsDeps,
  { user }: Principal,
  id: string,
): Promise<Result<ProposedApp, "not_found">> {
  const app = await deps.factorStore.findProposed(user.id, id);
  if (!app || deps.clock.now() >= app.createdAt + PROPOSED_MS) return refuse("not_found");
  const secret = await deps.vault.openText(app.sealedSecret, app.id);
  return ok({ id, secret, uri: await uriOf(deps, user, secret) });
}

async function uriOf(deps: FactorsDeps, user: Principal["user"], secret: string): Promise<string> {
  return deps.totp.uri(secret, { issuer: deps.settings.brandName, account: await accountName(deps, user) });
}

async function confirmApp(
  deps: FactorsDeps,
  { principal, id, code, locale }: Actor & { readonly id: string; readonly code: string },
): Promise<Result<void, Refused | "not_found" | "invalid_code">> {
  const { user, session } = principal;
  const typed = normalizeAppCode(code);
  if (!typed) return refuse("invalid_request", { field: "code", detail: "must be 6 digits" });
  const now = deps.clock.now();
  const app = await deps.factorStore.findProposed(user.id, id);
  if (!app || now >= app.createdAt + PROPOSED_MS) return refuse("not_found");
  const step = await stepOf(deps, app, typed, now);
  if (step === undefined) return refuse("invalid_code");
  const notice = await deps.notices.draft("factor_added", user, { locale });
  const changer = { userId: user.id, sessionId: session.id };
  const outcome = await deps.factorStore.confirm({ ...changer, id, step }, notice);
  if (outcome === "ended") return refuse("invalid_token");
  if (outcome === "unknown") return refuse("not_found");
  await deps.notices.send(notice);
  return (await deps.sessions.stepUp(session.id, "otp", now)) ? ok(undefined) : refuse("invalid_token");
}

async function passkeyOptions(
  deps: FactorsDeps,
  { user, session }: Principal,
  site: PasskeySite,
): Promise<Result<PasskeyOptions["options"], "too_many_factors" | "too_many_requests">> {
  const fits = await refuseFull(deps, user.id);
  if (!fits.ok) return fits;
  const counted = await countAsk(deps, user.id, "device");
  if (!counted.ok) return counted;
  const name = await accountName(deps, user);
  const known = await passkeysOf(deps, user.id);
  const { challenge, options } = await deps.passkeys.creationOptions(site, { id: user.id, name }, known);
  await keepChallenge(deps, { challenge, userId: user.id, boundTo: enrolment(session.id) });
  return ok(options);
}

function enrolment(sessionId: string): string {
  return `enrolment:${sessionId}`;
}

interface NewPasskey extends Actor {
  readonly label?: string | undefined;
  readonly answer: PasskeyAnswer;
  readonly site: PasskeySite;
}

const BAD_PASSKEY = { field: "passkey", detail: "must answer the options that this session was given last" };

async function addPasskey(
  deps: FactorsDeps,
  { principal, label = "", answer, site, locale }: NewPasskey,
): Promise<Result<void, Refused | "too_many_factors">> {
  const { user, session } = principal;
  const fits = await refuseFactor(deps, user.id, label);
  if (!fits.ok) return fits;
  const now = deps.clock.now();
  const challenge = deps.passkeys.challengeOf(answer) ?? "";
  const asked = { challenge, userId: user.id, boundTo: enrolment(session.id) };
  if (!(await deps.factorStore.answer(asked, now))) return refuse("invalid_request", BAD_PASSKEY);
  const credential = await deps.passkeys.readCreation(site, answer, challenge);
  if (!credential) return refuse("invalid_request", BAD_PASSKEY);
  const id = deps.random.uuid(now);
  const factor = { ...credential, id, userId: user.id, kind: "passkey", label, createdAt: now } as const;
  const notice = await deps.notices.draft("factor_added", user, { locale });
  const outcome = await deps.factorStore.addPasskey(factor, session.id, notice);
  if (outcome === "ended") return refuse("invalid_token");
  if (outcome === "taken") return refuse("invalid_request", BAD_PASSKEY);
  await deps.notices.send(notice);
  return (await deps.sessions.stepUp(session.id, "pop", now)) ? ok(undefined) : refuse("invalid_token");
}

async function removeFactor(
  deps: FactorsDeps,
  { principal: { user, session }, id, locale }: Actor & { readonly id: string },
): Promise<Result<void, "invalid_token" | "not_found" | "factor_needed">> {
  const notice = await deps.notices.draft("factor_removed", user, { locale });
  const outcome = await deps.factorStore.remove({ userId: user.id, sessionId: session.id }, id, notice);
  if (outcome === "ended") return refuse("invalid_token");
  if (outcome === "last") return refuse("factor_needed");
  if (outcome === "unknown") return refuse("not_found");
  await deps.notices.send(notice);
  return ok(undefined);
}

async function setProtection(
  deps: FactorsDeps,
  { principal: { user, session }, when, locale }: Actor & { readonly when: LoginProtection | undefined },
): Promise<Result<void, "invalid_token" | "factor_missing">> {
  const changer = { userId: user.id, sessionId: session.id };
  if (!when) {
    const notice = await deps.notices.draft("login_protection_off", user, { locale });
    if ((await deps.factorStore.unprotect(changer, notice)) === "ended") return refuse("invalid_token");
    await deps.notices.send(notice);
    return ok(undefined);
  }
  const outcome = await deps.factorStore.protect({ ...changer, when }, deps.clock.now());
  if (outcome === "ended") return refuse("invalid_token");
  return outcome === "protected" ? ok(undefined) : refuse("factor_missing");
}

async function refuseFull(
  { factorStore }: FactorsDeps,
  userId: string,
): Promise<Result<void, "too_many_factors">> {
  return (await factorStore.list(userId)).length < MOST_FACTORS ? ok(undefined) : refuse("too_many_factors");
}

async function refuseFactor(
  deps: FactorsDeps,
  userId: string,
  label: string,
): Promise<Result<void, "invalid_request" | "too_many_factors">> {
  if (label !== "" && !isName(label)) return refuse("invalid_request", BAD_LABEL);
  return await refuseFull(deps, userId);
}

const BAD_LABEL = {
  field: "label",
  detail: "must be 1 to 64 characters without control, invisible or bidirectional ones",
};

/** What apps and browsers show of the account; they keep it elsewhere, so the number in it is masked. */
async function accountName(deps: FactorsDeps, user: Principal["user"]): Promise<string> {
  return maskPhone(await deps.vault.open(user.sealedPhone, user.id));
}
