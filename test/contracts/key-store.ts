import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyStore } from "../../src/core/keys.ts";
import { aKey, fresh, NOW, parallel } from "./samples.ts";

export interface OpenKeyStore {
  readonly store: KeyStore;
  close(): Promise<void>;
}

/** The promises of `KeyStore`, for every store. */
export function keyStoreContract(name: string, open: () => Promise<OpenKeyStore>): void {
  describe(`${name}: key store`, () => {
    let opened: OpenKeyStore;
    let store: KeyStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    const add = async (over = {}) => {
      const key = aKey(over);
      expect(await store.add(key)).toBe(true);
      return key;
    };
    const find = async (id: string) => (await store.list()).find((key) => key.id === id);

    test("lists exactly what was added", async () => {
      const plain = await add();
      const retired = await add({ kind: "signing", retiredAt: NOW + 1 });
      expect(await find(plain.id)).toEqual(plain);
      expect(await find(retired.id)).toEqual(retired);
    });

    test("keeps one key if 50 processes add one with the same sequence at once", async () => {
      const { sequence } = aKey();
      const candidates = Array.from({ length: 50 }, () => aKey({ sequence }));
      const added = await parallel(50, (index) => store.add(candidates[index] ?? aKey()));
      expect(added.filter(Boolean)).toHaveLength(1);
      const kept = (await store.list()).filter((key) => key.sequence === sequence);
      expect(kept).toEqual([candidates[added.indexOf(true)]]);
    });

    test("keeps keys of different kinds with the same sequence", async () => {
      const { sequence } = await add({ kind: "code" });
      await add({ kind: "device", sequence });
    });

    test("does not add an id that exists", async () => {
      const { id, ...first } = await add();
      expect(await store.add(aKey({ id }))).toBe(false);
      expect(await find(id)).toEqual({ id, ...first });
    });

    test("lets one of 20 parallel rewraps of a key succeed", async () => {
      const key = await add();
      const rewrapped = await parallel(20, (index) =>
        store.rewrap(key.id, "secret-1", { wrapped: `again-${index}`, secretId: "secret-2" }),
      );
      expect(rewrapped.filter(Boolean)).toHaveLength(1);
      const winner = `again-${rewrapped.indexOf(true)}`;
      expect(await find(key.id)).toEqual({ ...key, wrapped: winner, secretId: "secret-2" });
      expect(await store.rewrap(fresh("unknown"), "secret-1", { wrapped: "x", secretId: "y" })).toBe(false);
    });

    test("retires a key once: a repeated retag does not change the time", async () => {
      const key = await add();
      await store.retire(key.id, NOW + 1);
      await store.retire(key.id, NOW + 2);
      expect(await find(key.id)).toEqual({ ...key, retiredAt: NOW + 1 });
    });

    test("activates and removes keys", async () => {
      const key = await add({ activeFrom: Number.MAX_SAFE_INTEGER });
      expect(await find(key.id)).toEqual(key);
      await store.activate(key.id, NOW + 7);
      expect(await find(key.id)).toEqual({ ...key, activeFrom: NOW + 7 });
      await store.remove(key.id);
      expect(await find(key.id)).toBeUndefined();
    });
  });
}
