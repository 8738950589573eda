import { CODE_COPY } from "../copy/code.ts";
import { Challenge, type PageChallenge } from "./challenge.tsx";
import { inTime } from "./format.ts";
import type { PageContext } from "./layout.tsx";
import { Form } from "./parts.tsx";

export interface ResendProps {
  readonly context: PageContext;
  /** The address to which it posts `csrf`, `captcha` and, if it is primary, `once`. */
  readonly action?: string;
  /** Whole seconds; 0 when it may be sent again at once. */
  readonly resendInSeconds: number;
  /** The challenge that must be solved before. */
  readonly challenge?: PageChallenge | undefined;
  readonly label?: string;
  /** Whether it sends a new code in place of one that has ended. */
  readonly primary?: boolean;
}

/** Sends a code again. The button works at any time. Only the script makes it wait, and the server decides. */
export function ResendForm({
  context,
  action = "/sign-in/resend",
  resendInSeconds,
  challenge,
  label = CODE_COPY[context.locale].resend,
  primary,
}: ResendProps) {
  const copy = CODE_COPY[context.locale];
  return (
    <Form context={context} action={action} class={primary ? "stack" : "resend"} sendsOnce={primary}>
      {challenge && <Challenge context={context} {...challenge} />}
      <button
        class={primary ? "button button-primary" : "link-button"}
        type="submit"
        data-countdown={String(resendInSeconds)}
        data-text={copy.resendCountdown}
        data-done={label}
      >
        {label}
      </button>
      {resendInSeconds > 0 && (
        <noscript>
          <p class="hint">{copy.resendIn(inTime(resendInSeconds, context.locale))}</p>
        </noscript>
      )}
      <span class="hidden-text" role="status" data-ready={copy.resendReady}></span>
    </Form>
  );
}
