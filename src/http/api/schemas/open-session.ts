import { z } from "zod";
import { SECOND_STEPS } from "./factors.ts";
import { boundedText, Captcha, Code, DeviceToken, Password, StartedId, UnaskedCaptcha } from "./fields.ts";

/** All that opens a session. */
export const OpenSessionBody = z.union(
  [
    z.strictObject({
      verificationId: StartedId,
      code: Code,
      deviceToken: DeviceToken.optional(),
      captcha: UnaskedCaptcha,
    }),
    z.strictObject({
      phone: boundedText(64).meta({ example: "+8613800138000", description: "However a person writes it." }),
      password: Password.meta({ description: "As the person typed it." }),
      deviceToken: DeviceToken.optional(),
      captcha: Captcha.optional(),
    }),
    z.strictObject({
      handover: boundedText(4_096).meta({
        description: "What `return_to` handed over; 60 seconds, one use.",
      }),
      codeVerifier: z
        .string({ error: "must be a string" })
        .regex(/^[A-Za-z0-9._~-]{43,128}$/, "must be 43 to 128 unreserved characters (RFC 7636)")
        .meta({ description: "What the challenge was made of (RFC 7636, S256)." }),
      deviceToken: DeviceToken.optional(),
      captcha: UnaskedCaptcha,
    }),
    ...SECOND_STEPS,
  ],
  {
    error:
      "must hold verificationId and code, phone and password, handover and codeVerifier, or a challenge and a factor",
  },
);
