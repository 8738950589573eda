import { Secret, TOTP } from "otpauth";
import type { Totp } from "../../core/account/factors/ports.ts";
import type { Random } from "../../core/ports.ts";

/** 160 bits, as RFC 4226, section 4, asks for. */
const SECRET_BYTES = 20;
/** The form that every app supports: some apps ignore the digest and digits in a QR code. */
const FORM = { algorithm: "SHA1", digits: 6, period: 30 };
/**
 * Steps accepted before and after the current one, for clocks that differ and people who type slowly (RFC 6238, 5.2).
 */
const WINDOW = 1;

export function createTotp({ random }: { readonly random: Random }): Totp {
  return {
    newSecret: () => new Secret({ buffer: new Uint8Array(random.bytes(SECRET_BYTES)).buffer }).base32,
    uri: (secret, { issuer, account }) =>
      new TOTP({ ...FORM, secret: Secret.fromBase32(secret), issuer, label: account }).toString(),
    stepOf(secret, code, now) {
      const totp = new TOTP({ ...FORM, secret: Secret.fromBase32(secret) });
      const delta = totp.validate({ token: code, timestamp: now, window: WINDOW });
      return delta === null ? undefined : totp.counter({ timestamp: now }) + delta;
    },
  };
}
