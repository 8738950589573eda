import { PASSWORD_COPY } from "../copy/password.ts";
import { PASSWORD_SIGN_IN_COPY } from "../copy/password-sign-in.ts";
import { EyeIcon } from "./icons.tsx";
import type { PageContext } from "./layout.tsx";
import { describedBy, FieldError } from "./parts.tsx";

export interface PasswordInputProps {
  readonly context: PageContext;
  readonly label: string;
  /** Whether the field takes a new password, and not the existing one. */
  readonly isNew?: boolean;
  readonly autofocus?: boolean;
  /** The address where the script has the password judged before the form is sent. */
  readonly judgedAt?: string;
  readonly error?: string | undefined;
  /**
   * The id of a text above the field that is read out with it: a screen reader that starts at this field has passed it.
   */
  readonly note?: string;
}

/**
 * Takes a password as `password`. What was typed is never sent back into the page. The script shows the button that
 * makes it readable; pasting and password managers work as they are (NIST SP 800-63B-4, 3.1.1.2).
 */
export function PasswordInput({
  context,
  label,
  isNew,
  autofocus,
  judgedAt,
  error,
  note,
}: PasswordInputProps) {
  const copy = PASSWORD_SIGN_IN_COPY[context.locale];
  return (
    <div class="field">
      <label for="password">{label}</label>
      <div class="password-field">
        <input
          class={error ? "input is-wrong" : "input"}
          id="password"
          name="password"
          type="password"
          autocomplete={isNew ? "new-password" : "current-password"}
          autocapitalize="none"
          spellcheck={false}
          maxlength={1_024}
          required
          autofocus={autofocus}
          data-judged-at={judgedAt}
          aria-invalid={error ? "true" : undefined}
          aria-describedby={describedBy(error && "password-error", note, isNew && "password-hint")}
        />
        <button
          class="password-toggle"
          type="button"
          hidden
          aria-label={copy.show}
          aria-pressed="false"
          aria-controls="password"
        >
          <EyeIcon />
        </button>
      </div>
      <FieldError id="password-error" text={error} />
      {isNew && (
        <p class="hint" id="password-hint">
          {PASSWORD_COPY[context.locale].hint}
        </p>
      )}
    </div>
  );
}
