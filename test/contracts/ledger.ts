import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyStore } from "../../src/core/keys.ts";
import type { Ledger } from "../../src/core/protection/budgets/ports.ts";
import { StaleKeyError, UnavailableError } from "../../src/core/refusals.ts";
import { addTagKey, DAY, fresh, NOW, parallel, SECOND } from "./samples.ts";

export interface OpenLedger {
  readonly store: Ledger;
  readonly keys: KeyStore;
  /** How often the ledger has said that the keyring is stale. */
  staleKeys(): number;
  close(): Promise<void>;
}

const guess = (at: number, codeLength = 6) => ({ at, codeLength });

/** The promises of `Ledger`, for every store. Its clock stands at `NOW`. */
export function ledgerContract(name: string, open: () => Promise<OpenLedger>): void {
  describe(`${name}: ledger`, () => {
    let opened: OpenLedger;
    let store: Ledger;
    let keys: KeyStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      ({ store, keys } = opened);
      newTag = (await addTagKey(keys)).tag;
    });
    afterAll(() => opened.close());

    const record = (
      tag: string,
      at: number,
      codeLength?: number,
      bucket: "stranger" | "device" = "stranger",
    ) => store.record(fresh("guess"), tag, bucket, guess(at, codeLength));

    test("reads back what was recorded, oldest first", async () => {
      const tag = newTag();
      await record(tag, NOW, 8);
      await record(tag, NOW - 2 * SECOND);
      await record(tag, NOW - SECOND);
      expect(await store.read([tag], "stranger", NOW - DAY)).toEqual([
        guess(NOW - 2 * SECOND),
        guess(NOW - SECOND),
        guess(NOW, 8),
      ]);
    });

    test("reads nothing for a phone without wrong guesses", async () => {
      expect(await store.read([newTag()], "stranger", 0)).toEqual([]);
    });

    test("tells phones and buckets apart", async () => {
      const tag = newTag();
      await record(tag, NOW, 6, "device");
      expect(await store.read([tag], "stranger", 0)).toEqual([]);
      expect(await store.read([tag], "device", 0)).toHaveLength(1);
      expect(await store.read([newTag()], "device", 0)).toEqual([]);
    });

    test("takes `since` as exclusive", async () => {
      const tag = newTag();
      await record(tag, NOW);
      expect(await store.read([tag], "stranger", NOW)).toEqual([]);
      expect(await store.read([tag], "stranger", NOW - 1)).toHaveLength(1);
    });

    test("has all of 500 wrong guesses that are recorded at once", async () => {
      const tag = newTag();
      await parallel(500, (index) => record(tag, NOW + index));
      const read = await store.read([tag], "stranger", 0);
      expect(read.map(({ at }) => at)).toEqual(Array.from({ length: 500 }, (_, index) => NOW + index));
    });

    test("refuses an id that exists", async () => {
      const tag = newTag();
      const id = fresh("guess");
      await store.record(id, tag, "stranger", guess(NOW));
      await expect(store.record(id, tag, "stranger", guess(NOW))).rejects.toThrow();
      expect(await store.read([tag], "stranger", 0)).toHaveLength(1);
    });

    describe("tag keys", () => {
      test("guesses under older tags are read, too, as long as the first tag is current", async () => {
        const old = await addTagKey(keys);
        const tag = newTag();
        const oldTag = old.tag();
        await record(oldTag, NOW - SECOND);
        await record(tag, NOW);
        await keys.retire(old.id, NOW);
        expect(await store.read([tag, oldTag], "stranger", 0)).toEqual([guess(NOW - SECOND), guess(NOW)]);
        await expect(store.read([oldTag, tag], "stranger", 0)).rejects.toThrow(StaleKeyError);
      });

      test.each(["retired", "not active yet", "of another kind", "unknown"])(
        "a tag whose key is %s is refused as stale, and nothing is recorded",
        async (what) => {
          const other = {
            kind: what === "of another kind" ? ("data" as const) : ("tag" as const),
            activeFrom: what === "not active yet" ? NOW + DAY : NOW,
          };
          const key = await addTagKey(keys, other);
          if (what === "retired") await keys.retire(key.id, NOW);
          const tag = what === "unknown" ? `${fresh("key")}.mac` : key.tag();
          const before = opened.staleKeys();
          await expect(store.read([tag], "stranger", 0)).rejects.toThrow(StaleKeyError);
          await expect(record(tag, NOW)).rejects.toThrow(UnavailableError);
          expect(opened.staleKeys()).toBe(before + 2);
          expect(await store.read([newTag(), tag], "stranger", 0)).toEqual([]);
        },
      );

      test("a text that is not a tag is refused", async () => {
        await expect(store.read(["no-dot"], "stranger", 0)).rejects.toThrow(StaleKeyError);
        await expect(store.read([""], "stranger", 0)).rejects.toThrow(StaleKeyError);
        await expect(store.read([], "stranger", 0)).rejects.toThrow(StaleKeyError);
      });

      test("of guesses that are recorded while the key is retired, exactly the acknowledged ones are there", async () => {
        const key = await addTagKey(keys);
        const tag = key.tag();
        const recorded = parallel(60, async (index) => {
          if (index === 30) await keys.retire(key.id, NOW);
          return await record(tag, NOW + index).then(
            () => NOW + index,
            (error: unknown) => {
              if (error instanceof StaleKeyError) return undefined;
              throw error;
            },
          );
        });
        const acknowledged = (await recorded).filter((at) => at !== undefined);
        const read = await store.read([newTag(), tag], "stranger", 0);
        expect(read.map(({ at }) => at)).toEqual(acknowledged);
        expect(acknowledged.length).toBeLessThan(60);
      });
    });
  });
}
