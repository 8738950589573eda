import { PASSWORD_SIGN_IN_COPY } from "../../copy/password-sign-in.ts";
import { PHONE_COPY } from "../../copy/phone.ts";
import { VERIFY_COPY } from "../../copy/verify.ts";
import { Challenge, type PageChallenge } from "../challenge.tsx";
import { inTime } from "../format.ts";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { AsideLink, Banner, describedBy, FieldError, Form } from "../parts.tsx";

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  /** Digits only, such as `86`. */
  readonly callingCode: string;
  /** In the language of the page. */
  readonly name: string;
  /** The flag as an emoji. */
  readonly flag: string;
}

export interface PhonePageProps {
  readonly context: PageContext;
  readonly form: {
    readonly country: string;
    readonly phone: string;
    /** What is sent to it: a code, or a temporary password. */
    readonly purpose?: "sign_in" | "temporary_password";
  };
  /** The allowed countries in the order of display. If there is only one, there is no picker. */
  readonly countries: readonly Country[];
  readonly error?: string;
  /** Whether the error says nothing against the number, for example that it is too soon. */
  readonly isBlameless?: boolean;
  readonly retryAfterSeconds?: number;
  /** Whether new people get an account. */
  readonly takesNew?: boolean;
  /** Why the person was sent here. */
  readonly notice?: string;
  readonly challenge?: PageChallenge;
}

/** Asks for the phone. Posts `country`, `phone`, `once`, `csrf`, `captcha` and perhaps `purpose` to /sign-in. */
export function phonePage(props: PhonePageProps): Page {
  const { context, form, takesNew, error, notice, challenge } = props;
  const isPassword = form.purpose === "temporary_password";
  const copy = PHONE_COPY[context.locale];
  const other = PASSWORD_SIGN_IN_COPY[context.locale];
  const { title, lead, submit } = isPassword ? VERIFY_COPY[context.locale].askPassword : copy;
  return layout(
    { context, title, shape: "card", failed: error !== undefined },
    <>
      <h1>{title}</h1>
      {notice && <Banner kind="notice">{notice}</Banner>}
      <p class="lead">{takesNew && !isPassword ? lead + copy.newHere : lead}</p>
      <Form context={context} action="/sign-in" class="stack" sendsOnce>
        {isPassword && <input type="hidden" name="purpose" value="temporary_password" />}
        <PhoneField {...props} />
        {challenge && <Challenge context={context} {...challenge} />}
        <button class="button button-primary" type="submit">
          {submit}
        </button>
      </Form>
      <p class="small">{copy.smallPrint}</p>
      {isPassword ? (
        <AsideLink href="/sign-in">{other.byCode}</AsideLink>
      ) : (
        <AsideLink href="/sign-in/password">{other.link}</AsideLink>
      )}
    </>,
  );
}

export interface PhoneFieldProps
  extends Pick<
    PhonePageProps,
    "context" | "form" | "countries" | "error" | "isBlameless" | "retryAfterSeconds"
  > {
  /** Whether another field of the form has to be filled in first. */
  readonly isFilled?: boolean;
  /** Whether a password belongs to it: then a password manager fills in both. */
  readonly isUsername?: boolean;
}

export function PhoneField(props: PhoneFieldProps) {
  const { context, form, countries, error, retryAfterSeconds } = props;
  const copy = PHONE_COPY[context.locale];
  const only = countries.length === 1 ? countries[0] : undefined;
  const isWrong = error !== undefined && !props.isBlameless;
  return (
    <div class="field">
      <label for="phone">{copy.phone}</label>
      <div class={isWrong ? "phone-field is-wrong" : "phone-field"} data-phone-field="">
        {only ? <OnlyCountry country={only} /> : <CountrySelect {...props} />}
        <input
          id="phone"
          name="phone"
          type="tel"
          inputmode="tel"
          autocomplete={props.isUsername ? "username" : "tel"}
          value={form.phone}
          maxlength={40}
          required
          autofocus={!props.isFilled}
          aria-invalid={isWrong ? "true" : undefined}
          aria-describedby={describedBy(
            only && "phone-prefix",
            error && "phone-error",
            retryAfterSeconds !== undefined && "phone-retry",
          )}
        />
      </div>
      <FieldError id="phone-error" text={error} />
      <Retry context={context} seconds={retryAfterSeconds} />
    </div>
  );
}

function OnlyCountry({ country }: { readonly country: Country }) {
  return (
    <span class="prefix" id="phone-prefix">
      <input type="hidden" name="country" value={country.code} />
      <span class="hidden-text">{`${country.name} `}</span>
      <span class="flag" aria-hidden="true">
        {country.flag}
      </span>
      {`+${country.callingCode}`}
    </span>
  );
}

/** A plain select. The script replaces it by a button with a searchable list. */
function CountrySelect({ context, form, countries }: PhoneFieldProps) {
  const copy = PHONE_COPY[context.locale];
  return (
    <select
      class="country"
      name="country"
      aria-label={copy.country}
      autocomplete="off"
      data-country=""
      data-chosen={copy.chosenCountry}
      data-search={copy.search}
      data-close={copy.close}
      data-no-match={copy.noMatch}
      data-matches={copy.matches}
    >
      {countries.map(({ code, callingCode, name, flag }) => (
        <option
          value={code}
          selected={code === form.country}
          data-name={name}
          data-calling-code={callingCode}
          data-flag={flag}
        >
          {`${name} +${callingCode}`}
        </option>
      ))}
    </select>
  );
}

function Retry({
  context,
  seconds,
}: {
  readonly context: PageContext;
  readonly seconds: number | undefined;
}) {
  if (seconds === undefined) return null;
  const copy = PHONE_COPY[context.locale];
  return (
    <p
      class="hint"
      id="phone-retry"
      data-countdown={String(seconds)}
      data-text={copy.retryCountdown}
      data-done={copy.retryNow}
    >
      {copy.retryIn(inTime(seconds, context.locale))}
    </p>
  );
}
