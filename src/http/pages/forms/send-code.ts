import type { Context } from "hono";
import { ok, type Refusal, type RefusalCode, type Result } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import { type Principal, selfOf } from "../../../core/session/session.ts";
import type { Client } from "../../../core/verification/client.ts";
import type { Purpose } from "../../../core/verification/purpose.ts";
import type { StartInput, StartRefusal } from "../../../core/verification/start.ts";
import type { VerificationView } from "../../../core/verification/verification.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { pageLocale } from "../context.ts";
import { type FlowForm, pageClient } from "../flow.ts";
import { phoneInput, typedPhone } from "../sign-in/phone-form.ts";
import { readCaptcha } from "./captcha.ts";
import { demanded, demandedOfAll, inAdvance } from "./challenge.ts";
import type { Fields } from "./forms.ts";
import { sentOnce } from "./once.ts";
import { isDemand, type Outcome } from "./outcome.ts";

/** The flow with its verification, or what the form is shown with again. */
type Sending = { readonly ok: true; readonly flow: Flow } | ({ readonly ok: false } & Outcome);

/** Starts a verification for a form. A form that was sent twice starts one, and gets the same answer twice. */
export async function startOnce(
  c: Context<Env>,
  deps: HttpDeps,
  form: FlowForm,
  asked: Omit<StartInput, "locale" | "captcha" | "idempotency">,
): Promise<Result<VerificationView, StartRefusal>> {
  const captcha = readCaptcha(form.fields);
  const locale = pageLocale(c, deps.settings);
  return await sentOnce(deps, form, (idempotency) =>
    deps.phonekey.verifications.start({ ...asked, locale, captcha, idempotency }),
  );
}

/** Sends a code to the phone of a form. */
export async function sendCode(
  c: Context<Env>,
  deps: HttpDeps,
  { flow, fields }: FlowForm,
  purpose: Purpose,
): Promise<Sending> {
  const input = { ...phoneInput(typedPhone(fields)), purpose, client: pageClient(c, deps, flow) };
  const started = await startOnce(c, deps, { flow, fields }, { ...input, heldId: flow.verification });
  if (started.ok) return { ok: true, flow: { ...flow, verification: started.value.id } };
  const { refusal } = started;
  const challenge = isDemand(refusal)
    ? demanded(await deps.phonekey.challenges.forStart(input), fields)
    : inAdvance(c, deps);
  return { ok: false, refusal, challenge };
}

/** Sends a visitor a code to their own phone, or the same code again. Returns the flow with its verification. */
export async function sendOwnCode(
  c: Context<Env>,
  deps: HttpDeps,
  { flow, fields, principal }: FlowForm & { readonly principal: Principal },
  purpose: Purpose,
): Promise<Result<Flow, RefusalCode>> {
  const own = { purpose, client: pageClient(c, deps, flow), self: selfOf(principal) };
  const started = await startOnce(c, deps, { flow, fields }, { ...own, heldId: flow.verification });
  return started.ok ? ok({ ...flow, verification: started.value.id }) : started;
}

/**
 * Sends the code of a verification again while it lives, and no new one in its place. A refusal names the challenge to
 * solve.
 */
export async function resendLiveCode(
  { phonekey }: HttpDeps,
  input: { readonly id: string; readonly client: Client },
  fields: Fields,
): Promise<{ readonly ok: true } | ({ readonly ok: false; readonly refusal: Refusal } & Outcome)> {
  const sent = await phonekey.verifications.resend({ ...input, captcha: readCaptcha(fields) });
  if (sent.ok) return { ok: true };
  const { refusal } = sent;
  const challenge = isDemand(refusal)
    ? demandedOfAll(await phonekey.challenges.forResend(input), fields)
    : undefined;
  return { ok: false, refusal, challenge };
}

/** Sends the code of the flow again, or a new one if the first has ended. A form that was sent twice sends one code. */
export async function sendCodeAgain(
  c: Context<Env>,
  deps: HttpDeps,
  { flow, fields }: FlowForm,
): Promise<Sending> {
  const captcha = readCaptcha(fields);
  const locale = pageLocale(c, deps.settings);
  const input = { id: flow.verification ?? "", client: pageClient(c, deps, flow) };
  const sent = await sentOnce(deps, { flow, fields }, (idempotency) =>
    deps.phonekey.verifications.resendOrStart({ ...input, locale, captcha, idempotency }),
  );
  if (sent.ok) return { ok: true, flow: { ...flow, verification: sent.value.id } };
  const { refusal } = sent;
  const challenge = isDemand(refusal)
    ? demanded(await deps.phonekey.challenges.forResend(input), fields)
    : undefined;
  return { ok: false, refusal, challenge };
}
