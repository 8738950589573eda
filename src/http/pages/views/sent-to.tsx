import { CODE_COPY } from "../copy/code.ts";
import { duration } from "./format.ts";
import type { PageContext } from "./layout.tsx";
import { PhoneNumber } from "./parts.tsx";

interface SentToProps {
  readonly context: PageContext;
  readonly phoneMasked: string;
  readonly codeLength: number;
  /** Whether it is called a temporary password. */
  readonly isPassword?: boolean;
  /** Whole seconds; if absent, the validity is not mentioned. */
  readonly expiresInSeconds?: number;
}

/** Says where a code was sent to, and how long it works. */
export function SentTo({ context, phoneMasked, codeLength, isPassword, expiresInSeconds = 0 }: SentToProps) {
  const copy = CODE_COPY[context.locale];
  const [before, after] = isPassword ? copy.passwordSentTo : copy.sentTo(codeLength);
  return (
    <>
      {before}
      <PhoneNumber value={phoneMasked} after={after} />
      {expiresInSeconds > 0 && copy.validFor(duration(expiresInSeconds, context.locale))}
    </>
  );
}
