import { CONFIRM_COPY } from "../copy/confirm.ts";
import type { SentCode } from "../held.ts";
import { Challenge, type PageChallenge } from "./challenge.tsx";
import { buttonClass } from "./factor-form.tsx";
import type { PageContext } from "./layout.tsx";
import { Form, PhoneNumber } from "./parts.tsx";
import { ResendForm } from "./resend.tsx";
import { SentTo } from "./sent-to.tsx";
import { CodeField } from "./sign-in/code.tsx";

export interface SmsStepProps {
  readonly context: PageContext;
  /** The address to which the code is posted. With `/send` appended it sends one. */
  readonly action: string;
  readonly phoneMasked: string;
  /** The code that was sent and still works. */
  readonly sent?: SentCode;
  /** The challenge that must be solved before a code is sent. */
  readonly challenge?: PageChallenge;
  readonly error?: string;
  /** Whether no form above it takes anything. */
  readonly isOnlyWay: boolean;
}

/** A code to the person's own phone as a factor: posts `by=sms` and `code`. */
export function SmsStep({ sent, ...props }: SmsStepProps) {
  return sent ? <Sent {...props} sent={sent} /> : <Unsent {...props} />;
}

function Unsent({ context, action, phoneMasked, challenge, isOnlyWay }: SmsStepProps) {
  const copy = CONFIRM_COPY[context.locale];
  const [before, after] = copy.bySms;
  return (
    <>
      <p class="lead">
        {before}
        <PhoneNumber value={phoneMasked} after={after} />
      </p>
      <Form context={context} action={`${action}/send`} class="stack" sendsOnce>
        {challenge && <Challenge context={context} {...challenge} />}
        <button class={buttonClass(isOnlyWay)} type="submit">
          {copy.send}
        </button>
      </Form>
    </>
  );
}

function Sent({ context, action, sent, challenge, error }: SmsStepProps & { readonly sent: SentCode }) {
  return (
    <>
      <p class="lead">
        <SentTo context={context} {...sent} />
      </p>
      <Form context={context} action={action} class="stack">
        <input type="hidden" name="by" value="sms" />
        <CodeField context={context} length={sent.codeLength} goesOn error={error} />
        <button class="button button-primary" type="submit">
          {CONFIRM_COPY[context.locale].submit}
        </button>
      </Form>
      <ResendForm {...{ context, challenge, ...sent }} action={`${action}/send`} />
    </>
  );
}
