import { CODE_COPY } from "../../copy/code.ts";
import { LAYOUT_COPY } from "../../copy/layout.ts";
import { VERIFY_COPY } from "../../copy/verify.ts";
import type { PageChallenge } from "../challenge.tsx";
import { LockIcon, OutwardIcon } from "../icons.tsx";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { Banner, describedBy, FieldError, Form, PhoneNumber } from "../parts.tsx";
import { ResendForm, type ResendProps } from "../resend.tsx";
import { SentTo } from "../sent-to.tsx";
import { TemporaryPasswordField } from "../temporary-password-field.tsx";

/** What is shown where a code is entered. */
export interface CodeEntryProps {
  readonly phoneMasked: string;
  readonly codeLength: number;
  /** Whether it is a temporary password of letters. */
  readonly hasLetters?: boolean;
  /** Whole seconds; 0 when it may be sent again at once. */
  readonly resendInSeconds: number;
  readonly expiresInSeconds: number;
  /** What is wrong with the code that was entered. */
  readonly codeError?: string;
  /** What else is. */
  readonly error?: string;
  /** The challenge that must be solved before the code is sent again. */
  readonly challenge?: PageChallenge;
}

export interface CodePageProps extends CodeEntryProps {
  readonly context: PageContext;
  /** The code is spent or expired: the page offers a new one in its place. */
  readonly ended?: boolean;
  /** In development alone: where the messages can be read. */
  readonly inboxUrl?: string;
}

/**
 * Asks for the code. Posts `code` and `csrf` to /sign-in/code, and `csrf` alone to /sign-in/resend. After the end of
 * the code (`ended`) the latter has to start anew for the same phone.
 */
export function codePage(props: CodePageProps): Page {
  const { context, hasLetters, error, codeError, ended } = props;
  const copy = CODE_COPY[context.locale];
  const failed = [error, codeError].some((text) => text !== undefined) || ended === true;
  const openTitle = hasLetters ? VERIFY_COPY[context.locale].password.title : copy.title;
  return layout(
    { context, title: ended ? copy.endedTitle : openTitle, shape: "card", failed },
    <>
      {ended ? (
        <EndedCode {...props} error={error ?? codeError} restart={startOf(props)} />
      ) : (
        <Open {...props} title={openTitle} />
      )}
      <p class="small with-icon">
        <LockIcon />
        <span>{copy.neverShare}</span>
      </p>
      <Inbox context={context} url={props.inboxUrl} />
    </>,
  );
}

function Open(props: CodePageProps & { readonly title: string }) {
  const { context, title, codeLength, hasLetters, expiresInSeconds, error, codeError } = props;
  const copy = CODE_COPY[context.locale];
  return (
    <>
      <h1>{title}</h1>
      {error && <Banner kind="error">{error}</Banner>}
      <p class="lead">
        <SentTo {...props} isPassword={hasLetters === true} />
      </p>
      <Form context={context} action="/sign-in/code" class="stack">
        {hasLetters ? (
          <TemporaryPasswordField context={context} error={codeError} />
        ) : (
          <CodeField context={context} length={codeLength} goesOn error={codeError} />
        )}
        <p
          class="hint hint-warn"
          role="status"
          data-expires={String(expiresInSeconds)}
          data-text={copy.expired}
        ></p>
        <button class="button button-primary" type="submit">
          {copy.submit}
        </button>
      </Form>
      <div class="aside-actions">
        <ResendForm {...props} />
        <OtherNumber context={context} href={startOf(props)} />
      </div>
    </>
  );
}

/** Where such a code is asked for. */
function startOf({ hasLetters }: CodePageProps): string | undefined {
  return hasLetters ? "/temporary-password" : undefined;
}

interface CodeFieldProps {
  readonly context: PageContext;
  readonly length: number;
  /**
   * Whether the script sends the form after the last digit. False for actions that cannot be undone, and for forms with
   * further fields.
   */
  readonly goesOn?: boolean;
  readonly error?: string | undefined;
}

/**
 * One real input over a row of drawn cells, so that autofill, paste and screen readers meet a single field. It accepts
 * more than the digits, because a code that is pasted without the script may contain spaces or hyphens.
 */
export function CodeField({ context, length, goesOn, error }: CodeFieldProps) {
  const copy = CODE_COPY[context.locale];
  return (
    <div class="field">
      <label for="code">{copy.label}</label>
      <div class={error ? "code-field is-wrong" : "code-field"} data-length={String(length)}>
        <span class="cells" aria-hidden="true">
          {Array.from({ length }, () => (
            <span></span>
          ))}
        </span>
        <input
          id="code"
          name="code"
          type="text"
          inputmode="numeric"
          autocomplete="one-time-code"
          pattern={`[0-9]{${length}}`}
          maxlength={length * 2}
          data-code={String(length)}
          required
          autofocus
          aria-invalid={error ? "true" : undefined}
          aria-describedby={describedBy(error && "code-error", goesOn && "code-hint")}
        />
      </div>
      <FieldError id="code-error" text={error} />
      {goesOn && <p class="hint" id="code-hint" data-sends-itself={copy.goesOn}></p>}
    </div>
  );
}

interface EndedCodeProps
  extends Pick<CodePageProps, "phoneMasked" | "codeLength">,
    Omit<ResendProps, "label" | "primary"> {
  readonly error?: string | undefined;
  /** Where the person names another number. */
  readonly restart?: string | undefined;
}

/** Says that a code no longer works, and offers a new one. */
export function EndedCode(props: EndedCodeProps) {
  const { context, phoneMasked, error, restart } = props;
  const copy = CODE_COPY[context.locale];
  const [, after] = copy.sentTo(props.codeLength);
  return (
    <>
      <div role="alert" tabindex={-1} autofocus class="focus-target">
        <h1>{copy.endedTitle}</h1>
        {error && <p class="lead">{error}</p>}
        <p class="lead">
          {copy.endedText}
          <PhoneNumber value={phoneMasked} after={after} />
        </p>
      </div>
      <ResendForm {...props} label={copy.sendNew} primary />
      <div class="aside-actions">
        <OtherNumber context={context} href={restart} />
      </div>
    </>
  );
}

export function OtherNumber({
  context,
  href = "/sign-in",
}: {
  readonly context: PageContext;
  readonly href?: string | undefined;
}) {
  return (
    <a class="link-button" href={href}>
      {CODE_COPY[context.locale].otherNumber}
    </a>
  );
}

function Inbox({ context, url }: { readonly context: PageContext; readonly url: string | undefined }) {
  if (!url) return null;
  return (
    <p class="small development">
      <a class="link-button" href={url} target="_blank" rel="noopener">
        {CODE_COPY[context.locale].openInbox}
        <OutwardIcon />
        <span class="hidden-text">{LAYOUT_COPY[context.locale].opensInNewTab}</span>
      </a>
    </p>
  );
}
