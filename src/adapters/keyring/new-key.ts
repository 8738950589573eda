import { generateKeyPairSync } from "node:crypto";
import { KEY_KINDS, type KeyKind, type WrappedKey } from "../../core/keys.ts";
import type { Clock, Random } from "../../core/ports.ts";
import type { KeyWrapper } from "./wrap.ts";

/** Key ids stand in tokens and in the tags of phones, so they are short; none has a dot in it. */
const ID_LETTERS = {
  tag: "t",
  traffic: "a",
  data: "d",
  code: "c",
  signing: "s",
  proof: "o",
  refresh: "r",
  device: "v",
  page: "p",
  flow: "f",
  handover: "h",
  link: "l",
  functions: "n",
  second: "e",
  challenge: "w",
} as const satisfies Record<KeyKind, string>;

export interface NewKeyDeps {
  readonly wrapper: KeyWrapper;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes a key, wrapped and ready to be added. Its id is `<letter><sequence>-<8 hex digits>`. */
export function newKey(
  { wrapper, clock, random }: NewKeyDeps,
  kind: KeyKind,
  sequence: number,
  activeFrom: number,
): WrappedKey {
  const id = `${ID_LETTERS[kind]}${sequence}-${Buffer.from(random.bytes(4)).toString("hex")}`;
  const label = { id, kind, sequence };
  return { ...label, ...wrapper.wrap(label, newMaterial(kind, random)), createdAt: clock.now(), activeFrom };
}

function newMaterial(kind: KeyKind, random: Random): Uint8Array {
  if (KEY_KINDS[kind].algorithm !== "ES256") return random.bytes(32);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "der", type: "pkcs8" });
}

/** The sequence that the next key of this kind has. */
export function nextSequence(keys: readonly WrappedKey[], kind: KeyKind): number {
  return 1 + Math.max(0, ...keys.filter((key) => key.kind === kind).map((key) => key.sequence));
}
