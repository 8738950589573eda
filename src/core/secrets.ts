import { createHmac, type Hmac, hash, timingSafeEqual } from "node:crypto";

/** HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide. */
export function hmac(key: Uint8Array, ...parts: readonly string[]): Buffer {
  return hmacOver(key, parts).digest();
}

/** `hmac` in base64url, without the buffer between, which takes a third of its time. */
export function hmacText(key: Uint8Array, ...parts: readonly string[]): string {
  return hmacOver(key, parts).digest("base64url");
}

function hmacOver(key: Uint8Array, parts: readonly string[]): Hmac {
  const hmac = createHmac("sha256", key);
  return hmac.update(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(""));
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
