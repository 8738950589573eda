import { COPY } from "../copy.ts";
import type { PageContext } from "./layout.tsx";
import { Form } from "./parts.tsx";

interface ResendCodeProps {
  readonly context: PageContext;
  readonly action: string;
  /** Until the code may be sent again; the server has the last word. */
  readonly seconds: number;
}

/** Sends a code again that one of the account's pages asked for. */
export function ResendCode({ context, action, seconds }: ResendCodeProps) {
  const copy = COPY[context.locale].code;
  return (
    <Form context={context} action={action} class="resend" enhance="resend">
      <button
        class="link-button"
        type="submit"
        data-countdown={String(seconds)}
        data-text={copy.resendCountdown}
        data-done={copy.resend}
      >
        {copy.resend}
      </button>
      <span class="hidden-text" role="status" data-ready={copy.resendReady}></span>
    </Form>
  );
}
