import { z } from "zod";

/**
 * All parameters of our challenges. The signature covers all of them, so a challenge with a changed parameter is not
 * ours.
 */
const Parameters = z.strictObject({
  algorithm: z.string(),
  cost: z.int(),
  data: z.strictObject({ key: z.string() }),
  expiresAt: z.int(),
  keyLength: z.int(),
  keyPrefix: z.string(),
  keySignature: z.string(),
  nonce: z.string(),
  salt: z.string(),
});

const Payload = z.object({
  challenge: z.object({ parameters: Parameters, signature: z.string() }),
  solution: z.object({ counter: z.int(), derivedKey: z.string() }),
});

export type AltchaPayload = z.output<typeof Payload>;

/** Reads the Base64 of the JSON of a challenge and its solution; undefined for anything else. */
export function readPayload(text: string): AltchaPayload | undefined {
  try {
    const parsed = Payload.safeParse(JSON.parse(Buffer.from(text, "base64").toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
