import { hkdfSync } from "node:crypto";
import type { WrappedKey } from "../../core/keys.ts";
import type { Random } from "../../core/ports.ts";
import { decrypt, encrypt, IV_BYTES } from "./aead.ts";
import { hasKnownKind } from "./lifetime.ts";

const VERSION = "v1";
const MIN_SECRET_BYTES = 32;

/** What a wrapped key is bound to: its material does not open in any other row. */
export type KeyLabel = Pick<WrappedKey, "id" | "kind" | "sequence">;

/** Encrypts key material under `PHONEKEY_SECRETS`. */
export interface KeyWrapper {
  /** Names the secret that new keys are wrapped with. */
  readonly secretId: string;
  /** Wraps under the first secret. */
  wrap(label: KeyLabel, material: Uint8Array): Pick<WrappedKey, "wrapped" | "secretId">;
  /** Throws `MissingSecretError` when its secret is not among ours, and an Error when the row was changed. */
  unwrap(key: KeyLabel & Pick<WrappedKey, "wrapped" | "secretId">): Uint8Array;
}

/**
 * A key is wrapped with a secret that is not, or no longer, in `PHONEKEY_SECRETS`. The message says what to do about
 * it.
 */
export class MissingSecretError extends Error {
  readonly secretId: string;

  constructor(keyId: string, secretId: string) {
    super(
      `The key ${keyId} is wrapped with the secret named ${secretId}, which is not in PHONEKEY_SECRETS. ` +
        "Put that secret back behind the first one, re-wrap the keys with `phonekey keys rotate`, " +
        "and remove it only then.",
    );
    this.name = "MissingSecretError";
    this.secretId = secretId;
  }
}

/** There is no secret to wrap with. */
export class NoSecretError extends Error {
  constructor() {
    super("PHONEKEY_SECRETS is empty.");
    this.name = "NoSecretError";
  }
}

/**
 * Wraps with AES-256-GCM under a key that HKDF-SHA-256 (RFC 5869) derives from a secret.
 *
 * @param secrets `PHONEKEY_SECRETS`: 32 bytes or more each, the first one current. Throws `NoSecretError` when there is
 *   none, and a RangeError when one is shorter.
 */
export function createKeyWrapper(secrets: readonly string[], random: Random): KeyWrapper {
  const keys = secrets.map(deriveWrappingKey);
  const [current] = keys;
  if (!current) throw new NoSecretError();
  const bySecretId = new Map(keys.map((key) => [key.secretId, key.material]));
  return {
    secretId: current.secretId,
    wrap: (label, material) => ({
      secretId: current.secretId,
      wrapped: `${VERSION}.${encrypt(current.material, random.bytes(IV_BYTES), material, describe(label))}`,
    }),
    unwrap(key) {
      const material = bySecretId.get(key.secretId);
      if (!material) throw new MissingSecretError(key.id, key.secretId);
      return openWrapped(material, key);
    },
  };
}

/**
 * Called before a key is added: a key under secrets that do not open the other keys would stop every process that has
 * the right secrets. Throws as `unwrap` does.
 */
export function assertOpen(keys: readonly WrappedKey[], wrapper: KeyWrapper): void {
  for (const key of keys.filter(hasKnownKind)) wrapper.unwrap(key);
}

function deriveWrappingKey(secret: string) {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new RangeError(`Each of PHONEKEY_SECRETS must have at least ${MIN_SECRET_BYTES} bytes.`);
  }
  return {
    secretId: derive(secret, "phonekey secret id v1", 8).toString("hex"),
    material: derive(secret, "phonekey key wrapping v1", 32),
  };
}

function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", info, bytes));
}

function openWrapped(material: Uint8Array, key: KeyLabel & Pick<WrappedKey, "wrapped">): Uint8Array {
  const [version, text = "", ...rest] = key.wrapped.split(".");
  try {
    if (version !== VERSION || rest.length > 0) throw new Error("The format is not known.");
    return decrypt(material, text, describe(key));
  } catch (cause) {
    throw new Error(`The key ${key.id} does not unwrap: its row is not as it was written.`, { cause });
  }
}

function describe({ id, kind, sequence }: KeyLabel): string {
  return JSON.stringify([id, kind, sequence]);
}
