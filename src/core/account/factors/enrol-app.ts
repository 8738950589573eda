import { ok, type Result, refuse } from "../../refusals.ts";
import type { Session } from "../../session/ports.ts";
import type { Principal } from "../../session/session.ts";
import { MINUTE_MS } from "../../time.ts";
import type { User } from "../ports.ts";
import { normalizeAppCode, stepOf } from "./app.ts";
import { type Actor, accountName, type FactorsDeps, refuseFactor } from "./enrol.ts";
import type { AppFactor } from "./ports.ts";
import { raiseBy, type ToRaise } from "./step-up.ts";

/** How long a proposed app waits for its first code. */
const PROPOSED_MS = 30 * MINUTE_MS;

/** A secret for an authenticator app, in Base32 and as the URI that the app reads from a QR code. */
export interface ProposedApp {
  readonly id: string;
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
}

/** Makes a secret. It is no factor until a code of its app was shown. */
export async function proposeApp(
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
export async function readProposed(
  deps: FactorsDeps,
  { user }: Principal,
  id: string,
): Promise<Result<ProposedApp, "not_found">> {
  const app = await findWaiting(deps, user.id, id, deps.clock.now());
  if (!app) return refuse("not_found");
  const secret = await deps.vault.openText(app.sealedSecret, app.id);
  return ok({ id, secret, uri: await uriOf(deps, user, secret) });
}

async function findWaiting(
  { factorStore }: FactorsDeps,
  userId: string,
  id: string,
  now: number,
): Promise<AppFactor | undefined> {
  const app = await factorStore.findProposed(userId, id);
  return app && now < app.createdAt + PROPOSED_MS ? app : undefined;
}

async function uriOf(deps: FactorsDeps, user: User, secret: string): Promise<string> {
  return deps.totp.uri(secret, { issuer: deps.settings.brandName, account: await accountName(deps, user) });
}

export interface ConfirmedApp extends Actor, ToRaise {
  readonly id: string;
  readonly code: string;
}

/**
 * Makes the secret a factor once the first code of its app is shown. The session has shown that factor then. The owner
 * is told.
 */
export async function confirmApp(
  deps: FactorsDeps,
  { id, code, locale, ...toRaise }: ConfirmedApp,
): Promise<
  Result<Session, "invalid_request" | "invalid_token" | "not_found" | "invalid_code" | "too_many_factors">
> {
  const { user, session } = toRaise.principal;
  const typed = normalizeAppCode(code);
  if (!typed) return refuse("invalid_request", { field: "code", detail: "must be 6 digits" });
  const now = deps.clock.now();
  const app = await findWaiting(deps, user.id, id, now);
  if (!app) return refuse("not_found");
  const step = await stepOf(deps, app, typed, now);
  if (step === undefined) return refuse("invalid_code");
  const notice = await deps.notices.draft("factor_added", user, { locale });
  const changer = { userId: user.id, sessionId: session.id };
  const outcome = await deps.factorStore.confirm({ ...changer, id, step }, notice);
  if (outcome === "ended") return refuse("invalid_token");
  if (outcome === "unknown") return refuse("not_found");
  if (outcome === "full") return refuse("too_many_factors");
  await deps.notices.send(notice);
  return await raiseBy(deps, toRaise, "otp");
}
