import type { Context } from "hono";
import type { ProposedApp } from "../../../core/account/factors/enrol-app.ts";
import type { StepUpInput } from "../../../core/account/factors/step-up.ts";
import type { Locale } from "../../../core/locale.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Session } from "../../../core/session/ports.ts";
import type { Principal } from "../../../core/session/session.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { fromOf } from "../../middleware/request-context.ts";
import { siteOf } from "../../origin.ts";
import { refusalText } from "../../problem.ts";
import { pageContext, pageLocale } from "../context.ts";
import { ACCOUNT_COPY } from "../copy/account.ts";
import { FACTORS_COPY } from "../copy/factors.ts";
import { ownRefusalText } from "../errors.ts";
import { parseAnswer } from "../forms/evidence.ts";
import { isOfCode, sendOutcome } from "../forms/outcome.ts";
import { passkeyOffer } from "../forms/passkey.ts";
import { appPage, factorsPage } from "../views/account/factors.tsx";
import { type Handler, keepSession, renewDevice, type Visitor, withForm, withVisitor } from "../visitor.ts";
import { confirmFirst, confirmUrl, FACTORS_PATH as PATH, PROTECTION_PATH } from "./confirm.ts";
import { raisedBefore } from "./raised.ts";

const SAVED = `${PATH}?saved`;

/** GET /account/factors: the visitor's second factors and login protection. */
export const showFactors: Handler = (c, deps) =>
  withVisitor(c, deps, (visitor) =>
    factorsForm(c, deps, visitor, { saved: c.req.query("saved") !== undefined }),
  );

/** POST /account/factors/app: makes a secret, and shows it as a QR code. */
export const startApp: Handler = (c, deps) =>
  withForm(c, deps, async (visitor) => {
    const app = await deps.phonekey.factors.proposeApp(visitor.principal);
    return app.ok ? await appForm(c, deps, visitor, app.value) : await answerRefused(c, deps, visitor, app);
  });

/** POST /account/factors/app/confirm: takes the app's first code. */
export const confirmApp: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const [id, code] = [fields.get("id") ?? "", fields.get("code") ?? ""];
    const actor = { principal: visitor.principal, rotates: true, locale: pageLocale(c, deps.settings) };
    const confirmed = await deps.phonekey.factors.confirmApp({ ...actor, id, code });
    if (confirmed.ok) return await added(c, deps, visitor, confirmed.value);
    const { refusal } = confirmed;
    // After a wrong code the secret is shown again, unless the session may no longer add a factor.
    const app = isOfCode(refusal) ? await deps.phonekey.factors.secretOf(actor.principal, id) : confirmed;
    if (app.ok) return await appForm(c, deps, visitor, { ...app.value, refusal });
    const shown = { evidence: { by: "otp", code }, client: fromOf(c), site: siteOf(c, deps) } as const;
    const session = await addedBefore(deps, visitor, { id, shown: { ...actor, ...shown } });
    return session
      ? await added(c, deps, visitor, session)
      : await answerRefused(c, deps, visitor, confirmed);
  });

/**
 * The raised session, if the browser sent an app's first code twice. By now the code is that of a factor, so it counts
 * as a guess.
 */
async function addedBefore(
  deps: HttpDeps,
  visitor: Visitor,
  { id, shown }: { readonly id: string; readonly shown: StepUpInput },
): Promise<Session | undefined> {
  const { factors } = await deps.phonekey.factors.read(visitor.principal);
  if (!factors.some((factor) => factor.id === id)) return undefined;
  const raised = await deps.phonekey.sessions.stepUp(shown);
  if (raised.ok) return raised.value;
  return raised.refusal.code === "invalid_code" ? await raisedBefore(deps, visitor, shown) : undefined;
}

/** Goes on in the session that has shown the new factor, with a new cookie. */
async function added(
  c: Context<Env>,
  deps: HttpDeps,
  { csrf }: Visitor,
  session: Session,
): Promise<Response> {
  await keepSession(c, deps, session, csrf);
  return c.redirect(SAVED, 303);
}

/** POST /account/factors/passkey: takes what the browser made. */
export const addPasskey: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const made = await deps.phonekey.factors.addPasskey({
      principal: visitor.principal,
      rotates: true,
      answer: parseAnswer(fields.get("passkey") ?? ""),
      site: siteOf(c, deps),
      locale: pageLocale(c, deps.settings),
    });
    return made.ok ? await added(c, deps, visitor, made.value) : await answerRefused(c, deps, visitor, made);
  });

/** POST /account/factors/codes: makes recovery codes, and shows them this once. */
export const renewCodes: Handler = (c, deps) =>
  withForm(c, deps, async (visitor) => {
    const locale = pageLocale(c, deps.settings);
    const codes = await deps.phonekey.factors.renewCodes({ principal: visitor.principal, locale });
    if (!codes.ok) return await answerRefused(c, deps, visitor, codes);
    return await factorsForm(c, deps, visitor, { codes: codes.value });
  });

/** POST /account/factors/remove: removes one. */
export const removeFactor: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const locale = pageLocale(c, deps.settings);
    const id = fields.get("id") ?? "";
    const removed = await deps.phonekey.factors.remove({ principal: visitor.principal, locale, id });
    return removed.ok ? c.redirect(SAVED, 303) : await answerRefused(c, deps, visitor, removed);
  });

/** POST /account/factors/protection: turns login protection on or off. */
export const setProtection: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const asked = fields.get("when");
    const when = asked === "always" || asked === "new_devices" ? asked : undefined;
    const locale = pageLocale(c, deps.settings);
    const set = await deps.phonekey.factors.protect({ principal: visitor.principal, locale, when });
    if (!set.ok) return await answerRefused(c, deps, visitor, { ...set, path: PROTECTION_PATH });
    if (when) await renewDevice(c, deps);
    return c.redirect(SAVED, 303);
  });

/** Leads to the confirmation if the refusal asks for one. Shows any other refusal on the page. */
async function answerRefused(
  c: Context<Env>,
  deps: HttpDeps,
  visitor: Visitor,
  { refusal, path = PATH }: { readonly refusal: Refusal; readonly path?: string },
): Promise<Response> {
  if (refusal.code === "step_up_required") return confirmFirst(c, path);
  return await factorsForm(c, deps, visitor, { refusal });
}

interface Outcome {
  readonly codes?: readonly string[];
  readonly saved?: boolean;
  readonly refusal?: Refusal;
}

async function factorsForm(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, csrf }: Visitor,
  { codes, saved, refusal }: Outcome = {},
): Promise<Response> {
  const context = pageContext(c, deps, { ...(!codes && { path: PATH }), csrf });
  const protection = await deps.phonekey.factors.read(principal);
  // The form of a passkey needs a confirmed session. Until then its button leads to the confirmation.
  const options = await deps.phonekey.factors.passkeyOptions(principal, siteOf(c, deps));
  const isOld = !options.ok && options.refusal.code === "step_up_required";
  const passkey = passkeyOffer(options, context.locale);
  const page = factorsPage({
    context,
    ...protection,
    ...(passkey && { passkey }),
    ...(isOld && { confirmUrl: confirmUrl(PATH) }),
    ...(codes && { codes }),
    ...(saved && { notice: ACCOUNT_COPY[context.locale].saved }),
    ...(refusal && { error: errorText(principal, refusal, context.locale) }),
  });
  return await sendOutcome(c, deps, page, { refusal });
}

/** A passkey that was made after its page was open for too long is refused; the text asks for another try. */
function errorText(principal: Principal, refusal: Refusal, locale: Locale): string {
  if (refusal.field === "passkey") return FACTORS_COPY[locale].wrong.pop;
  return ownRefusalText(principal, refusal, locale);
}

async function appForm(
  c: Context<Env>,
  deps: HttpDeps,
  { csrf }: Visitor,
  { id, secret, uri, refusal }: ProposedApp & Pick<Outcome, "refusal">,
): Promise<Response> {
  const context = pageContext(c, deps, { csrf });
  const error = refusal && { error: refusalText(refusal, context.locale) };
  const page = appPage({ context, id, secret, uri, qr: await deps.drawQr(uri), ...error });
  return await sendOutcome(c, deps, page, { refusal });
}
