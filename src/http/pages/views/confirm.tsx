import { CONFIRM_COPY } from "../copy/confirm.ts";
import { FACTORS_COPY } from "../copy/factors.ts";
import type { SentCode } from "../held.ts";
import { FactorForm } from "./factor-form.tsx";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { AsideLink, Banner } from "./parts.tsx";
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
  /** What a person who signs in anew goes on with, where this session does not take it. */
  readonly anew?: "code" | "recovery";
  /** Why not; `by` where it is what was shown, by its name in `amr`. */
  readonly wrong?: { readonly by?: string; readonly text: string };
}

/** Asks a signed-in person to confirm that it is them. Posts `csrf` to /account/confirm/send, `code` to /account/confirm. */
export function confirmPage(props: ConfirmPageProps): Page {
  const { context, wrong, sent, to, methods, phoneMasked, anew } = props;
  const copy = CONFIRM_COPY[context.locale];
  const none = anew === "code" ? copy.signInAnew.code : FACTORS_COPY[context.locale].none;
  const action = "/account/confirm";
  const takesSms = methods.includes("sms");
  const isSent = takesSms && sent !== undefined;
  const atSms = isSent && wrong?.by === "sms";
  const takesCode = methods.includes("otp") || methods.includes("recovery");
  const atCode = takesCode && (wrong?.by === "otp" || wrong?.by === "recovery");
  const sms = takesSms && (
    <SmsStep
      {...{ context, action, phoneMasked }}
      {...(sent && { sent })}
      {...(atSms && { error: wrong.text })}
    />
  );
  return layout(
    { context, title: copy.title, shape: "card", failed: wrong !== undefined },
    <>
      <h1>{copy.title}</h1>
      {wrong && !atSms && !atCode && <Banner kind="error">{wrong.text}</Banner>}
      <p class="lead">{methods.length > 0 ? copy.lead : none}</p>
      {isSent && sms}
      <FactorForm {...props} action={action} hasFocus={!isSent} {...(atCode && { error: wrong.text })} />
      {!isSent && sms}
      {anew === "recovery" && <p class="small">{copy.signInAnew.recovery}</p>}
      <AsideLink href={to}>{copy.back}</AsideLink>
    </>,
  );
}
