import { z } from "zod";
import { LOCALES } from "../../../core/locale.ts";
import { Captcha } from "./challenges.ts";
import { boundedText, DeviceToken, Purpose, Time } from "./fields.ts";

const Reference = boundedText(256).meta({
  example: "contract-4711",
  description: "A backend's own name of what this is for; the proof says it. 1 to 128 characters.",
});

export const ClientAddress = z
  .union([z.ipv4(), z.ipv6()], { error: "must be an IPv4 or IPv6 address" })
  .meta({ example: "203.0.113.7", description: "With an API key: the address of the person's own device." });

export const TransactionBody = z
  .strictObject({
    amount: boundedText(32).meta({
      example: "120.00",
      description: "A decimal number as a string, with no more decimals than the currency has.",
    }),
    currency: boundedText(8).meta({ example: "CNY", description: "ISO 4217." }),
    payee: boundedText(256).meta({
      example: "Example Shop",
      description: "Whom it goes to, as the person reads it in the message: 1 to 40 characters.",
    }),
    hash: boundedText(64).optional().meta({
      description: "Stands for all else that belongs to it: 32 bytes in base64url, such as a SHA-256.",
    }),
  })
  .meta({
    description: "With `confirm_transaction`: what is to be confirmed. The code is good for no other.",
  });

export const PageBody = z
  .strictObject({
    returnTo: boundedText(2_048).optional().meta({
      description: "Where the page sends the person back to: one of the addresses of the API key.",
    }),
    state: boundedText(512).optional().meta({
      description:
        "16 to 512 characters, random, kept in your visitor's session: it comes back with whoever entered the code.",
    }),
  })
  .meta({
    description:
      "With an API key, for purposes that give a proof and for `temporary_password`: asks for `pageUrl`, a page of Phonekey on which the code is entered.",
  });

export const StartBody = z.strictObject({
  phone: boundedText(64).optional().meta({
    example: "+8613800138000",
    description: "However a person writes it. May be left out where it is about the user's own.",
  }),
  purpose: Purpose.default("sign_in"),
  locale: z
    .enum(LOCALES, { error: "must be en or zh-CN" })
    .optional()
    .meta({ description: "Language of the message; else that of `Accept-Language`." }),
  deviceToken: DeviceToken.optional(),
  captcha: Captcha.optional(),
  challenge: boundedText(4_096).optional().meta({
    description:
      "What `second_factor_required` came with: sends `second_factor` to the phone of that sign-in.",
  }),
  reference: Reference.optional(),
  clientAddress: ClientAddress.optional(),
  transaction: TransactionBody.optional(),
  page: PageBody.optional(),
});

export const ResendBody = z.strictObject({ captcha: Captcha.optional() }).optional();

export const VerificationId = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/, "must be the id of a verification")
    .meta({ description: "The verification's id." }),
});

export const Verification = z
  .object({
    id: z.string().meta({ description: "Unguessable; needed together with the code." }),
    status: z
      .enum(["pending", "approved", "expired", "exhausted", "canceled"])
      .meta({ description: "Only a `pending` one can be approved; the others are over." }),
    purpose: Purpose,
    phone: z.string().meta({ description: "Masked.", example: "+86 138••••8000" }),
    codeLength: z.int().meta({ description: "How many characters the code has." }),
    codeAlphabet: z.literal("letters").optional().meta({
      description: "There where the code is a password of letters and digits; codes are digits.",
    }),
    expiresAt: Time.meta({ description: "The first moment at which the code is no longer good." }),
    resendAt: Time.meta({ description: "From when on it may be sent again." }),
  })
  .meta({ id: "Verification" });

export const StartedVerification = Verification.extend({
  pageUrl: z.string().optional().meta({
    description: "With `page`: where the person enters the code. Whoever has it may; give it to nobody else.",
  }),
}).meta({ id: "StartedVerification" });

export const Proof = z.string().meta({ description: "JWT, ES256, `typ` `proof+jwt`; 5 minutes." });

export const AskedVerification = Verification.extend({
  proof: Proof.optional(),
}).meta({ id: "AskedVerification" });
