import type { z } from "zod";
import { wholeNumber } from "../formats.ts";
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
    sentence: "Digits of a code.",
    stopsProduction: "it is more than the sender carries",
  }),
  CODE_TTL_SECONDS: withDefault(wholeNumber(30, 600), "300", {
    part: "Verification",
    sentence:
      "How long a code is good after it was sent. Resends included, never longer than 10 minutes after the start.",
  }),
  CODE_ATTEMPTS: withDefault(wholeNumber(1, 5), "3", {
    part: "Verification",
    sentence: "How many guesses one verification allows.",
  }),
  RESEND_SECONDS: withDefault(wholeNumber(1, 600), "30", {
    part: "Verification",
    sentence:
      "The wait before the next message to the same number; it doubles with each message that no sign-in came of.",
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
