import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide. */
export function hmac(key: Uint8Array, ...parts: readonly string[]): Buffer {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(`${Buffer.byteLength(part)}:`).update(part);
  return mac.digest();
}

/** SHA-256 in base64url, for values that are unguessable already (never for phones or codes). */
export function sha256(value: string): string {
  return createHash("sha256").update(value).digest("base64url");
}

/** Compares without telling by its duration where the values differ. */
export function equalSecrets(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
