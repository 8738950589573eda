import type { Key, Keyring } from "../../core/keys.ts";
import type { Phone } from "../../core/phone.ts";
import type { Random } from "../../core/ports.ts";
import { hmacText } from "../../core/secrets.ts";
import type { PhoneVault, TextVault } from "../../core/vault.ts";
import { decrypt, encrypt, IV_BYTES } from "./aead.ts";
import { PENDING } from "./lifetime.ts";

/** The vault on the `tag` and `data` keys. Sealed phones are `v1.<key id>.<base64url of IV, ciphertext and tag>`. */
export function createPhoneVault({
  keyring,
  random,
}: {
  keyring: Keyring;
  random: Random;
}): PhoneVault & TextVault {
  return {
    tag: async (phone) => tagUnder(await keyring.current("tag"), phone),
    async tags(phone) {
      const current = await keyring.current("tag");
      const others = (await keyring.all("tag")).filter(
        (key) => key.id !== current.id && key.activeFrom !== PENDING,
      );
      return [tagUnder(current, phone), ...others.map((key) => tagUnder(key, phone))];
    },
    seal,
    // Only phones are sealed for a row, so what opens is a phone.
    open: async (sealed, rowId) => (await open(keyring, sealed, rowId)) as Phone,
    sealText: (text, rowId) => seal(text, textRow(rowId)),
    openText: (sealed, rowId) => open(keyring, sealed, textRow(rowId)),
  };

  async function seal(text: string, rowId: string): Promise<string> {
    const key = await keyring.current("data");
    return `v1.${key.id}.${encrypt(key.material, random.bytes(IV_BYTES), Buffer.from(text), rowId)}`;
  }
}

/** A name of its own for the text, so that nobody can put the text of a row in the place of its phone. */
function textRow(rowId: string): string {
  return `text of ${rowId}`;
}

/** The tag that stands for a phone under one key: `<key id>.<MAC in base64url>`. */
export function tagUnder(key: Key, phone: Phone): string {
  return `${key.id}.${hmacText(key.material, phone)}`;
}

async function open(keyring: Keyring, sealed: string, rowId: string): Promise<string> {
  const [version, keyId = "", box = "", ...more] = sealed.split(".");
  const key = version === "v1" && more.length === 0 ? await keyring.find("data", keyId) : undefined;
  if (!key) throw new Error(`The phone of row ${rowId} is not sealed under a key of this installation.`);
  try {
    return decrypt(key.material, box, rowId).toString();
  } catch (cause) {
    throw new Error(`The sealed phone of row ${rowId} was changed or belongs to another row.`, { cause });
  }
}
