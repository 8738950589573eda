import { createCipheriv, createDecipheriv } from "node:crypto";

/** The IV length that GCM takes as it is (NIST SP 800-38D, section 5.2.1.1). */
export const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM. The result is base64url of IV, ciphertext and tag.
 *
 * @param key 32 bytes
 * @param iv 12 bytes that were never used with this key
 * @param associated authenticated with the ciphertext but not part of it: `decrypt` needs the same value
 */
export function encrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array, associated: string): string {
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(associated));
  const box = [iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(box).toString("base64url");
}

/** Reverses `encrypt`. Throws for any other text, key or associated data, without saying which of them is wrong. */
export function decrypt(key: Uint8Array, text: string, associated: string): Buffer {
  const box = decode(text);
  const decipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(box.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
}

/**
 * Buffer skips characters that are not base64url and drops spare bits, so a changed text could decode to the same
 * bytes.
 */
function decode(text: string): Buffer {
  const box = Buffer.from(text, "base64url");
  if (box.length < IV_BYTES + TAG_BYTES || box.toString("base64url") !== text) {
    throw new Error("The ciphertext is malformed.");
  }
  return box;
}
