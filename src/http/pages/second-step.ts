import type { Context } from "hono";
import { REFUSALS, type Refusal } from "../../core/refusals.ts";
import type { Flow } from "../../core/session/flow.ts";
import type { SignedIn } from "../../core/session/session-draft.ts";
import { siteOf } from "../api/wire.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { pageContext, pageLocale, sendPage } from "./context.ts";
import { clearCookie, readCookie, writeCookie } from "./cookies.ts";
import { messagePageFor } from "./errors.ts";
import { evidenceIn } from "./evidence.ts";
import { currentFlow, flowCsrf, flowForm, pageClient } from "./flow.ts";
import { secondStepPage } from "./views/second-step.tsx";

/** Keeps what the second step takes in a cookie, and leads there. */
export function beginSecondStep(c: Context<Env>, deps: HttpDeps, challenge: string): Response {
  writeCookie(c, deps.settings, "second", challenge);
  return c.redirect("/sign-in/second", 303);
}

/** GET /sign-in/second: asks for a second factor. */
export async function showSecondStep(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const flow = await currentFlow(c, deps);
  return flow ? await secondForm(c, deps, flow) : c.redirect("/sign-in", 303);
}

/**
 * POST /sign-in/second: takes it.
 *
 * @param enter what is done with whoever is signed in
 */
export async function submitSecondStep(
  c: Context<Env>,
  deps: HttpDeps,
  enter: (flow: Flow, signedIn: SignedIn) => Promise<Response>,
): Promise<Response> {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const signedIn = await deps.phonekey.signIn.byFactor({
    challenge: readCookie(c, deps.settings, "second") ?? "",
    evidence: evidenceIn(fields),
    client: pageClient(c, deps, flow),
    site: siteOf(c, deps),
    locale: pageLocale(c, deps.settings),
    userAgent: c.req.header("user-agent") ?? "",
  });
  if (!signedIn.ok) return await secondForm(c, deps, flow, signedIn.refusal);
  clearCookie(c, deps.settings, "second");
  return await enter(flow, signedIn.value);
}

async function secondForm(c: Context<Env>, deps: HttpDeps, flow: Flow, refusal?: Refusal): Promise<Response> {
  const challenge = readCookie(c, deps.settings, "second") ?? "";
  const step = { challenge, client: pageClient(c, deps, flow) };
  const methods = await deps.phonekey.signIn.methodsOf(step);
  if (!methods.ok) return await messagePageFor(c, deps, methods.refusal);
  const passkey = methods.value.includes("pop")
    ? await deps.phonekey.signIn.askForPasskey({ ...step, site: siteOf(c, deps) })
    : undefined;
  const context = pageContext(c, deps, { path: "/sign-in/second", csrf: flowCsrf(flow) });
  if (refusal?.retryAfterSeconds) c.header("retry-after", String(refusal.retryAfterSeconds));
  const page = secondStepPage({
    context,
    action: "/sign-in/second",
    methods: methods.value,
    ...(passkey?.ok && { passkeyOptions: JSON.stringify(passkey.value) }),
    ...(refusal && { error: refusalText(refusal, context.locale) }),
  });
  return await sendPage(c, deps, page, refusal ? REFUSALS[refusal.code].status : 200);
}
