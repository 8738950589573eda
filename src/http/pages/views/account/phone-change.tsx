import { HOUR_MS } from "../../../../core/time.ts";
import { LIFE_COPY } from "../../copy/life.ts";
import type { SentCode } from "../../held.ts";
import { Challenge } from "../challenge.tsx";
import { layout, type Page } from "../layout.tsx";
import { AsideLink, Banner, Form, PhoneNumber, Time } from "../parts.tsx";
import { ResendForm } from "../resend.tsx";
import { SentTo } from "../sent-to.tsx";
import { CodeField } from "../sign-in/code.tsx";
import { PhoneField, type PhonePageProps } from "../sign-in/phone.tsx";

export interface PhoneChangePageProps extends PhonePageProps {
  /** The present number, masked. */
  readonly phoneMasked: string;
  /** How long a change waits, milliseconds. */
  readonly waitsMs: number;
  /** The change that is about to take effect; `takesEffectAt` in epoch milliseconds. */
  readonly pending?: { readonly phone: string; readonly takesEffectAt: number };
  /**
   * Whether the error is about the code. If that code no longer works, the page asks for a number and shows no error at
   * it.
   */
  readonly isOfCode: boolean;
  /** The code that was sent to the new number and still works. */
  readonly sent?: SentCode;
}

/**
 * Moves the account to another number. Posts `country`, `phone`, `once` and `captcha` to /account/phone/send, `code` to
 * /account/phone, `captcha` alone to /account/phone/resend, and nothing else to /account/phone/cancel; each with `csrf`.
 */
export function phoneChangePage(props: PhoneChangePageProps): Page {
  const { context, pending, sent, error } = props;
  const copy = LIFE_COPY[context.locale];
  const title = pending ? copy.phone.pendingTitle : sent ? copy.phone.codeTitle : copy.phone.title;
  return layout(
    { context, title, shape: "card", failed: error !== undefined },
    <>
      <h1>{title}</h1>
      {pending ? (
        <Pending {...props} pending={pending} />
      ) : sent ? (
        <Sent {...props} sent={sent} />
      ) : (
        <Ask {...props} />
      )}
      <AsideLink href="/account">{copy.back}</AsideLink>
    </>,
  );
}

function Ask(props: PhoneChangePageProps) {
  const { context, phoneMasked, waitsMs, challenge, isOfCode, error, ...field } = props;
  const copy = LIFE_COPY[context.locale].phone;
  const [before, after, next] = copy.lead;
  const hours = Math.round(waitsMs / HOUR_MS);
  return (
    <>
      {isOfCode && error && <Banner kind="error">{error}</Banner>}
      <p class="lead">
        {before}
        <PhoneNumber value={phoneMasked} after={after} />
        {next}
      </p>
      <Form context={context} action="/account/phone/send" class="stack" sendsOnce>
        <PhoneField {...{ ...field, context }} {...(!isOfCode && error && { error })} />
        {challenge && <Challenge context={context} {...challenge} />}
        <button class="button button-primary" type="submit">
          {copy.submit}
        </button>
      </Form>
      <p class="small">{hours > 0 ? copy.waits(hours) : copy.atOnce}</p>
    </>
  );
}

function Sent(props: PhoneChangePageProps & { readonly sent: SentCode }) {
  const { context, sent, challenge, error, isOfCode } = props;
  const copy = LIFE_COPY[context.locale].phone;
  return (
    <>
      {!isOfCode && error && <Banner kind="error">{error}</Banner>}
      <p class="lead">
        <SentTo context={context} {...sent} />
      </p>
      <Form context={context} action="/account/phone" class="stack">
        <CodeField context={context} length={sent.codeLength} goesOn {...(isOfCode && { error })} />
        <button class="button button-primary" type="submit">
          {copy.codeSubmit}
        </button>
      </Form>
      <ResendForm {...{ context, challenge, ...sent }} action="/account/phone/resend" />
      <AsideLink href="/account/phone?other">{copy.other}</AsideLink>
    </>
  );
}

type PendingProps = PhoneChangePageProps & {
  readonly pending: NonNullable<PhoneChangePageProps["pending"]>;
};

function Pending({ context, pending, error }: PendingProps) {
  const copy = LIFE_COPY[context.locale].phone;
  const [before, after] = copy.pending;
  const [at, until] = copy.pendingUntil;
  return (
    <>
      {error && <Banner kind="error">{error}</Banner>}
      <p class="lead">
        {before}
        <PhoneNumber value={pending.phone} after={after} />
      </p>
      <p class="lead">
        {at}
        <Time at={pending.takesEffectAt} locale={context.locale} />
        {until}
      </p>
      <Form context={context} action="/account/phone/cancel" class="stack">
        <button class="button button-danger" type="submit">
          {copy.cancel}
        </button>
      </Form>
    </>
  );
}
