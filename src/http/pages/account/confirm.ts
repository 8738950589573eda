import type { Context } from "hono";
import type { StepUpInput } from "../../../core/account/factors/step-up.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import type { Method } from "../../../core/session/methods.ts";
import type { Session } from "../../../core/session/ports.ts";
import type { Principal } from "../../../core/session/session.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { siteOf } from "../../origin.ts";
import { pageContext, pageLocale } from "../context.ts";
import { pageClient } from "../flow.ts";
import { evidenceIn } from "../forms/evidence.ts";
import { sendOutcome } from "../forms/outcome.ts";
import { passkeyOffer } from "../forms/passkey.ts";
import { sendOwnCode } from "../forms/send-code.ts";
import { wrongFactor } from "../forms/wrong-factor.ts";
import { createHeld } from "../held.ts";
import { confirmPage } from "../views/account/confirm.tsx";
import { type Handler, keepSession, OWN_PASSWORD, type Visitor, withForm, withVisitor } from "../visitor.ts";
import { raisedBefore } from "./raised.ts";

/** The pages that a visitor may go back to: only the account's own (T39). */
const OWN_PATH = /^\/account(?:\/[a-z][a-z-]*)*$/;

/** Pages whose changes ask for more than a recent step-up. */
export const PHONE_PATH = "/account/phone";
export const FACTORS_PATH = "/account/factors";
/** A form of that page. */
export const PROTECTION_PATH = `${FACTORS_PATH}/protection`;

const held = createHeld("confirm");

/** Leads to the page that asks the visitor to confirm that it is them, and from there back to `to`. */
export function confirmFirst(c: Context<Env>, to: string): Response {
  return c.redirect(confirmUrl(to), 303);
}

/** The page that `confirmFirst` leads to. */
export function confirmUrl(to: string): string {
  return `/account/confirm?${new URLSearchParams({ to })}`;
}

/** GET /account/confirm: asks the visitor to confirm that it is them; `to` is where they came from. */
export const showConfirm: Handler = (c, deps) =>
  withVisitor(c, deps, async (visitor) => {
    const flow = { ...(await held.flow(c, deps)), ...askedPath(c) };
    await held.keep(c, deps, flow);
    return await confirmForm(c, deps, visitor, { flow });
  });

/** POST /account/confirm/send: sends a code, or the same again. */
export const sendConfirmCode: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const flow = await held.flow(c, deps);
    const sent = await sendOwnCode(c, deps, { flow, fields, ...visitor }, "second_factor");
    if (!sent.ok) return await confirmForm(c, deps, visitor, { flow, by: "sms", refusal: sent.refusal });
    await held.keep(c, deps, sent.value);
    return confirmFirst(c, pathOf(flow));
  });

/** POST /account/confirm: takes the code, and leads back to where the visitor came from, with a new cookie. */
export const submitConfirm: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const flow = await held.flow(c, deps);
    const shown: StepUpInput = {
      principal: visitor.principal,
      rotates: true,
      evidence: evidenceIn(fields, flow.verification),
      client: pageClient(c, deps, flow),
      site: siteOf(c, deps),
      locale: pageLocale(c, deps.settings),
    };
    // Checked before the factor is used: a recovery code that does not suffice must not be used up.
    if (!(await waysTo(deps, visitor.principal, flow)).includes(shown.evidence.by)) {
      return await again(c, deps, visitor, { flow, shown, refusal: { code: "invalid_code" } });
    }
    const raised = await deps.phonekey.sessions.stepUp(shown);
    if (!raised.ok) return await again(c, deps, visitor, { flow, shown, refusal: raised.refusal });
    return await goBack(c, deps, visitor, { flow, session: raised.value });
  });

async function goBack(
  c: Context<Env>,
  deps: HttpDeps,
  { csrf }: Visitor,
  { flow, session }: { readonly flow: Flow; readonly session: Session },
): Promise<Response> {
  await keepSession(c, deps, session, csrf);
  return c.redirect(pageOf(flow), 303);
}

interface Wrong {
  readonly flow: Flow;
  readonly shown: StepUpInput;
  readonly refusal: Refusal;
}

/**
 * Asks once more. But if the browser sent the right form twice, the session is already confirmed, and the visitor goes
 * on.
 */
async function again(
  c: Context<Env>,
  deps: HttpDeps,
  visitor: Visitor,
  { flow, shown, refusal }: Wrong,
): Promise<Response> {
  const { by } = shown.evidence;
  const isOfCode = refusal.code === "invalid_code";
  const session = isOfCode ? await raisedBefore(deps, visitor, shown) : undefined;
  if (session && (await suffices(deps, visitor, { flow, by, session })))
    return await goBack(c, deps, visitor, { flow, session });
  return await confirmForm(c, deps, visitor, { flow, by, refusal });
}

/**
 * Whether the factor that raised the session suffices for the page that the visitor came from. A code by SMS was sent
 * for that page, so it does.
 */
async function suffices(
  deps: HttpDeps,
  { principal: { user } }: Visitor,
  { flow, by, session }: { readonly flow: Flow; readonly by: Method; readonly session: Session },
): Promise<boolean> {
  return by === "sms" || (await waysTo(deps, { user, session }, flow)).includes(by);
}

function askedPath(c: Context<Env>): Pick<Flow, "returnTo"> {
  const to = c.req.query("to");
  return to !== undefined && OWN_PATH.test(to) ? { returnTo: to } : {};
}

function pathOf({ returnTo }: Flow): string {
  return returnTo !== undefined && OWN_PATH.test(returnTo) ? returnTo : "/account";
}

/** The page that the visitor goes back to. */
function pageOf(flow: Flow): string {
  const path = pathOf(flow);
  return path === PROTECTION_PATH ? FACTORS_PATH : path;
}

/** The methods that suffice for the page that the visitor came from. No others are offered. */
function waysTo({ phonekey }: HttpDeps, principal: Principal, flow: Flow): Promise<readonly Method[]> {
  const to = pathOf(flow);
  if (to === PHONE_PATH) return phonekey.life.waysToChangePhone(principal);
  if (to === FACTORS_PATH) return phonekey.factors.waysToChange(principal);
  if (to === PROTECTION_PATH) return phonekey.factors.waysToProtect(principal);
  if (to === OWN_PASSWORD) return phonekey.passwords.waysToChange(principal);
  return phonekey.sessions.waysToRaise(principal);
}

/** The methods that a visitor could use after signing in anew, if this session cannot use any. */
async function waysAnew(
  { phonekey }: HttpDeps,
  principal: Principal,
  taken: readonly Method[],
): Promise<"code" | "recovery" | undefined> {
  if (taken.length === 0 && !principal.user.loginProtection) return "code";
  const all = await phonekey.sessions.waysToRaise(principal);
  return all.includes("recovery") && !taken.includes("recovery") ? "recovery" : undefined;
}

async function confirmForm(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, csrf }: Visitor,
  { flow, by, refusal }: { readonly flow: Flow; readonly by?: Method; readonly refusal?: Refusal },
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/account/confirm", csrf });
  const { maskedPhone } = await deps.phonekey.account.read(principal.user);
  const sent = await held.code(c, deps, flow);
  const methods = await waysTo(deps, principal, flow);
  const passkey = methods.includes("pop")
    ? passkeyOffer(await deps.phonekey.factors.askForPasskey(principal, siteOf(c, deps)), context.locale)
    : undefined;
  const anew = await waysAnew(deps, principal, methods);
  const page = confirmPage({
    context,
    methods,
    ...(anew && { anew }),
    ...(passkey && { passkey }),
    to: pageOf(flow),
    ...(methods.includes("sms") && {
      // A code that an earlier visitor of this browser asked for is not shown to this one.
      sms: { phoneMasked: maskedPhone, ...(sent?.phoneMasked === maskedPhone && { sent }) },
    }),
    ...(by && refusal && { wrong: wrongFactor(refusal, by, context.locale) }),
  });
  return await sendOutcome(c, deps, page, { refusal });
}
