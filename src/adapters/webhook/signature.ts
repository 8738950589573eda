import { createHmac } from "node:crypto";
import type { Clock } from "../../core/ports.ts";
import { equalSecrets } from "../../core/secrets.ts";

/** Keys of the signatures in base64, the current one first. */
interface Keys {
  readonly secrets: readonly string[];
}

/** What is posted: the id is the same each time, `at` is epoch milliseconds. */
interface WebhookMessage {
  readonly id: string;
  readonly at: number;
  readonly type: string;
  readonly data: object;
}

/** Makes headers and body of a message, signed by each of the secrets. */
export function createSigner({ secrets }: Keys, clock: Clock) {
  const keys = keysOf(secrets);
  return ({ id, at, type, data }: WebhookMessage) => {
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
    const timestamp = String(Math.floor(clock.now() / 1_000));
    const signatures = keys.map((key) => signatureOf(key, { id, timestamp, body }));
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signatures.join(" "),
    };
    return { headers, body };
  };
}

/** A post and its signature headers; a missing header is empty. */
interface SignedPost {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: string;
  /** Several with spaces between them. */
  readonly signature: string;
  readonly body: Uint8Array;
}

const TOLERANCE_SECONDS = 300;
/**
 * More than an operator who changes a secret needs. Checking each takes time before the caller has shown who they are.
 */
const MOST_SIGNATURES = 16;

/** Makes the function that checks whether one of the secrets signed a post, within five minutes of now. */
export function createVerifier({ secrets }: Keys, clock: Clock) {
  const keys = keysOf(secrets);
  return ({ id, timestamp, signature, body }: SignedPost): boolean => {
    // A dot separates id, time and body. With a dot in the id, another body would have the same signature.
    if (!/^[!-~]{1,256}$/.test(id) || id.includes(".") || !isNow(timestamp, clock)) return false;
    const given = signature.split(" ", MOST_SIGNATURES);
    return keys
      .map((key) => signatureOf(key, { id, timestamp, body }))
      .flatMap((right) => given.map((one) => equalSecrets(one, right)))
      .includes(true);
  };
}

function keysOf(secrets: readonly string[]): readonly Buffer[] {
  return secrets.map((secret) => Buffer.from(secret, "base64"));
}

function isNow(timestamp: string, clock: Clock): boolean {
  const isTime = /^\d{1,12}$/.test(timestamp);
  return isTime && Math.abs(clock.now() / 1_000 - Number(timestamp)) <= TOLERANCE_SECONDS;
}

interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly body: string | Uint8Array;
}

/** Standard Webhooks 1.0: HMAC-SHA-256 over id, time and body. */
function signatureOf(key: Buffer, { id, timestamp, body }: Signed): string {
  const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}
