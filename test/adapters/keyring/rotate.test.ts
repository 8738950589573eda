import { describe, expect, test } from "vitest";
import { createKeyring } from "../../../src/adapters/keyring/keyring.ts";
import {
  pruneKeys,
  ROTATABLE_KINDS,
  replaceKeys,
  rewrapKeys,
  rotateKey,
} from "../../../src/adapters/keyring/rotate.ts";
import { createPhoneVault } from "../../../src/adapters/keyring/vault.ts";
import { createKeyWrapper, MissingSecretError } from "../../../src/adapters/keyring/wrap.ts";
import { KEY_KINDS, type KeyKind, PUBLISH_LEAD_MS } from "../../../src/core/keys.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { createMemoryKeyStore, watchKeyStore } from "../../support/key-store.ts";
import { createFixture, DAY_MS, failure, OTHER_SECRET, printed, SECRET, spellings } from "./fixtures.ts";

const KINDS = Object.keys(KEY_KINDS) as KeyKind[];
const PHONE = "+8613800138000" as Phone;

async function createReady() {
  const memory = createMemoryKeyStore();
  const fixture = createFixture(memory);
  const keyring = createKeyring(fixture);
  await keyring.ensure();
  return { ...fixture, keyring, rows: memory.rows };
}

describe("rotateKey", () => {
  test("rotates every kind but tag", async () => {
    const { keyring, ...fixture } = await createReady();
    expect(ROTATABLE_KINDS).toEqual(KINDS.filter((kind) => kind !== "tag"));
    for (const kind of ROTATABLE_KINDS) {
      const { id, activeFrom } = await rotateKey(fixture, kind);
      expect(activeFrom - fixture.clock.now()).toBe(
        KEY_KINDS[kind].algorithm === "ES256" ? PUBLISH_LEAD_MS : 0,
      );
      expect(id).toMatch(/^[a-z]2-[0-9a-f]{8}$/);
    }
  });

  test("makes the first key of a kind active at once, so that a server that starts later has one", async () => {
    const fixture = createFixture(createMemoryKeyStore());
    const { id } = await rotateKey(fixture, "signing");
    const keyring = createKeyring(fixture);
    await keyring.ensure();
    expect((await keyring.current("signing")).id).toBe(id);
  });

  test("makes one key if called several times at the same moment, and returns its id to all", async () => {
    const { ...fixture } = await createReady();
    const rotated = await Promise.all(Array.from({ length: 10 }, () => rotateKey(fixture, "device")));
    expect(new Set(rotated.map(({ id }) => id)).size).toBe(1);
    const ids = (await fixture.store.list()).filter((row) => row.kind === "device").map((row) => row.id);
    expect(ids).toHaveLength(2);
    expect(ids).toContain(rotated[0]?.id);
  });

  test("makes a key with new material", async () => {
    const { keyring, ...fixture } = await createReady();
    const old = await keyring.current("page");
    fixture.clock.advance(1);
    await rotateKey(fixture, "page");
    keyring.invalidate();
    expect((await keyring.current("page")).material).not.toEqual(old.material);
  });
});

describe("replaceKeys", () => {
  test("leaves only the newest key of its kind, also if another call does the same meanwhile", async () => {
    const { keyring, store, ...fixture } = await createReady();
    const old = await keyring.current("device");
    let lists = 0;
    const list = async () => {
      lists += 1;
      if (lists === 2) await replaceKeys({ ...fixture, store }, "device");
      return store.list();
    };
    await replaceKeys({ ...fixture, store: { ...store, list } }, "device");
    keyring.invalidate();
    expect(await keyring.all("device")).toEqual([await keyring.current("device")]);
    expect(await keyring.find("device", old.id)).toBeUndefined();
    expect((await store.list()).map(({ kind }) => kind).toSorted()).toEqual(KINDS.toSorted());
  });
});

describe("rotating PHONEKEY_SECRETS", () => {
  test("with the new secret in front, re-wrapped and the old one removed, all keys and tags stay", async () => {
    const { keyring, store, clock, random } = await createReady();
    const before = await Promise.all(KINDS.map((kind) => keyring.current(kind)));
    const tag = await createPhoneVault({ keyring, random }).tag(PHONE);
    const both = { store, clock, random, secrets: [OTHER_SECRET, SECRET] };
    await createKeyring(both).ensure();
    expect(await rewrapKeys(both)).toBe(KINDS.length);
    expect(await rewrapKeys(both)).toBe(0);
    const after = createKeyring({ ...both, secrets: [OTHER_SECRET] });
    await after.ensure();
    const same = await Promise.all(KINDS.map((kind) => after.current(kind)));
    expect(same.map((key) => key.id)).toEqual(before.map((key) => key.id));
    expect(same.map((key) => [...key.material])).toEqual(before.map((key) => [...key.material]));
    expect(await createPhoneVault({ keyring: after, random }).tag(PHONE)).toBe(tag);
  });

  test("with the old secret missing, changes nothing and names that secret", async () => {
    const { store, clock, random, rows } = await createReady();
    await rotateKey({ store, clock, random, secrets: [OTHER_SECRET] }, "code");
    const before = structuredClone([...rows.values()]);
    const error = await failure(rewrapKeys({ store, random, secrets: [OTHER_SECRET] }));
    expect(error).toBeInstanceOf(MissingSecretError);
    // Nor does it wrap the keys that it could, which come before the one that it cannot.
    const some = { store, random, secrets: [`a third ${OTHER_SECRET}`, SECRET] };
    expect(await failure(rewrapKeys(some))).toBeInstanceOf(MissingSecretError);
    expect(error.message).toContain(createKeyWrapper([SECRET], random).secretId);
    for (const canary of [SECRET, OTHER_SECRET].flatMap(spellings)) {
      expect(printed(error)).not.toContain(canary);
    }
    expect([...rows.values()]).toEqual(before);
  });

  test("killed before or after any of its writes, goes on where it stopped", async () => {
    for (let kill = 1; kill <= KINDS.length + 1; kill += 1) {
      for (const when of ["before", "after"] as const) {
        const { store, random, clock } = await createReady();
        const die = (call: number) => {
          if (call === kill) throw new Error("killed");
        };
        const secrets = [OTHER_SECRET, SECRET];
        await failure(rewrapKeys({ store: watchKeyStore(store, { [when]: die }), random, secrets }));
        await createKeyring({ store, random, clock, secrets }).ensure();
        const written = Math.max(0, kill - (when === "before" ? 2 : 1));
        expect(await rewrapKeys({ store, random, secrets })).toBe(KINDS.length - written);
        await createKeyring({ store, random, clock, secrets: [OTHER_SECRET] }).ensure();
      }
    }
  });

  test("run twice at once, wraps each key once", async () => {
    const { store, random } = await createReady();
    const secrets = [OTHER_SECRET, SECRET];
    const counts = await Promise.all([
      rewrapKeys({ store, random, secrets }),
      rewrapKeys({ store, random, secrets }),
    ]);
    expect(counts[0] + counts[1]).toBe(KINDS.length);
  });
});

describe("pruneKeys", () => {
  test("removes what is no longer kept, and nothing else", async () => {
    const { keyring, ...fixture } = await createReady();
    for (const kind of ROTATABLE_KINDS) await rotateKey(fixture, kind);
    expect(await pruneKeys(fixture)).toBe(0);
    fixture.clock.advance(3_600_000);
    expect(await pruneKeys(fixture)).toBe(5);
    for (const kind of ["code", "handover", "link", "second", "challenge"] as const) {
      expect(await keyring.all(kind)).toHaveLength(1);
    }
    fixture.clock.advance(10_000 * DAY_MS);
    expect(await pruneKeys(fixture)).toBe(ROTATABLE_KINDS.length - 6);
    expect(await pruneKeys(fixture)).toBe(0);
    expect(await keyring.all("data")).toHaveLength(2);
    for (const kind of KINDS) await expect(keyring.current(kind)).resolves.toBeDefined();
  });

  test("keeps a signing key for its time after the new one began to sign", async () => {
    const { ...fixture } = await createReady();
    await rotateKey(fixture, "signing");
    fixture.clock.advance(PUBLISH_LEAD_MS + KEY_KINDS.signing.keptMs - 1);
    expect(await pruneKeys(fixture)).toBe(0);
    fixture.clock.advance(1);
    expect(await pruneKeys(fixture)).toBe(1);
  });

  test("never removes a tag key or the kinds of a newer version", async () => {
    const { rows, ...fixture } = await createReady();
    const tag = [...rows.values()].find((row) => row.kind === "tag")!;
    rows.set("t2-00000000", { ...tag, id: "t2-00000000", sequence: 2, activeFrom: 1 });
    rows.set("x1-00000000", { ...tag, id: "x1-00000000", kind: "later" as KeyKind });
    rows.set("x2-00000000", { ...tag, id: "x2-00000000", kind: "later" as KeyKind, sequence: 2 });
    fixture.clock.advance(10_000 * DAY_MS);
    expect(await pruneKeys(fixture)).toBe(0);
  });

  test("does not reuse the number of a pruned key", async () => {
    const { ...fixture } = await createReady();
    await rotateKey(fixture, "code");
    fixture.clock.advance(3_600_000);
    await pruneKeys(fixture);
    expect((await rotateKey(fixture, "code")).id).toMatch(/^c3-/);
  });
});
