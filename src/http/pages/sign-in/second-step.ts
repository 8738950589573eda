import type { Context } from "hono";
import type { Evidence } from "../../../core/account/factors/evidence.ts";
import type { Flow } from "../../../core/session/flow.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { siteOf } from "../../origin.ts";
import { pageContext, pageLocale } from "../context.ts";
import { clearCookie, readCookie, writeCookie } from "../cookies.ts";
import { messagePageFor } from "../errors.ts";
import { currentFlow, flowCsrf, flowForm, pageClient } from "../flow.ts";
import { demanded } from "../forms/challenge.ts";
import { evidenceIn } from "../forms/evidence.ts";
import { isDemand, type Outcome, sendOutcome } from "../forms/outcome.ts";
import { passkeyOffer } from "../forms/passkey.ts";
import { startOnce } from "../forms/send-code.ts";
import { wrongFactor } from "../forms/wrong-factor.ts";
import { createHeld } from "../held.ts";
import { secondStepPage } from "../views/sign-in/second-step.tsx";
import { enter, refuseForm } from "./enter.ts";

const held = createHeld("second_code");

/** Keeps the challenge of the second step in a cookie, and leads to its page. */
export function beginSecondStep(c: Context<Env>, deps: HttpDeps, challenge: string): Response {
  writeCookie(c, deps.settings, "second", challenge);
  return c.redirect("/sign-in/second", 303);
}

/** Whether this browser is in the middle of a second step. */
export function isAtSecondStep(c: Context<Env>, deps: HttpDeps): boolean {
  return stepChallenge(c, deps) !== "";
}

/** GET /sign-in/second: asks for a second factor. */
export async function showSecondStep(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const flow = await currentFlow(c, deps);
  return flow ? await secondForm(c, deps, flow) : c.redirect("/sign-in", 303);
}

/** POST /sign-in/second: signs in by a second factor. */
export async function submitSecond(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const form = await flowForm(c, deps);
  if (!form.ok) return await refuseForm(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const { verification } = await stepFlow(c, deps, flow);
  const evidence = evidenceIn(fields, verification);
  const signedIn = await deps.phonekey.signIn.byFactor({
    evidence,
    site: siteOf(c, deps),
    locale: pageLocale(c, deps.settings),
    userAgent: c.req.header("user-agent") ?? "",
    ...stepOf(c, deps, flow),
  });
  if (!signedIn.ok) {
    const { refusal } = signedIn;
    const { by } = evidence;
    return (await goOnIfTwice(c, deps, flow)) ?? (await secondForm(c, deps, flow, { refusal, by }));
  }
  clearCookie(c, deps.settings, "second");
  held.forget(c, deps);
  return await enter(c, deps, flow, signedIn.value);
}

/**
 * If the browser sent the right form twice, leads to the page that goes on from the session, provided that the first
 * answer brought it.
 */
async function goOnIfTwice(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<Response | undefined> {
  if (!(await deps.phonekey.signIn.isFinished(stepOf(c, deps, flow)))) return undefined;
  clearCookie(c, deps.settings, "second");
  return c.redirect("/sign-in/code", 303);
}

/** POST /sign-in/second/send: sends a code to the person's own phone, or the same again. */
export async function sendSecondCode(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const step = stepOf(c, deps, flow);
  const self = await deps.phonekey.signIn.selfOf(step);
  if (!self.ok) return await messagePageFor(c, deps, self.refusal);
  const input = { client: step.client, purpose: "second_factor", self: self.value } as const;
  const { verification: heldId } = await stepFlow(c, deps, flow);
  const sent = await startOnce(c, deps, form.value, { ...input, heldId });
  if (!sent.ok) {
    const { refusal } = sent;
    const challenge = isDemand(refusal)
      ? demanded(await deps.phonekey.challenges.forStart(input), fields)
      : undefined;
    return await secondForm(c, deps, flow, { refusal, challenge });
  }
  await held.keep(c, deps, { pre: flow.pre, verification: sent.value.id });
  return c.redirect("/sign-in/second", 303);
}

/** The flow of the code that was sent for this step. It is kept apart from the code that the sign-in began with. */
async function stepFlow(c: Context<Env>, deps: HttpDeps, { pre }: Flow): Promise<Flow> {
  const kept = await held.flow(c, deps);
  return kept.pre === pre ? kept : { pre };
}

/** The second step that this browser is at, as use cases take it. */
function stepOf(c: Context<Env>, deps: HttpDeps, flow: Flow) {
  return { challenge: stepChallenge(c, deps), client: pageClient(c, deps, flow) };
}

/** The challenge that came with `second_factor_required`, from its cookie; empty if there is none. */
function stepChallenge(c: Context<Env>, deps: HttpDeps): string {
  return readCookie(c, deps.settings, "second") ?? "";
}

async function secondForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { refusal, challenge, by }: Outcome & { readonly by?: Evidence["by"] } = {},
): Promise<Response> {
  const step = stepOf(c, deps, flow);
  const methods = await deps.phonekey.signIn.methodsOf(step);
  if (!methods.ok) return await messagePageFor(c, deps, methods.refusal);
  const context = pageContext(c, deps, { path: "/sign-in/second", csrf: flowCsrf(flow) });
  const passkey = methods.value.includes("pop")
    ? passkeyOffer(
        await deps.phonekey.signIn.askForPasskey({ ...step, site: siteOf(c, deps) }),
        context.locale,
      )
    : undefined;
  const sms = methods.value.includes("sms") ? await smsOf(c, deps, flow) : undefined;
  const page = secondStepPage({
    context,
    action: "/sign-in/second",
    methods: methods.value,
    ...(passkey && { passkey }),
    ...(sms && { sms: { ...sms, ...(challenge && { challenge }) } }),
    ...(refusal && !isDemand(refusal) && { wrong: wrongFactor(refusal, by, context.locale) }),
  });
  return await sendOutcome(c, deps, page, { refusal, challenge });
}

/** What the page shows of the person's phone, and of the code that was sent to it. */
async function smsOf(c: Context<Env>, deps: HttpDeps, flow: Flow) {
  const self = await deps.phonekey.signIn.selfOf(stepOf(c, deps, flow));
  if (!self.ok) return undefined;
  const { maskedPhone: phoneMasked } = await deps.phonekey.account.read(self.value.user);
  const sent = await held.code(c, deps, await stepFlow(c, deps, flow));
  // A code that was sent for another sign-in of this browser is not shown for this one.
  return { phoneMasked, ...(sent?.phoneMasked === phoneMasked && { sent }) };
}
