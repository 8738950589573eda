import type { Context } from "hono";
import type { Refusal } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import type { SignedIn } from "../../../core/session/session.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { clearCookie, readCookie, writeCookie } from "../cookies.ts";
import { RETURN_TO_COPY } from "../copy/return-to.ts";
import { messagePageFor } from "../errors.ts";
import {
  beginFlow,
  currentFlow,
  isOwnLink,
  keepFlow,
  newFlow,
  readReturnRequest,
  returnAddress,
} from "../flow.ts";
import { forgetFormer } from "../held.ts";
import { currentVisitor, keepSession, OWN_PASSWORD, type Visitor } from "../visitor.ts";

/**
 * Shows a page on which a sign-in begins. A visitor who is already signed in goes on at once.
 *
 * @param show makes the page for the browser's flow from now on
 */
export async function beginSignIn(
  c: Context<Env>,
  deps: HttpDeps,
  show: (flow: Flow) => Promise<Response>,
): Promise<Response> {
  const read = readReturnRequest((name) => c.req.query(name), deps.settings.returnTo);
  if (!read.ok)
    return await messagePageFor(
      c,
      deps,
      { code: "invalid_request" },
      (locale) => RETURN_TO_COPY[locale][read.wrong],
    );
  const request = read.value;
  const current = await currentFlow(c, deps);
  const goesOn = current && !request.returnTo && isOwnLink(c);
  const flow = goesOn ? current : beginFlow(deps, current, request);
  const visitor = await lastingVisitor(c, deps);
  if (visitor) return await goOnAs(c, deps, flow, visitor);
  await keepFlow(c, deps, flow);
  return await show(flow);
}

/**
 * The visitor, unless only the cookie from before a step-up signs them in. An app's session that was opened by that
 * cookie would outlive it, at a level that the cookie does not have.
 */
async function lastingVisitor(c: Context<Env>, deps: HttpDeps): Promise<Visitor | undefined> {
  const visitor = await currentVisitor(c, deps);
  if (!visitor) return undefined;
  const { session, current } = visitor.principal;
  return session === current ? visitor : undefined;
}

/** Whether this browser has a session. */
export async function isSignedIn(c: Context<Env>, deps: HttpDeps): Promise<boolean> {
  return (await currentVisitor(c, deps)) !== undefined;
}

/** Refuses a form that this browser may not send. But if a first click on it signed in, answers as that one did. */
export async function refuseForm(c: Context<Env>, deps: HttpDeps, refusal: Refusal): Promise<Response> {
  const isOver = !readCookie(c, deps.settings, "flow") && (await isSignedIn(c, deps));
  return isOver ? await goOnAgain(c, deps) : await messagePageFor(c, deps, refusal);
}

/** Goes on from a page of a sign-in that this browser has finished: to where it was led before, if it was. */
export async function goOnAgain(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const visitor = await lastingVisitor(c, deps);
  if (!visitor) return c.redirect("/sign-in", 303);
  // A visitor who has to choose a password first was led nowhere, and is still in the flow.
  const flow = (await formerFlow(c, deps)) ?? (await currentFlow(c, deps)) ?? newFlow(deps);
  return await goOnAs(c, deps, flow, visitor);
}

async function formerFlow(c: Context<Env>, deps: HttpDeps): Promise<Flow | undefined> {
  const kept = readCookie(c, deps.settings, "returned");
  return kept ? await deps.phonekey.flow.read(kept) : undefined;
}

/** Signs this browser in: its new session replaces an older one, and the pre-session ends (T25). */
export async function enter(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  signedIn: SignedIn,
): Promise<Response> {
  const { settings, phonekey } = deps;
  const former = (await currentVisitor(c, deps))?.principal;
  if (former) await phonekey.sessions.end(former, former.session.id);
  forgetFormer(c, deps);
  const deviceToken = await phonekey.sessions.deviceToken(signedIn);
  await keepSession(c, deps, signedIn.session);
  writeCookie(c, settings, "device", deviceToken);
  return await goOn(c, deps, flow, signedIn);
}

/** Leads a person who has chosen the required password on to the app that they came from. */
export async function resume(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const flow = await currentFlow(c, deps);
  const visitor = await lastingVisitor(c, deps);
  if (!flow || !visitor) return c.redirect("/account", 303);
  return await goOnAs(c, deps, flow, visitor);
}

/** Leads on a visitor who signed in before, in the session that they have. */
async function goOnAs(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { principal: { user, session } }: Visitor,
): Promise<Response> {
  return await goOn(c, deps, flow, { user, session, created: flow.created === true });
}

/** Leads to the app that asked, with a handover and never a token in the address; otherwise to the account page. */
async function goOn(c: Context<Env>, deps: HttpDeps, flow: Flow, signedIn: SignedIn): Promise<Response> {
  // `created` is about the person who signs in now, and not about one who did before and left the flow behind.
  const { created: _, ...asked } = flow;
  const isNew = signedIn.created && { created: true as const };
  if (!deps.phonekey.sessions.requireOwnPassword(signedIn).ok) {
    await keepFlow(c, deps, { ...asked, ...isNew });
    return c.redirect(OWN_PASSWORD, 303);
  }
  clearCookie(c, deps.settings, "flow");
  if (!flow.returnTo || !flow.challenge) return c.redirect("/account", 303);
  const { returnTo, state, challenge } = flow;
  const request = { returnTo, challenge, ...(state && { state }), ...isNew };
  writeCookie(c, deps.settings, "returned", await deps.phonekey.flow.issue({ ...newFlow(deps), ...request }));
  const handover = await deps.phonekey.signIn.handOver(signedIn, flow.challenge);
  return c.redirect(returnAddress(flow, handover), 303);
}
