import type { Context } from "hono";
import type { AskedPage } from "../../core/backend/link.ts";
import type { Flow } from "../../core/session/flow.ts";
import { ruleOf } from "../../core/verification/purpose.ts";
import type { Env, HttpDeps } from "../context.ts";
import { pageContext, sendPage } from "./context.ts";
import { VERIFY_COPY } from "./copy/verify.ts";
import { messagePageFor } from "./errors.ts";
import { currentFlow, type FlowForm, flowCsrf, flowForm, keepFlow, newFlow, pageClient } from "./flow.ts";
import { codeEntry } from "./forms/code-entry.ts";
import { type Outcome, sendOutcome } from "./forms/outcome.ts";
import { resendLiveCode } from "./forms/send-code.ts";
import { signInByCode } from "./sign-in/by-code.ts";
import { isSignedIn } from "./sign-in/enter.ts";
import { isAtSecondStep } from "./sign-in/second-step.ts";
import { messagePage } from "./views/message.tsx";
import { verifyPage } from "./views/verify.tsx";
import type { Handler } from "./visitor.ts";

/** GET /verify/{link}: asks for the code that a backend asked for. Everybody who has the link may enter it. */
export const showVerify: Handler = async (c, deps) => {
  const page = await askedPage(c, deps);
  if (!page) return await endedPage(c, deps);
  const flow = (await currentFlow(c, deps)) ?? newFlow(deps);
  await keepFlow(c, deps, flow);
  return await answer(c, deps, flow, { page });
};

/**
 * POST /verify/{link}: takes the code. Only the answer to the right code contains the address to go back to with the
 * backend's `state`. So a person who comes back with it is the one who entered the code.
 */
export const submitVerify: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const page = await askedPage(c, deps);
  if (!page) return await endedPage(c, deps);
  if (isPassword(page)) return await signInByPassword(c, deps, form.value, page);
  const code = fields.get("code") ?? "";
  const client = pageClient(c, deps, flow);
  const checked = await deps.phonekey.backend.checkByLink({ link: linkOf(c), code, client });
  if (checked.ok) return c.redirect(returnAddress(checked.value) ?? c.req.path, 303);
  return await answerAgain(c, deps, flow, { refusal: checked.refusal });
};

/** POST /verify/{link}/resend: sends the code again. */
export const resendVerify: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const page = await askedPage(c, deps);
  if (!page) return await endedPage(c, deps);
  const sent = await resendLiveCode(deps, { id: page.view.id, client: pageClient(c, deps, flow) }, fields);
  return sent.ok ? c.redirect(pagePath(c), 303) : await answerAgain(c, deps, flow, sent);
};

async function signInByPassword(
  c: Context<Env>,
  deps: HttpDeps,
  form: FlowForm,
  { view }: AskedPage,
): Promise<Response> {
  return await signInByCode(c, deps, form, view.id, async (refusal) => {
    const page = await askedPage(c, deps);
    // The browser sent the right code twice, and has the answer to the first by now.
    if (page?.view.status === "approved") return c.redirect(pagePath(c), 303);
    return await answerAgain(c, deps, form.flow, { refusal });
  });
}

function linkOf(c: Context<Env>): string {
  return c.req.param("link") ?? "";
}

function pagePath(c: Context<Env>): string {
  return `/verify/${linkOf(c)}`;
}

async function askedPage(c: Context<Env>, deps: HttpDeps): Promise<AskedPage | undefined> {
  const read = await deps.phonekey.backend.readLink(linkOf(c));
  return read.ok ? read.value : undefined;
}

function isPassword({ view }: AskedPage): boolean {
  return ruleOf(view.purpose).isPassword === true;
}

function returnAddress({ returnTo, state }: AskedPage): string | undefined {
  if (returnTo === undefined || state === undefined) return undefined;
  const url = new URL(returnTo);
  url.searchParams.set("state", state);
  return url.href;
}

async function answerAgain(c: Context<Env>, deps: HttpDeps, flow: Flow, outcome: Outcome): Promise<Response> {
  const page = await askedPage(c, deps);
  return page ? await answer(c, deps, flow, { page, ...outcome }) : await endedPage(c, deps);
}

async function answer(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { page, ...outcome }: { readonly page: AskedPage } & Outcome,
): Promise<Response> {
  const { view, backend, transaction, returnTo } = page;
  if (view.status !== "pending") return await overPage(c, deps, page);
  const context = pageContext(c, deps, { path: pagePath(c), csrf: flowCsrf(flow) });
  const html = verifyPage({
    context,
    action: pagePath(c),
    backend,
    asks: isPassword(page) ? "password" : transaction ? "payment" : "identity",
    ...codeEntry(view, outcome, { locale: context.locale, now: deps.clock.now() }),
    ...(transaction && { transaction }),
  });
  return await sendOutcome(c, deps, html, { ...outcome, ...(returnTo && { returnTo: [returnTo] }) });
}

/**
 * Shows that the verification was approved, or how else it ended. The way back carries no `state`, because anybody may
 * have the link. Only the browser that a temporary password signed in, or that is at its second step, is led on.
 */
async function overPage(c: Context<Env>, deps: HttpDeps, asked: AskedPage): Promise<Response> {
  const { view, backend, returnTo } = asked;
  const isApproved = view.status === "approved";
  if (isApproved && isPassword(asked)) {
    if (await isSignedIn(c, deps)) return c.redirect("/account", 303);
    if (isAtSecondStep(c, deps)) return c.redirect("/sign-in/second", 303);
  }
  const context = pageContext(c, deps, { path: pagePath(c) });
  const copy = VERIFY_COPY[context.locale];
  const isDone = isApproved && !isPassword(asked);
  const page = messagePage({
    context,
    title: isDone ? copy.doneTitle : copy.endedTitle,
    text: isDone ? copy.doneText : copy.endedText,
    ...(returnTo && { action: { href: returnTo, label: copy.back(backend) } }),
  });
  return await sendPage(c, deps, page, { status: isDone ? 200 : 410 });
}

/** If the link does not exist, or no longer does, the page says only that. */
async function endedPage(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const context = pageContext(c, deps, {});
  const { endedTitle: title, endedText: text } = VERIFY_COPY[context.locale];
  return await sendPage(c, deps, messagePage({ context, title, text }), { status: 404 });
}
