import type { Context } from "hono";
import { countryOptions, isCountryCode } from "../../../core/countries.ts";
import { maskPhone } from "../../../core/phone.ts";
import type { Flow } from "../../../core/session/flow.ts";
import { selfOf } from "../../../core/session/session.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { pageContext, pageLocale } from "../context.ts";
import { messagePageFor, ownRefusalText } from "../errors.ts";
import { pageClient } from "../flow.ts";
import { demandedOfAll } from "../forms/challenge.ts";
import { isBlameless, isDemand, isOfCode, type Outcome, sendOutcome } from "../forms/outcome.ts";
import { resendLiveCode, startOnce } from "../forms/send-code.ts";
import { createHeld, heldVerification, type SentCode } from "../held.ts";
import { phoneChangePage } from "../views/account/phone-change.tsx";
import { type Handler, type Visitor, withForm, withVisitor } from "../visitor.ts";
import { confirmFirst, PHONE_PATH as PATH } from "./confirm.ts";

const held = createHeld("phone");

interface Shown extends Outcome {
  readonly sent?: SentCode | undefined;
  readonly form?: { readonly country: string; readonly phone: string };
}

/** GET /account/phone: asks for the new number or for its code, or shows the pending change. */
export const showPhoneChange: Handler = (c, deps) =>
  withVisitor(c, deps, async (visitor) => {
    const flow = await held.begin(c, deps);
    const isOther = c.req.query("other") !== undefined;
    const sent = isOther ? undefined : await held.code(c, deps, flow);
    return await answer(c, deps, visitor, { sent });
  });

/** POST /account/phone/send: sends a code to the new number. */
export const sendPhoneChangeCode: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const flow = await held.flow(c, deps);
    const form = { phone: fields.get("phone") ?? "", country: fields.get("country") ?? "" };
    const input = {
      phone: form.phone,
      ...(isCountryCode(form.country) && { country: form.country }),
      purpose: "change_phone",
      client: pageClient(c, deps, flow),
    } as const;
    const self = selfOf(visitor.principal);
    const started = await startOnce(c, deps, { flow, fields }, { ...input, self });
    if (started.ok) {
      await held.keep(c, deps, { ...flow, verification: started.value.id });
      return c.redirect(PATH, 303);
    }
    const { refusal } = started;
    // A challenge is bound to its flow. The flow is kept, so that the solution comes back in the same one.
    if (isDemand(refusal)) await held.keep(c, deps, flow);
    const challenge = isDemand(refusal)
      ? demandedOfAll(await deps.phonekey.challenges.forStart(input), fields)
      : undefined;
    return await answer(c, deps, visitor, { form, refusal, challenge });
  });

/** POST /account/phone/resend: sends the code again. If the code has ended, the page asks for the number once more. */
export const resendPhoneChangeCode: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const flow = await held.flow(c, deps);
    const input = { id: flow.verification ?? "", client: pageClient(c, deps, flow) };
    const resent = await resendLiveCode(deps, input, fields);
    if (resent.ok || resent.refusal.code === "not_found") return c.redirect(PATH, 303);
    return await answer(c, deps, visitor, { ...resent, sent: await held.code(c, deps, flow) });
  });

/** POST /account/phone: takes the code. */
export const submitPhoneChange: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const flow = await held.flow(c, deps);
    const changed = await deps.phonekey.life.changePhone({
      principal: visitor.principal,
      verificationId: flow.verification ?? "",
      code: fields.get("code") ?? "",
      client: pageClient(c, deps, flow),
      locale: pageLocale(c, deps.settings),
    });
    if (changed.ok) return c.redirect(changed.value.pending ? PATH : "/account?saved", 303);
    const { refusal } = changed;
    const again = refusal.code === "invalid_code" && (await placeAfter(c, deps, visitor, flow));
    if (again) return c.redirect(again, 303);
    return await answer(c, deps, visitor, { sent: await held.code(c, deps, flow), refusal });
  });

/** The page after the browser sent the right code twice: the change is pending by now, or done. */
async function placeAfter(
  c: Context<Env>,
  deps: HttpDeps,
  { principal }: Visitor,
  flow: Flow,
): Promise<string | undefined> {
  const view = await heldVerification(c, deps, flow);
  if (view?.status !== "approved") return undefined;
  const state = await deps.phonekey.life.readPhone(principal);
  if (!state.ok) return undefined;
  if (state.value.pending) return PATH;
  return maskPhone(state.value.phone) === view.phone ? "/account?saved" : undefined;
}

/** POST /account/phone/cancel: keeps the present number. */
export const cancelPhoneChange: Handler = (c, deps) =>
  withForm(c, deps, async ({ principal }) => {
    await deps.phonekey.life.cancelPhoneChange(principal);
    return c.redirect("/account", 303);
  });

async function answer(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, csrf }: Visitor,
  { sent, form, refusal, challenge }: Shown,
): Promise<Response> {
  // Nothing that the person could enter here changes it.
  if (refusal?.code === "template_unavailable") return await messagePageFor(c, deps, refusal);
  const state = await deps.phonekey.life.readPhone(principal);
  if (!state.ok) return await messagePageFor(c, deps, state.refusal);
  const { phone, pending } = state.value;
  if (!pending && !deps.phonekey.life.mayChangePhone(principal).ok) return confirmFirst(c, PATH);
  const context = pageContext(c, deps, { path: PATH, csrf });
  const seconds = refusal?.retryAfterSeconds;
  const page = phoneChangePage({
    context,
    phoneMasked: maskPhone(phone),
    form: form
      ? { ...form, phone: form.phone.slice(0, 64) }
      : { country: deps.settings.phones.defaultCountry, phone: "" },
    countries: countryOptions(deps.settings.phones.allowedCountries, context.locale),
    waitsMs: deps.phonekey.life.phoneChangeMs,
    ...(pending && { pending }),
    ...(sent && { sent }),
    ...(refusal && !isDemand(refusal) && { error: ownRefusalText(principal, refusal, context.locale) }),
    isOfCode: refusal !== undefined && isOfCode(refusal),
    isBlameless: refusal !== undefined && isBlameless(refusal),
    ...(seconds && { retryAfterSeconds: seconds }),
    ...(challenge && { challenge }),
  });
  return await sendOutcome(c, deps, page, { refusal, challenge });
}
