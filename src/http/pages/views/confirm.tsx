import { CONFIRM_COPY } from "../copy/confirm.ts";
import { COPY } from "../copy.ts";
import { CodeField } from "./code.tsx";
import { FactorForm } from "./factor-form.tsx";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { Banner, Form, PhoneNumber } from "./parts.tsx";

export interface ConfirmPageProps {
  readonly context: PageContext;
  /** Where the person came from, and goes back to. */
  readonly to: string;
  readonly phoneMasked: string;
  /** The code that was sent and still works; absent where there is none. */
  readonly sent?: { readonly codeLength: number; readonly resendInSeconds: number };
  /** What raises the session, by its name in `amr`. */
  readonly methods: readonly string[];
  /** What a browser is to sign, where passkeys count. */
  readonly passkeyOptions?: string;
  readonly error?: string;
}

/** Asks a signed-in person to confirm that it is them. Posts `csrf` to /account/confirm/send, `code` to /account/confirm. */
export function confirmPage(props: ConfirmPageProps): Page {
  const { context, error, sent, to } = props;
  const copy = CONFIRM_COPY[context.locale];
  const takesSms = props.methods.includes("sms");
  return layout(
    { context, title: copy.title, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.title}</h1>
      {error && !sent && <Banner kind="error">{error}</Banner>}
      <FactorForm {...props} action="/account/confirm" />
      {takesSms && (sent ? <Sent {...props} sent={sent} /> : <Unsent {...props} />)}
      <div class="aside-actions">
        <a class="link-button" href={to}>
          {copy.back}
        </a>
      </div>
    </>,
  );
}

function Unsent({ context, phoneMasked }: ConfirmPageProps) {
  const copy = CONFIRM_COPY[context.locale];
  const [before, after] = copy.bySms;
  return (
    <>
      <p class="lead">
        {`${copy.lead} ${before}`}
        <PhoneNumber value={phoneMasked} after={after} />
      </p>
      <Form context={context} action="/account/confirm/send" class="stack">
        <button class="button button-primary" type="submit">
          {copy.send}
        </button>
      </Form>
    </>
  );
}

type SentProps = ConfirmPageProps & { readonly sent: NonNullable<ConfirmPageProps["sent"]> };

function Sent({ context, phoneMasked, sent, error }: SentProps) {
  const { codeLength, resendInSeconds } = sent;
  const copy = COPY[context.locale].code;
  const [before, after] = copy.sentTo(codeLength);
  return (
    <>
      <p class="lead">
        {before}
        <PhoneNumber value={phoneMasked} after={after} />
      </p>
      <Form context={context} action="/account/confirm" class="stack" enhance="code">
        <input type="hidden" name="by" value="sms" />
        <CodeField context={context} length={codeLength} error={error} />
        <button class="button button-primary" type="submit">
          {CONFIRM_COPY[context.locale].submit}
        </button>
      </Form>
      <Form context={context} action="/account/confirm/send" class="resend" enhance="resend">
        <button
          class="link-button"
          type="submit"
          data-countdown={String(resendInSeconds)}
          data-text={copy.resendCountdown}
          data-done={copy.resend}
        >
          {copy.resend}
        </button>
        <span class="hidden-text" role="status" data-ready={copy.resendReady}></span>
      </Form>
    </>
  );
}
