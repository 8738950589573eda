import { VERIFY_COPY } from "../copy/verify.ts";
import type { PageContext } from "./layout.tsx";
import { describedBy, FieldError } from "./parts.tsx";

/** Takes a temporary password of letters, where a code has its row of cells. */
export function TemporaryPasswordField({
  context,
  error,
}: {
  readonly context: PageContext;
  readonly error: string | undefined;
}) {
  const copy = VERIFY_COPY[context.locale].password;
  return (
    <div class="field">
      <label for="code">{copy.label}</label>
      <input
        class={error ? "input is-wrong" : "input"}
        id="code"
        name="code"
        type="text"
        autocomplete="one-time-code"
        autocapitalize="characters"
        spellcheck={false}
        maxlength={32}
        required
        autofocus
        aria-invalid={error ? "true" : undefined}
        aria-describedby={describedBy(error && "code-error", "code-hint")}
      />
      <FieldError id="code-error" text={error} />
      <p class="hint" id="code-hint">
        {copy.hint}
      </p>
    </div>
  );
}
