import type { Context } from "hono";
import { nationalForm, type Phone } from "../../../core/phone.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { pageContext, pageLocale } from "../context.ts";
import { ownRefusalText } from "../errors.ts";
import { sendOutcome } from "../forms/outcome.ts";
import { goOnAgain, resume } from "../sign-in/enter.ts";
import { passwordPage } from "../views/account/password.tsx";
import {
  type Handler,
  OWN_PASSWORD as PATH,
  renewDevice,
  type Visitor,
  withForm,
  withVisitor,
} from "../visitor.ts";
import { confirmFirst } from "./confirm.ts";

/** GET /account/password: asks for a new password. */
export const showPassword: Handler = (c, deps) =>
  withVisitor(c, deps, (visitor) => passwordForm(c, deps, visitor));

/**
 * POST /account/password: sets the password. Visitors who have not signed in recently first confirm that it is them.
 */
export const submitPassword: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const changed = await deps.phonekey.passwords.change({
      principal: visitor.principal,
      locale: pageLocale(c, deps.settings),
      newPassword: fields.get("password") ?? "",
    });
    if (changed.ok) {
      await renewDevice(c, deps);
      if (visitor.principal.session.mustSetPassword) return await resume(c, deps);
      // The form was sent twice, and the first one has set the required password. Go on to where that one led.
      return fields.has("needed") ? await goOnAgain(c, deps) : c.redirect("/account?saved", 303);
    }
    return await answerRefused(c, deps, visitor, changed.refusal);
  });

/** POST /account/password/remove: removes it, under the same rule. */
export const removePassword: Handler = (c, deps) =>
  withForm(c, deps, async (visitor) => {
    const { principal } = visitor;
    const removed = await deps.phonekey.passwords.remove({ principal, locale: pageLocale(c, deps.settings) });
    return removed.ok
      ? c.redirect("/account?saved", 303)
      : await answerRefused(c, deps, visitor, removed.refusal);
  });

/** Leads to the confirmation if the refusal asks for one. Shows any other refusal on the page. */
async function answerRefused(
  c: Context<Env>,
  deps: HttpDeps,
  visitor: Visitor,
  refusal: Refusal,
): Promise<Response> {
  if (refusal.code === "step_up_required") return confirmFirst(c, PATH);
  return await passwordForm(c, deps, visitor, refusal);
}

async function passwordForm(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, csrf }: Visitor,
  refusal?: Refusal,
): Promise<Response> {
  const context = pageContext(c, deps, { path: PATH, csrf });
  const { hasPassword, phone } = await deps.phonekey.account.read(principal.user);
  const page = passwordPage({
    context,
    hasPassword,
    isNeeded: principal.session.mustSetPassword === true,
    ...(deps.phonekey.passwords.mayChange(principal) && { username: typedForm(deps, phone) }),
    ...(refusal && { error: ownRefusalText(principal, refusal, context.locale) }),
  });
  return await sendOutcome(c, deps, page, { refusal });
}

/** The number as its owner types it to sign in: a password manager will fill in there what it stores here. */
function typedForm({ settings }: HttpDeps, phone: Phone): string {
  return settings.phones.defaultCountry === "CN" ? nationalForm(phone) : phone;
}
