import type { Key, Keyring } from "../../core/keys.ts";
import type { Phone } from "../../core/phone.ts";
import type { Random } from "../../core/ports.ts";
import { hmac } from "../../core/secrets.ts";
import type { PhoneVault } from "../../core/verification/ports.ts";
import { decrypt, encrypt, IV_BYTES } from "./aead.ts";
import { PENDING } from "./lifetime.ts";

const SEALED = /^v1\.(?<keyId>[\w-]+)\.(?<box>[\w-]+)$/;

/** The vault on the `tag` and `data` keys. Sealed phones are `v1.<key id>.<base64url of IV, ciphertext and tag>`. */
export function createPhoneVault({ keyring, random }: { keyring: Keyring; random: Random }): PhoneVault {
  return {
    tag: async (phone) => tagUnder(await keyring.current("tag"), phone),
    async tags(phone) {
      const current = await keyring.current("tag");
      const others = (await keyring.all("tag")).filter(
        (key) => key.id !== current.id && key.activeFrom !== PENDING,
      );
      return [current, ...others].map((key) => tagUnder(key, phone));
    },
    async seal(phone, rowId) {
      const key = await keyring.current("data");
      return `v1.${key.id}.${encrypt(key.material, random.bytes(IV_BYTES), Buffer.from(phone), rowId)}`;
    },
    open: (sealed, rowId) => openPhone(keyring, sealed, rowId),
  };
}

/** The tag that stands for a phone under one key: `<key id>.<MAC in base64url>`. */
export function tagUnder(key: Key, phone: Phone): string {
  return `${key.id}.${hmac(key.material, phone).toString("base64url")}`;
}

async function openPhone(keyring: Keyring, sealed: string, rowId: string): Promise<Phone> {
  const { keyId = "", box = "" } = SEALED.exec(sealed)?.groups ?? {};
  const key = keyId === "" ? undefined : await keyring.find("data", keyId);
  if (!key) throw new Error(`The phone of row ${rowId} is not sealed under a key of this installation.`);
  try {
    // Only phones are sealed, and what opens is what was sealed.
    return decrypt(key.material, box, rowId).toString() as Phone;
  } catch (cause) {
    throw new Error(`The sealed phone of row ${rowId} was changed or belongs to another row.`, { cause });
  }
}
