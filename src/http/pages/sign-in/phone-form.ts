import type { Context } from "hono";
import { countryOptions, isCountryCode } from "../../../core/countries.ts";
import type { CountryCode } from "../../../core/phone.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { refusalText } from "../../problem.ts";
import { pageContext } from "../context.ts";
import { flowCsrf } from "../flow.ts";
import type { Fields } from "../forms/forms.ts";
import { isBlameless, isDemand, type Outcome, sendOutcome } from "../forms/outcome.ts";
import type { PageContext } from "../views/layout.tsx";
import { type PhoneFieldProps, phonePage } from "../views/sign-in/phone.tsx";

/** The purposes of a sign-in by a message. */
export type SignInPurpose = "sign_in" | "temporary_password";

export interface TypedPhone {
  readonly country: string;
  readonly phone: string;
}

export function typedPhone(fields: Fields): TypedPhone {
  return { country: fields.get("country") ?? "", phone: fields.get("phone") ?? "" };
}

/** The form before anything was typed. */
export function noPhone({ settings }: HttpDeps): TypedPhone {
  return { country: settings.phones.defaultCountry, phone: "" };
}

/** The phone as use cases take it. */
export function phoneInput({ country, phone }: TypedPhone): {
  readonly phone: string;
  readonly country?: CountryCode;
} {
  return { phone, ...(isCountryCode(country) && { country }) };
}

/** What a phone's field shows: what was typed, and what is wrong with it. */
export function phoneField(
  { settings }: HttpDeps,
  context: PageContext,
  { typed, refusal }: { readonly typed: TypedPhone; readonly refusal?: Refusal | undefined },
): PhoneFieldProps {
  const seconds = refusal?.retryAfterSeconds;
  return {
    context,
    form: { ...typed, phone: typed.phone.slice(0, 64) },
    countries: countryOptions(settings.phones.allowedCountries, context.locale),
    ...(refusal &&
      !isDemand(refusal) && {
        error: refusalText(refusal, context.locale),
        isBlameless: isBlameless(refusal),
      }),
    ...(seconds && { retryAfterSeconds: seconds }),
  };
}

/** The page that asks for the phone to which a code or a temporary password is sent. */
export async function phoneForm(
  c: Context<Env>,
  deps: HttpDeps,
  flow: Flow,
  {
    typed,
    purpose,
    refusal,
    challenge,
  }: { readonly typed: TypedPhone; readonly purpose: SignInPurpose } & Outcome,
): Promise<Response> {
  const path = purpose === "sign_in" ? "/sign-in" : "/temporary-password";
  const context = pageContext(c, deps, { path, csrf: flowCsrf(flow) });
  // This refusal sends people here, and says nothing against the number.
  const isHint = refusal?.code === "code_required";
  const field = phoneField(deps, context, { typed, refusal: isHint ? undefined : refusal });
  const page = phonePage({
    ...field,
    form: { ...field.form, purpose },
    takesNew: deps.settings.signUp === "open",
    ...(isHint && { notice: refusalText(refusal, context.locale) }),
    ...(challenge && { challenge }),
  });
  return await sendOutcome(c, deps, page, { refusal, challenge });
}
