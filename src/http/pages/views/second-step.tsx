import { FACTORS_COPY } from "../copy/factors.ts";
import { FactorForm, type FactorFormProps } from "./factor-form.tsx";
import { layout, type Page } from "./layout.tsx";
import { AsideLink, Banner } from "./parts.tsx";
import { SmsStep, type SmsStepProps } from "./sms-step.tsx";

export interface SecondStepPageProps extends Omit<FactorFormProps, "error" | "hasFocus"> {
  /** Why not; `by` where it is what was shown, by its name in `amr`. */
  readonly wrong?: { readonly by?: string; readonly text: string };
  /** Where a code by SMS counts beside the first factor. */
  readonly sms?: Pick<SmsStepProps, "phoneMasked" | "sent" | "challenge">;
}

/** The second step of a sign-in. */
export function secondStepPage(props: SecondStepPageProps): Page {
  const { context, action, wrong, methods, sms } = props;
  const copy = FACTORS_COPY[context.locale];
  const isSent = sms?.sent !== undefined;
  const takesCode = methods.includes("otp") || methods.includes("recovery");
  const atSms = isSent && wrong?.by === "sms";
  const atCode = takesCode && (wrong?.by === "otp" || wrong?.by === "recovery");
  const step = sms && <SmsStep {...{ context, action, ...sms }} {...(atSms && { error: wrong.text })} />;
  return layout(
    { context, title: copy.secondTitle, shape: "card", failed: wrong !== undefined },
    <>
      <h1>{copy.secondTitle}</h1>
      {wrong && !atCode && !atSms && <Banner kind="error">{wrong.text}</Banner>}
      <p class="lead">{methods.length > 0 ? copy.secondLead : copy.none}</p>
      {isSent && step}
      <FactorForm {...props} hasFocus={!isSent} {...(atCode && { error: wrong.text })} />
      {!isSent && step}
      <AsideLink href="/sign-in">{copy.startOver}</AsideLink>
    </>,
  );
}
