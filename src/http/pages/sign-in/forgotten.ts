import type { Context } from "hono";
import type { Refusal } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import { normalizeCode } from "../../../core/verification/code.ts";
import type { VerificationView } from "../../../core/verification/verification.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { refusalText } from "../../problem.ts";
import { pageContext, pageLocale, sendPage } from "../context.ts";
import { CODE_COPY } from "../copy/code.ts";
import { FORGOTTEN_COPY } from "../copy/forgotten.ts";
import { PHONE_COPY } from "../copy/phone.ts";
import { messagePageFor } from "../errors.ts";
import { type FlowForm, flowCsrf, flowForm, pageClient } from "../flow.ts";
import { inAdvance } from "../forms/challenge.ts";
import { isDemand, isOfCode, type Outcome, sendOutcome } from "../forms/outcome.ts";
import { sendCode, sendCodeAgain } from "../forms/send-code.ts";
import { createHeld, heldVerification, secondsUntil } from "../held.ts";
import type { Page } from "../views/layout.tsx";
import { messagePage } from "../views/message.tsx";
import { forgottenPage, resetDonePage, resetPage } from "../views/sign-in/forgotten.tsx";
import type { Handler } from "../visitor.ts";
import { noPhone, phoneField, type TypedPhone, typedPhone } from "./phone-form.ts";

const START = "/sign-in/forgotten";
const CODE = "/sign-in/forgotten/code";

// A flow of its own: the sign-in page's flow keeps an app's request until the person signs in.
const held = createHeld("reset");

/** GET /sign-in/forgotten: asks for the phone. */
export const showForgotten: Handler = async (c, deps) => {
  const flow = await held.flow(c, deps);
  await held.keep(c, deps, flow);
  return await forgottenForm(c, deps, flow, { typed: noPhone(deps), challenge: inAdvance(c, deps) });
};

/**
 * POST /sign-in/forgotten: sends a code, to every number alike. Only the right code reveals whether there is an
 * account.
 */
export const submitForgotten: Handler = async (c, deps) => {
  const form = await flowForm(c, deps, held.flow);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const sent = await sendCode(c, deps, form.value, "reset_password");
  if (!sent.ok) return await forgottenForm(c, deps, flow, { typed: typedPhone(fields), ...sent });
  await held.keep(c, deps, sent.flow);
  return c.redirect(CODE, 303);
};

/** GET /sign-in/forgotten/code: asks for the code and a new password. */
export const showReset: Handler = async (c, deps) => {
  const flow = await held.flow(c, deps);
  const view = await heldVerification(c, deps, flow);
  if (!view || view.status === "approved") return c.redirect(START, 303);
  return await resetForm(c, deps, flow, { view });
};

/** POST /sign-in/forgotten/code: sets the new password. */
export const submitReset: Handler = async (c, deps) => {
  const form = await flowForm(c, deps, held.flow);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const code = fields.get("code") ?? (await keptCode(deps, form.value));
  const reset = await deps.phonekey.passwords.reset({
    verificationId: flow.verification ?? "",
    code,
    newPassword: fields.get("password") ?? "",
    locale: pageLocale(c, deps.settings),
    client: pageClient(c, deps, flow),
  });
  if (!reset.ok && reset.refusal.code !== "user_not_found") {
    const view = await heldVerification(c, deps, flow);
    if (!view) return c.redirect(START, 303);
    if (view.status === "approved") return await usedPage(c, deps);
    const kept = await keepCode(deps, flow, { view, code, ...reset });
    return await resetForm(c, deps, flow, { view, refusal: reset.refusal, ...kept });
  }
  const context = pageContext(c, deps, {});
  if (reset.ok) return await sendPage(c, deps, resetDonePage({ context, ...reset.value }));
  const { nobodyTitle: title, nobody, signUp } = FORGOTTEN_COPY[context.locale];
  const text = deps.settings.signUp === "open" ? nobody + signUp : nobody;
  const action = { href: "/sign-in", label: PHONE_COPY[context.locale].title };
  return await sendOutcome(c, deps, messagePage({ context, title, text, action }), reset);
};

/**
 * POST /sign-in/forgotten/password: judges only a new password, for the script. So a refused password loses no typed
 * code.
 */
export const judgeReset: Handler = async (c, deps) => {
  const form = await flowForm(c, deps, held.flow);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const judged = await deps.phonekey.passwords.judge(fields.get("password") ?? "");
  const view = judged.ok ? undefined : await heldVerification(c, deps, flow);
  if (judged.ok || view?.status !== "pending") return c.body(null, 204);
  return await sendPage(c, deps, resetFormPage(c, deps, flow, { view, ...judged }));
};

/** POST /sign-in/forgotten/resend: sends the code again, or a new one when the first has ended. */
export const resendReset: Handler = async (c, deps) => {
  const form = await flowForm(c, deps, held.flow);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const sent = await sendCodeAgain(c, deps, form.value);
  if (sent.ok) {
    await held.keep(c, deps, sent.flow);
    return c.redirect(CODE, 303);
  }
  const { flow } = form.value;
  const view = await heldVerification(c, deps, flow);
  return view ? await resetForm(c, deps, flow, { view, ...sent }) : c.redirect(START, 303);
};

/** The code of a form whose page did not ask for it again. Empty if it is not that of this flow. */
async function keptCode({ phonekey }: HttpDeps, { flow, fields }: FlowForm): Promise<string> {
  const kept = await phonekey.flow.read(fields.get("kept") ?? "");
  const isOwn = kept?.pre === flow.pre && kept.verification === flow.verification;
  return (isOwn && kept.code) || "";
}

interface Typed extends Pick<ResetOutcome, "view"> {
  readonly code: string;
  readonly refusal: Refusal;
}

/**
 * A code that was not checked yet, for the form that is shown again. It is encrypted, because no page reveals a code.
 */
async function keepCode(
  { phonekey }: HttpDeps,
  flow: Flow,
  { view, code, refusal }: Typed,
): Promise<Pick<ResetOutcome, "kept">> {
  const typed = normalizeCode(code);
  if (isOfCode(refusal) || typed?.length !== view.codeLength) return {};
  return { kept: await phonekey.flow.issue({ ...flow, code: typed }) };
}

/** The page after the browser sent the right code twice: the outcome of the first is not known here. */
async function usedPage(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const context = pageContext(c, deps, {});
  const { used: text, signIn: label } = FORGOTTEN_COPY[context.locale];
  const title = CODE_COPY[context.locale].usedTitle;
  const action = { href: "/sign-in/password", label };
  return await sendPage(c, deps, messagePage({ context, title, text, action }), { status: 410 });
}

async function forgottenForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { typed, refusal, challenge }: { readonly typed: TypedPhone } & Outcome,
): Promise<Response> {
  const context = pageContext(c, deps, { path: START, csrf: flowCsrf(flow) });
  const field = phoneField(deps, context, { typed, refusal });
  const page = forgottenPage({
    ...field,
    ...(challenge && { challenge }),
  });
  return await sendOutcome(c, deps, page, { refusal, challenge });
}

interface ResetOutcome extends Outcome {
  readonly view: VerificationView;
  readonly kept?: string;
}

async function resetForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  outcome: ResetOutcome,
): Promise<Response> {
  return await sendOutcome(c, deps, resetFormPage(c, deps, flow, outcome), outcome);
}

function resetFormPage(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { view, kept, refusal, challenge }: ResetOutcome,
): Page {
  const context = pageContext(c, deps, { path: CODE, csrf: flowCsrf(flow) });
  return resetPage({
    context,
    phoneMasked: view.phone,
    codeLength: view.codeLength,
    resendInSeconds: secondsUntil(view.resendAt, deps.clock.now()),
    ended: view.status !== "pending",
    ...(kept && { kept }),
    ...(refusal && !isDemand(refusal) && { [fieldOf(refusal)]: refusalText(refusal, context.locale) }),
    ...(challenge && { challenge }),
  });
}

/** The field of the form that a refusal is about. */
function fieldOf(refusal: Refusal): "codeError" | "passwordError" | "error" {
  if (refusal.field === "newPassword") return "passwordError";
  return isOfCode(refusal) ? "codeError" : "error";
}
