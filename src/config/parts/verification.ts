import type { z } from "zod";
import { wholeNumber } from "../formats/format.ts";
import { withDefault } from "../setting.ts";

export interface VerificationConfig {
  readonly codeLength: number;
  readonly ttlSeconds: number;
  readonly attempts: number;
  readonly resendSeconds: number;
}

export const verificationVariables = {
  CODE_LENGTH: withDefault(wholeNumber(6, 8), "6", {
    part: "Verification",
    sentence: "How many digits a code has. Phonekey does not start if a sender carries fewer.",
  }),
  CODE_TTL_SECONDS: withDefault(wholeNumber(30, 600), "300", {
    part: "Verification",
    sentence: "How long a code is valid after it was sent; with resends, at most 10 minutes after the start.",
  }),
  CODE_ATTEMPTS: withDefault(wholeNumber(1, 5), "3", {
    part: "Verification",
    sentence: "How many guesses one verification allows.",
  }),
  RESEND_SECONDS: withDefault(wholeNumber(1, 600), "30", {
    part: "Verification",
    sentence:
      "The wait before the next message to the same number. It doubles with each message that leads to no sign-in.",
  }),
};

type Values = z.output<z.ZodObject<typeof verificationVariables>>;

export function arrangeVerification(values: Values): VerificationConfig {
  return {
    codeLength: values.CODE_LENGTH,
    ttlSeconds: values.CODE_TTL_SECONDS,
    attempts: values.CODE_ATTEMPTS,
    resendSeconds: values.RESEND_SECONDS,
  };
}
