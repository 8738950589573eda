import { ok, type Result, refuse } from "../../refusals.ts";
import type { Session } from "../../session/ports.ts";
import type { Principal } from "../../session/session.ts";
import { type Actor, accountName, type FactorsDeps, refuseFactor, refuseFull } from "./enrol.ts";
import { countAsk, keepChallenge, passkeysOf } from "./passkey.ts";
import type { PasskeyAnswer, PasskeyOptions, PasskeySite } from "./ports.ts";
import { raiseBy, type ToRaise } from "./step-up.ts";

/** The options by which a browser makes a passkey. */
export async function passkeyOptions(
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

export interface NewPasskey extends Actor, ToRaise {
  readonly label?: string | undefined;
  readonly answer: PasskeyAnswer;
  readonly site: PasskeySite;
}

const BAD_PASSKEY = { field: "passkey", detail: "must answer the options that this session was given last" };

/**
 * Adds the passkey that the browser made, in the session that asked for it. That session has shown the passkey then.
 * The owner is told.
 */
export async function addPasskey(
  deps: FactorsDeps,
  { label = "", answer, site, locale, ...toRaise }: NewPasskey,
): Promise<Result<Session, "invalid_request" | "invalid_token" | "too_many_factors">> {
  const { user, session } = toRaise.principal;
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
  if (outcome === "full") return refuse("too_many_factors");
  if (outcome === "taken") return refuse("invalid_request", BAD_PASSKEY);
  await deps.notices.send(notice);
  return await raiseBy(deps, toRaise, "pop");
}
