import { FACTORS_COPY } from "../copy/factors.ts";
import { FactorForm, type FactorFormProps } from "./factor-form.tsx";
import { layout, type Page } from "./layout.tsx";
import { Banner } from "./parts.tsx";
import { SmsStep, type SmsStepProps } from "./sms-step.tsx";

export interface SecondStepPageProps extends FactorFormProps {
  /** Where a code by SMS counts beside the first factor. */
  readonly sms?: Pick<SmsStepProps, "phoneMasked" | "sent">;
}

/** The second step of a sign-in. */
export function secondStepPage(props: SecondStepPageProps): Page {
  const { context, error, methods, sms } = props;
  const copy = FACTORS_COPY[context.locale];
  return layout(
    { context, title: copy.secondTitle, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.secondTitle}</h1>
      {error && !methods.includes("otp") && !sms?.sent && <Banner kind="error">{error}</Banner>}
      <p class="lead">{methods.length > 0 ? copy.secondLead : copy.none}</p>
      <FactorForm {...props} />
      {sms && <SmsStep {...props} {...sms} />}
      <div class="aside-actions">
        <a class="link-button" href="/sign-in">
          {copy.startOver}
        </a>
      </div>
    </>,
  );
}
