import {
  createHmac,
  type KeyObject,
  sign as signWith,
  timingSafeEqual,
  verify as verifyWith,
} from "node:crypto";
import { hasLowS, withLowS } from "./low-s.ts";

/** RFC 7518, section 3.1. */
export type SignatureAlgorithm = "ES256" | "HS256";

/**
 * Signs synchronously by `node:crypto`. `jose` signs through WebCrypto, where each signature is a job of another thread
 * and costs several times as much (docs/decisions/0028). An ES256 signature has the lower s of the two that verify.
 *
 * @returns base64url
 */
export function sign(algorithm: SignatureAlgorithm, text: string, key: KeyObject): string {
  if (algorithm === "HS256") return createHmac("sha256", key).update(text).digest("base64url");
  const signature = signWith("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return withLowS(signature).toString("base64url");
}

/** Also false for an ES256 signature with high s: it would be a second spelling of the same token (T29). */
export function verify(
  algorithm: SignatureAlgorithm,
  text: string,
  key: KeyObject,
  signature: Buffer,
): boolean {
  if (algorithm === "HS256") {
    const right = createHmac("sha256", key).update(text).digest();
    return right.length === signature.length && timingSafeEqual(right, signature);
  }
  if (!hasLowS(signature)) return false;
  return verifyWith("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }, signature);
}
