import { FACTORS_COPY } from "../copy/factors.ts";
import type { PageContext } from "./layout.tsx";
import { describedBy, FieldError, Form } from "./parts.tsx";
import { PasswordInput } from "./password-input.tsx";

export interface FactorFormProps {
  readonly context: PageContext;
  readonly action: string;
  /** What counts, by its name in `amr`. */
  readonly methods: readonly string[];
  /** There where passkeys count. */
  readonly passkey?: PasskeyOffer;
  /** What is wrong with the input: with the code of an app or for recovery, and with the password. */
  readonly codeError?: string;
  readonly passwordError?: string;
  /** Whether the form gets the focus; true by default. */
  readonly hasFocus?: boolean;
}

/** What a browser has to sign, or to make a passkey of, as JSON; or why it is not asked now. */
export type PasskeyOffer = { readonly options: string } | { readonly refused: string };

/** How a button of several forms looks: the first is the one to press, the others are other ways. */
export function buttonClass(isFirst: boolean): string {
  return isFirst ? "button button-primary" : "button button-quiet";
}

/** Takes one factor: posts `code` (of an app, or for recovery), `password`, or `passkey` (by the script). */
export function FactorForm(props: FactorFormProps) {
  const { context, action, methods, passkey, passwordError } = props;
  const copy = FACTORS_COPY[context.locale];
  const takesCode = methods.includes("otp") || methods.includes("recovery");
  const isFirst = props.hasFocus !== false;
  return (
    <>
      {takesCode && <CodeForm {...props} />}
      {methods.includes("pwd") && (
        <Form context={context} action={action} class="stack">
          <PasswordInput
            context={context}
            label={copy.password}
            autofocus={isFirst && passwordError !== undefined}
            error={passwordError}
          />
          <button class={buttonClass(isFirst && !takesCode)} type="submit">
            {copy.submit}
          </button>
        </Form>
      )}
      {passkey && (
        <PasskeyForm context={context} action={action} ceremony="get" offer={passkey} label={copy.passkey} />
      )}
    </>
  );
}

function CodeForm({ context, action, methods, codeError, passwordError, hasFocus = true }: FactorFormProps) {
  const copy = FACTORS_COPY[context.locale];
  const takesApp = methods.includes("otp");
  const takesEither = takesApp && methods.includes("recovery");
  return (
    <Form context={context} action={action} class="stack">
      <div class="field">
        <label for="factor-code">{takesApp ? copy.code : copy.recoveryCode}</label>
        <input
          class={codeError ? "input is-wrong" : "input"}
          id="factor-code"
          name="code"
          type="text"
          inputmode={takesApp && !takesEither ? "numeric" : undefined}
          autocomplete={takesApp ? "one-time-code" : "off"}
          maxlength={64}
          required
          spellcheck={false}
          autocapitalize="none"
          autofocus={hasFocus && passwordError === undefined}
          aria-invalid={codeError ? "true" : undefined}
          aria-describedby={describedBy(codeError && "factor-error", takesEither && "factor-hint")}
        />
        <FieldError id="factor-error" text={codeError} />
        {takesEither && (
          <p class="hint" id="factor-hint">
            {copy.codeHint}
          </p>
        )}
      </div>
      <button class={buttonClass(hasFocus)} type="submit">
        {copy.submit}
      </button>
    </Form>
  );
}

interface PasskeyFormProps {
  readonly context: PageContext;
  readonly action: string;
  readonly ceremony: "create" | "get";
  readonly offer: PasskeyOffer;
  readonly label: string;
}

/** The button works only with the script: browsers have no other way to a passkey. */
export function PasskeyForm({ context, action, ceremony, offer, label }: PasskeyFormProps) {
  if ("refused" in offer) return <p class="stack hint">{offer.refused}</p>;
  const copy = FACTORS_COPY[context.locale];
  return (
    <Form context={context} action={action} class="stack">
      <input type="hidden" name="passkey" data-passkey={ceremony} data-options={offer.options} />
      <button class="button button-quiet" type="submit">
        {label}
      </button>
      <p
        class="hint hint-warn"
        role="status"
        data-failed={copy.passkeyFailed}
        data-unsupported={copy.passkeyUnsupported}
      ></p>
      <noscript>
        <p class="hint">{copy.needsScript}</p>
      </noscript>
    </Form>
  );
}
