import { ok, type Result, refuse } from "../../refusals.ts";
import { KNOWN, type Method } from "../../session/methods.ts";
import { type Need, requireRecent, SENSITIVE, withMethods } from "../../session/requirements.ts";
import type { Principal } from "../../session/session.ts";
import type { LoginProtection } from "../ports.ts";
import type { Actor, FactorsDeps } from "./enrol.ts";
import { type ConfirmedApp, confirmApp, proposeApp, readProposed } from "./enrol-app.ts";
import { addPasskey, type NewPasskey, passkeyOptions } from "./enrol-passkey.ts";
import { protectionOf } from "./own.ts";
import { askForPasskey } from "./passkey.ts";
import type { PasskeySite } from "./ports.ts";
import { renewRecoveryCodes } from "./recovery.ts";
import { waysFor, waysToRaise } from "./step-up.ts";

/**
 * Nobody may add a factor by showing only a password or a recovery code: the new factor would count for more than
 * either.
 */
const ADDING: Need = { ...SENSITIVE, notBy: KNOWN };
const PROTECTING: Need = { ...SENSITIVE, level: 2 };

/**
 * What users do with their second factors and their login protection. Everything but reading takes a recent step-up.
 */
export function createFactors(deps: FactorsDeps) {
  const adding = async (principal: Principal) => {
    // Many people may know a test number's code. A factor that one of them added would be asked of a later holder of
    // the number.
    if (principal.session.isTest)
      return refuse("invalid_request", { field: "factor", detail: "is not for test numbers" });
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
    async proposeApp(principal: Principal, label = "") {
      const may = await adding(principal);
      return may.ok ? await proposeApp(deps, principal, label) : may;
    },
    async confirmApp(input: ConfirmedApp) {
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
      Result<
        readonly string[],
        "step_up_required" | "invalid_request" | "invalid_token" | "factor_missing" | "too_many_requests"
      >
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
      // A user who turns it on must show that they can sign in with it.
      const may = requireRecent(principal, PROTECTING, deps.clock.now());
      if (may.ok) return await setProtection(deps, input);
      const ways = await waysToProtect(principal);
      // Nobody is asked again and again for a second factor that they do not have. If protection is on, they cannot add
      // one either.
      const isMissing = ways.length === 0 && !principal.user.loginProtection;
      return isMissing ? refuse("factor_missing") : withMethods(may.refusal, ways);
    },
    /** The options by which a browser signs with a passkey to raise this session. */
    askForPasskey: ({ user, session }: Principal, site: PasskeySite) =>
      askForPasskey(deps, { user, boundTo: `session:${session.id}`, site, bucket: "device" }),
  };
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
