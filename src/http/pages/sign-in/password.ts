import type { Context } from "hono";
import type { Refusal } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { refusalText } from "../../problem.ts";
import { pageContext } from "../context.ts";
import { flowCsrf, flowForm, pageClient } from "../flow.ts";
import { readCaptcha } from "../forms/captcha.ts";
import { demanded, inAdvance } from "../forms/challenge.ts";
import type { Fields } from "../forms/forms.ts";
import { isDemand, type Outcome, sendOutcome } from "../forms/outcome.ts";
import { passwordSignInPage } from "../views/sign-in/password.tsx";
import type { Handler } from "../visitor.ts";
import { beginSignIn, enter, refuseForm } from "./enter.ts";
import { noPhone, phoneField, phoneForm, phoneInput, type TypedPhone, typedPhone } from "./phone-form.ts";
import { beginSecondStep } from "./second-step.ts";

/** GET /sign-in/password: asks for phone and password. A visitor who is already signed in goes on at once. */
export const showPasswordSignIn: Handler = (c, deps) =>
  beginSignIn(c, deps, (flow) =>
    passwordForm(c, deps, flow, { typed: noPhone(deps), challenge: inAdvance(c, deps) }),
  );

/** POST /sign-in/password: signs in. */
export const submitPasswordSignIn: Handler = async (c, deps) => {
  const form = await flowForm(c, deps);
  if (!form.ok) return await refuseForm(c, deps, form.refusal);
  const { flow, fields } = form.value;
  const signedIn = await deps.phonekey.passwords.signIn({
    ...phoneInput(typedPhone(fields)),
    password: fields.get("password") ?? "",
    captcha: readCaptcha(fields),
    client: pageClient(c, deps, flow),
    userAgent: c.req.header("user-agent") ?? "",
  });
  return signedIn.ok
    ? await enter(c, deps, flow, signedIn.value)
    : await answerRefused(c, deps, flow, { fields, refusal: signedIn.refusal });
};

/** Leads on to a second factor, or to a code after too many wrong passwords; otherwise shows the form again. */
async function answerRefused(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { fields, refusal }: { readonly fields: Fields; readonly refusal: Refusal },
): Promise<Response> {
  const typed = typedPhone(fields);
  if (refusal.secondFactor) return beginSecondStep(c, deps, refusal.secondFactor.challenge);
  if (refusal.code === "code_required")
    return await phoneForm(c, deps, flow, { typed, purpose: "sign_in", refusal });
  if (!isDemand(refusal))
    return await passwordForm(c, deps, flow, { typed, refusal, challenge: inAdvance(c, deps) });
  const client = pageClient(c, deps, flow);
  const offer = await deps.phonekey.challenges.forStart({ ...phoneInput(typed), purpose: "sign_in", client });
  const challenge = demanded(offer, fields);
  // The password has to be typed again, so the form cannot go on by itself.
  return await passwordForm(c, deps, flow, {
    typed,
    refusal,
    challenge: challenge && { ...challenge, goesOn: false },
  });
}

async function passwordForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  { typed, refusal, challenge }: { readonly typed: TypedPhone } & Outcome,
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/sign-in/password", csrf: flowCsrf(flow) });
  // The page does not say which of the two is wrong.
  const isOfBoth = refusal?.code === "invalid_credentials";
  const page = passwordSignInPage({
    ...phoneField(deps, context, { typed, refusal: isOfBoth ? undefined : refusal }),
    isFilled: isOfBoth || (refusal !== undefined && isDemand(refusal)),
    ...(isOfBoth && { passwordError: refusalText(refusal, context.locale) }),
    ...(challenge && { challenge }),
  });
  return await sendOutcome(c, deps, page, { refusal, challenge });
}
