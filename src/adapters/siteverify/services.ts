import { sha256 } from "../../core/secrets.ts";
import { MINUTE_MS } from "../../core/time.ts";

/** What differs between services whose tokens are judged by a POST to `siteverify`. */
export interface Service {
  readonly kind: "turnstile" | "hcaptcha";
  readonly origin: string;
  readonly path: string;
  /** How long after it was solved a token is good. */
  readonly livesMs: number;
  /** Whether the service itself checks the host that it names, so that it can be relied on. */
  readonly namesHost: boolean;
  readonly fields: (of: { readonly siteKey: string; readonly token: string }) => Record<string, string>;
  /** Error codes that say that the token is no good. */
  readonly callersFault: readonly string[];
  /** Error codes that mean that our keys are wrong. Every other code is an error of the service. */
  readonly ourFault: readonly string[];
}

const OUR_SECRET = ["missing-input-secret", "invalid-input-secret"] as const;

/**
 * Cloudflare Turnstile (https://developers.cloudflare.com/turnstile/get-started/server-side-validation/). With the same
 * idempotency key a token can be judged again. So a start that is refused for another reason does not use it up.
 */
export const TURNSTILE: Service = {
  kind: "turnstile",
  origin: "https://challenges.cloudflare.com",
  path: "/turnstile/v0/siteverify",
  livesMs: 5 * MINUTE_MS,
  namesHost: true,
  fields: ({ token }) => ({ idempotency_key: uuidOf(token) }),
  callersFault: ["missing-input-response", "invalid-input-response", "timeout-or-duplicate"],
  ourFault: OUR_SECRET,
};

/**
 * hCaptcha (https://docs.hcaptcha.com/#verify-the-user-response-server-side). Its host name comes from the browser
 * unchecked. The protection is that the token belongs to our site key.
 */
export const HCAPTCHA: Service = {
  kind: "hcaptcha",
  origin: "https://api.hcaptcha.com",
  path: "/siteverify",
  livesMs: 2 * MINUTE_MS,
  namesHost: false,
  fields: ({ siteKey }) => ({ sitekey: siteKey }),
  callersFault: [
    "missing-input-response",
    "invalid-input-response",
    "expired-input-response",
    "already-seen-response",
    "invalid-or-already-seen-response",
    "missing-remoteip",
    "invalid-remoteip",
  ],
  ourFault: [...OUR_SECRET, "sitekey-secret-mismatch", "not-using-dummy-passcode", "not-using-dummy-secret"],
};

/** The same UUID for the same token (RFC 9562, version 8: its bits are a hash's). */
function uuidOf(token: string): string {
  const hex = Buffer.from(sha256(token), "base64url").toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
