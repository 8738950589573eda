import type { Context } from "hono";
import type { Flow } from "../../../core/session/flow.ts";
import { alphabetOf } from "../../../core/verification/code.ts";
import type { VerificationView } from "../../../core/verification/verification.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { pageContext, sendPage } from "../context.ts";
import { CODE_COPY } from "../copy/code.ts";
import { PHONE_COPY } from "../copy/phone.ts";
import { messagePageFor } from "../errors.ts";
import { currentFlow, flowCsrf, flowForm, keepFlow } from "../flow.ts";
import { inAdvance } from "../forms/challenge.ts";
import { codeEntry } from "../forms/code-entry.ts";
import { type Outcome, sendOutcome } from "../forms/outcome.ts";
import { sendCode, sendCodeAgain } from "../forms/send-code.ts";
import { heldVerification } from "../held.ts";
import { messagePage } from "../views/message.tsx";
import { codePage } from "../views/sign-in/code.tsx";
import type { Handler } from "../visitor.ts";
import { signInByCode } from "./by-code.ts";
import { beginSignIn, goOnAgain, isSignedIn, refuseForm } from "./enter.ts";
import { noPhone, phoneForm, type SignInPurpose, typedPhone } from "./phone-form.ts";
import { isAtSecondStep } from "./second-step.ts";

/** GET /sign-in: asks for the phone. A visitor who is already signed in goes on at once. */
export const showPhone: Handler = (c, deps) => askPhone(c, deps, "sign_in");

/** GET /temporary-password: the same, for a password that works once. */
export const showTemporaryPassword: Handler = (c, deps) => askPhone(c, deps, "temporary_password");

function askPhone(c: Context<Env>, deps: HttpDeps, purpose: SignInPurpose): Promise<Response> {
  return beginSignIn(c, deps, (flow) =>
    phoneForm(c, deps, flow, { typed: noPhone(deps), purpose, challenge: inAdvance(c, deps) }),
  );
}

/** POST /sign-in: sends a code to the phone. */
export const submitPhone: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const typed = typedPhone(fields);
  const purpose: SignInPurpose =
    fields.get("purpose") === "temporary_password" ? "temporary_password" : "sign_in";
  const sent = await sendCode(c, deps, form.value, purpose);
  if (!sent.ok) return await phoneForm(c, deps, flow, { typed, purpose, ...sent });
  await keepFlow(c, deps, sent.flow);
  return c.redirect("/sign-in/code", 303);
};

/** GET /sign-in/code: asks for the code. */
export const showCode: Handler = async (c, deps) => {
  const flow = await currentFlow(c, deps);
  const view = flow && (await heldVerification(c, deps, flow));
  if (!flow || !view) return await goOnAgain(c, deps);
  if (view.status === "approved") return await usedCode(c, deps, view);
  return await codeForm(c, deps, flow, { view });
};

/** POST /sign-in/code: signs in. */
export const submitCode: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await refuseForm(c, deps, form.refusal);
  const { flow } = form.value;
  return await signInByCode(c, deps, form.value, flow.verification ?? "", async (refusal) => {
    const view = await heldVerification(c, deps, flow);
    if (!view) return c.redirect("/sign-in", 303);
    // The browser sent the right code twice. It has the answer to the first by now, or never will if it gave that up.
    if (view.status === "approved") return c.redirect("/sign-in/code", 303);
    return await codeForm(c, deps, flow, { view, refusal });
  });
};

/** POST /sign-in/resend: sends the code again, or a new one if the first has ended. */
export const resendCode: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const sent = await sendCodeAgain(c, deps, form.value);
  if (sent.ok) {
    await keepFlow(c, deps, sent.flow);
    return c.redirect("/sign-in/code", 303);
  }
  const { flow } = form.value;
  const view = await heldVerification(c, deps, flow);
  return view ? await codeForm(c, deps, flow, { view, ...sent }) : c.redirect("/sign-in", 303);
};

/** Answers a code that was right before: goes on to where the first answer led, if it led anywhere. */
async function usedCode(
  c: Context<Env>,
  deps: HttpDeps,
  { codeLength }: VerificationView,
): Promise<Response> {
  if (await isSignedIn(c, deps)) return await goOnAgain(c, deps);
  if (isAtSecondStep(c, deps)) return c.redirect("/sign-in/second", 303);
  const context = pageContext(c, deps, { path: "/sign-in/code" });
  const copy = CODE_COPY[context.locale];
  const href = alphabetOf(codeLength) === "letters" ? "/temporary-password" : "/sign-in";
  const action = { href, label: PHONE_COPY[context.locale].title };
  const page = messagePage({ context, title: copy.usedTitle, text: copy.usedText, action });
  return await sendPage(c, deps, page, { status: 410 });
}

async function codeForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { view, ...outcome }: { readonly view: VerificationView } & Outcome,
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/sign-in/code", csrf: flowCsrf(flow) });
  const page = codePage({
    context,
    ...codeEntry(view, outcome, { locale: context.locale, now: deps.clock.now() }),
    ended: view.status !== "pending",
    ...(deps.inbox && { inboxUrl: "/dev/inbox" }),
  });
  return await sendOutcome(c, deps, page, outcome);
}
