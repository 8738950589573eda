import { FactorForm, type FactorFormProps } from "./factor-form.tsx";
import { Banner } from "./parts.tsx";
import { SmsStep, type SmsStepProps } from "./sms-step.tsx";

export interface FactorStepsProps extends Omit<FactorFormProps, "codeError" | "passwordError" | "hasFocus"> {
  /** The error. `by` names the factor that it is about, by its name in `amr`, if it is about one. */
  readonly wrong?: { readonly by?: string; readonly text: string };
  /** Present if a code by SMS counts. */
  readonly sms?: Pick<SmsStepProps, "phoneMasked" | "sent" | "challenge">;
}

/**
 * All ways to show who somebody is: first the code that was sent to them, if one was, and otherwise the other factors.
 * An error is shown at the input that it is about, or above everything if there is no such input.
 */
export function FactorSteps({ lead, ...props }: FactorStepsProps & { readonly lead: string }) {
  const { context, action, methods, wrong, sms } = props;
  const isSent = sms?.sent !== undefined;
  const takesCode = methods.includes("otp") || methods.includes("recovery");
  const atSms = isSent && wrong?.by === "sms";
  const atCode = takesCode && (wrong?.by === "otp" || wrong?.by === "recovery");
  const atPassword = methods.includes("pwd") && wrong?.by === "pwd";
  const isOnlyWay = !takesCode && !methods.includes("pwd");
  const smsStep = sms && (
    <SmsStep {...{ context, action, isOnlyWay, ...sms }} {...(atSms && { error: wrong.text })} />
  );
  return (
    <>
      {wrong && !atCode && !atPassword && !atSms && <Banner kind="error">{wrong.text}</Banner>}
      <p class="lead">{lead}</p>
      {isSent && smsStep}
      <FactorForm
        {...props}
        hasFocus={!isSent}
        {...(atCode && { codeError: wrong.text })}
        {...(atPassword && { passwordError: wrong.text })}
      />
      {!isSent && smsStep}
    </>
  );
}
