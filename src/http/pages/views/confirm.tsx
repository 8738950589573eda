import { CONFIRM_COPY } from "../copy/confirm.ts";
import type { SentCode } from "../held.ts";
import { FactorForm } from "./factor-form.tsx";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { Banner } from "./parts.tsx";
import { SmsStep } from "./sms-step.tsx";

export interface ConfirmPageProps {
  readonly context: PageContext;
  /** Where the person came from, and goes back to. */
  readonly to: string;
  readonly phoneMasked: string;
  /** The code that was sent and still works; absent where there is none. */
  readonly sent?: SentCode;
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
      {takesSms && <SmsStep {...props} action="/account/confirm" lead={copy.lead} />}
      <div class="aside-actions">
        <a class="link-button" href={to}>
          {copy.back}
        </a>
      </div>
    </>,
  );
}
