import { z } from "zod";
import { boundedText, Code, Time } from "./fields.ts";

export const ChangePhoneBody = z.strictObject({
  verificationId: boundedText(64).meta({ description: "The `id` of a verification with `change_phone`." }),
  code: Code,
});

export const PhoneState = z
  .object({
    phone: z.string().meta({ example: "+8613800138000", description: "E.164; the number that signs in." }),
    pending: z
      .object({
        phone: z.string().meta({ example: "+86 139••••9000", description: "The new number, masked." }),
        takesEffectAt: Time.meta({ description: "When the account moves." }),
      })
      .optional()
      .meta({ description: "The number that the account is about to move to, where there is one." }),
  })
  .meta({ id: "PhoneState" });
