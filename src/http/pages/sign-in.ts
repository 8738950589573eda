import type { Context } from "hono";
import type { Flow } from "../../core/session/flow.ts";
import { alphabetOf } from "../../core/verification/code.ts";
import type { VerificationView } from "../../core/verification/verification.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { inAdvance, sourcesOf } from "./challenge.ts";
import { pageContext, sendPage } from "./context.ts";
import { beginSignIn, enter } from "./enter.ts";
import { messagePageFor } from "./errors.ts";
import { currentFlow, flowCsrf, flowForm, keepFlow, pageClient } from "./flow.ts";
import { heldVerification, secondsUntil } from "./held.ts";
import {
  isDemand,
  isOfCode,
  noPhone,
  type Outcome,
  phoneForm,
  type SignInPurpose,
  statusOf,
  typedPhone,
} from "./phone-form.ts";
import { beginSecondStep, submitSecondStep } from "./second-step.ts";
import { sendCode, sendCodeAgain } from "./send-code.ts";
import { codePage } from "./views/code.tsx";

type Handler = (c: Context<Env>, deps: HttpDeps) => Promise<Response>;

/** GET /sign-in: asks for the phone. Who is signed in already goes on at once. */
export const showPhone: Handler = (c, deps) => askPhone(c, deps, "sign_in");

/** GET /temporary-password: the same, for a password that works once. */
export const showTemporaryPassword: Handler = (c, deps) => askPhone(c, deps, "temporary_password");

function askPhone(c: Context<Env>, deps: HttpDeps, purpose: SignInPurpose): Promise<Response> {
  return beginSignIn(c, deps, (flow) =>
    phoneForm(c, deps, flow, { ...noPhone(deps), purpose }, { challenge: inAdvance(c, deps) }),
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
  if (!sent.ok) return await phoneForm(c, deps, flow, { ...typed, purpose }, sent);
  await keepFlow(c, deps, sent.flow);
  return c.redirect("/sign-in/code", 303);
};

/** GET /sign-in/code: asks for the code. */
export const showCode: Handler = async (c, deps) => {
  const flow = await currentFlow(c, deps);
  const view = flow && (await heldVerification(c, deps, flow));
  if (!flow || !view || view.status === "approved") return c.redirect("/sign-in", 303);
  return await codeForm(c, deps, flow, view);
};

/** POST /sign-in/code: signs in. */
export const submitCode: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await messagePageFor(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const signedIn = await deps.phonekey.signIn.byCode({
    verificationId: flow.verification ?? "",
    code: fields.get("code") ?? "",
    client: pageClient(c, deps, flow),
    userAgent: c.req.header("user-agent") ?? "",
  });
  if (signedIn.ok) return await enter(c, deps, flow, signedIn.value);
  const { secondFactor, code: refused } = signedIn.refusal;
  if (secondFactor) return beginSecondStep(c, deps, secondFactor.challenge);
  // The code was right, and is used up by it: there is nothing more to enter here.
  if (refused === "sign_up_closed") return await messagePageFor(c, deps, signedIn.refusal);
  const view = await heldVerification(c, deps, flow);
  // The right code that was sent twice: its first answer signed the person in, and that page goes on from there.
  if (!view || view.status === "approved") return c.redirect("/sign-in", 303);
  return await codeForm(c, deps, flow, view, { refusal: signedIn.refusal });
};

/** POST /sign-in/second: signs in by a second factor. */
export const submitSecond: Handler = (c, deps) =>
  submitSecondStep(c, deps, (flow, signedIn) => enter(c, deps, flow, signedIn));

/** POST /sign-in/resend: sends the code again, or a new one when the first has ended. */
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
  return view ? await codeForm(c, deps, flow, view, sent) : c.redirect("/sign-in", 303);
};

async function codeForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  view: VerificationView,
  { refusal, challenge }: Outcome = {},
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/sign-in/code", csrf: flowCsrf(flow) });
  const now = deps.clock.now();
  if (refusal?.retryAfterSeconds) c.header("retry-after", String(refusal.retryAfterSeconds));
  const page = codePage({
    context,
    phoneMasked: view.phone,
    codeLength: view.codeLength,
    hasLetters: alphabetOf(view.codeLength) === "letters",
    resendInSeconds: secondsUntil(view.resendAt, now),
    expiresInSeconds: secondsUntil(view.expiresAt, now),
    ended: view.status !== "pending",
    ...(refusal &&
      !isDemand(refusal) && {
        [isOfCode(refusal) ? "codeError" : "error"]: refusalText(refusal, context.locale),
      }),
    ...(challenge && { challenge }),
    ...(deps.inbox && { inboxUrl: "/dev/inbox" }),
  });
  const sources = sourcesOf(challenge);
  return await sendPage(c, deps, page, statusOf(refusal), { sources });
}
