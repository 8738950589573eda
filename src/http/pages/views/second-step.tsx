import { FACTORS_COPY } from "../copy/factors.ts";
import { FactorForm, type FactorFormProps } from "./factor-form.tsx";
import { layout, type Page } from "./layout.tsx";
import { AsideLink, Banner } from "./parts.tsx";
import { SmsStep, type SmsStepProps } from "./sms-step.tsx";

export interface SecondStepPageProps extends FactorFormProps {
  /** Whether the code by SMS is what was wrong. */
  readonly isAtSms: boolean;
  /** Whether what is wrong is a code at all. */
  readonly isOfCode: boolean;
  /** Where a code by SMS counts beside the first factor. */
  readonly sms?: Pick<SmsStepProps, "phoneMasked" | "sent" | "challenge">;
}

/** The second step of a sign-in. */
export function secondStepPage(props: SecondStepPageProps): Page {
  const { context, action, error, isOfCode, methods, sms } = props;
  const copy = FACTORS_COPY[context.locale];
  const isSent = sms?.sent !== undefined;
  const takesCode = methods.includes("otp") || methods.includes("recovery");
  const atSms = isOfCode && props.isAtSms && isSent;
  const atCode = isOfCode && !props.isAtSms && takesCode;
  const step = sms && <SmsStep {...{ context, action, ...sms }} {...(atSms && error && { error })} />;
  return layout(
    { context, title: copy.secondTitle, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.secondTitle}</h1>
      {error && !atCode && !atSms && <Banner kind="error">{error}</Banner>}
      <p class="lead">{methods.length > 0 ? copy.secondLead : copy.none}</p>
      {isSent && step}
      <FactorForm {...omitError(props)} hasFocus={!isSent} {...(atCode && error && { error })} />
      {!isSent && step}
      <AsideLink href="/sign-in">{copy.startOver}</AsideLink>
    </>,
  );
}

function omitError({ error: _, ...props }: SecondStepPageProps): FactorFormProps {
  return props;
}
