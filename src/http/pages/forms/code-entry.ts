import type { Locale } from "../../../core/locale.ts";
import { alphabetOf } from "../../../core/verification/code.ts";
import type { VerificationView } from "../../../core/verification/verification.ts";
import { refusalText } from "../../problem.ts";
import { secondsUntil } from "../held.ts";
import type { CodeEntryProps } from "../views/sign-in/code.tsx";
import { isDemand, isOfCode, type Outcome } from "./outcome.ts";

/** What a page shows where a code is entered, including the outcome of the last code. */
export function codeEntry(
  view: VerificationView,
  { refusal, challenge }: Outcome,
  { locale, now }: { readonly locale: Locale; readonly now: number },
): CodeEntryProps {
  return {
    phoneMasked: view.phone,
    codeLength: view.codeLength,
    hasLetters: alphabetOf(view.codeLength) === "letters",
    resendInSeconds: secondsUntil(view.resendAt, now),
    expiresInSeconds: secondsUntil(view.expiresAt, now),
    ...(refusal &&
      !isDemand(refusal) && { [isOfCode(refusal) ? "codeError" : "error"]: refusalText(refusal, locale) }),
    ...(challenge && { challenge }),
  };
}
