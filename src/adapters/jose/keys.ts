import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { KEY_KINDS, type Key } from "../../core/keys.ts";

const SECRET_BYTES = 32;

export interface ImportedKey {
  /** Signs or encrypts. */
  readonly making: KeyObject;
  /** Verifies or decrypts. */
  readonly reading: KeyObject;
}

const imported = new WeakMap<Key, ImportedKey>();

/**
 * The key, ready for use. It is imported once for each `Key` object and forgotten together with it, so the keyring
 * decides how many there are. Throws if the material is not what its kind asks for (RFC 7518, section 3.2: an HMAC key
 * at least as long as the hash).
 */
export function importKey(key: Key): ImportedKey {
  const known = imported.get(key);
  if (known) return known;
  const made = KEY_KINDS[key.kind].algorithm === "ES256" ? importPair(key) : importSecret(key);
  imported.set(key, made);
  return made;
}

/** The public half of a signing key as a JWK (RFC 7517). */
export function publicJwk(key: Key): Readonly<Record<string, unknown>> {
  const { kty, crv, x, y } = importKey(key).reading.export({ format: "jwk" });
  return { kty, crv, x, y, kid: key.id, alg: "ES256", use: "sig" };
}

function importPair(key: Key): ImportedKey {
  const making = createPrivateKey({ key: Buffer.from(key.material), format: "der", type: "pkcs8" });
  if (making.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw unusable(key);
  return { making, reading: createPublicKey(making) };
}

function importSecret(key: Key): ImportedKey {
  if (key.material.length !== SECRET_BYTES) throw unusable(key);
  const secret = createSecretKey(key.material);
  return { making: secret, reading: secret };
}

function unusable(key: Key): Error {
  return new Error(`the ${key.kind} key ${key.id} is not a key of ${KEY_KINDS[key.kind].algorithm}`);
}
