import { z } from "zod";
import { boundedText, Code, Purpose, Time } from "./fields.ts";
import { ClientAddress, Proof, TransactionBody } from "./verifications.ts";

export const CheckBody = z.strictObject({
  code: Code,
  transaction: TransactionBody.optional(),
  clientAddress: ClientAddress.optional(),
});

export const Approved = z
  .object({
    status: z.literal("approved").meta({ description: "The code was right, and is used up." }),
    proof: Proof,
  })
  .meta({ id: "Approved" });

export const RedeemBody = z.strictObject({
  proof: boundedText(4_096).meta({ description: "What the check of the code answered." }),
});

export const Proven = z
  .object({
    verificationId: z.string().meta({ description: "Compare it with the one that you started." }),
    purpose: Purpose,
    phone: z
      .string()
      .optional()
      .meta({ example: "+8613800138000", description: "E.164, where the API key tells phones." }),
    phoneTag: z
      .string()
      .optional()
      .meta({ description: "Stands for the phone, where the API key does not tell phones." }),
    reference: z.string().optional().meta({ description: "That of the start." }),
    transactionHash: z.string().optional().meta({
      description:
        "With `confirm_transaction`: the SHA-256, in base64url, of the JSON array of amount, currency, payee and hash.",
    }),
    approvedAt: Time.meta({ description: "When the code was entered." }),
  })
  .meta({ id: "Proven" });
