import { createHmac, hash, timingSafeEqual } from "node:crypto";

/** HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide. */
export function hmac(key: Uint8Array, ...parts: readonly string[]): Buffer {
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
  return createHmac("sha256", key).update(text).digest();
}

/** SHA-256 in base64url, for values that are unguessable already (never for phones or codes). */
export function sha256(value: string): string {
  return hash("sha256", value, "base64url");
}

/** Compares without telling by its duration where the values differ. */
export function equalSecrets(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
