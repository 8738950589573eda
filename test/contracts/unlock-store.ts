import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyStore } from "../../src/core/keys.ts";
import { unlockableAt, unlockMark } from "../../src/core/protection/budgets/ledger.ts";
import type { Ledger, UnlockStore } from "../../src/core/protection/budgets/ports.ts";
import { StaleKeyError } from "../../src/core/refusals.ts";
import { addTagKey, DAY, fresh, NOW, parallel, SECOND } from "./samples.ts";

export interface OpenUnlockStore {
  readonly unlocks: UnlockStore;
  readonly ledger: Ledger;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** The promises of `UnlockStore`, for every store. Its clock stands at `NOW`. */
export function unlockStoreContract(name: string, open: () => Promise<OpenUnlockStore>): void {
  describe(`${name}: unlock store`, () => {
    let opened: OpenUnlockStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    const add = (phoneTag: string, at = NOW, tags: readonly string[] = [phoneTag]) => {
      const id = fresh("unlock");
      const unlock = { id, phoneTag, sealedPhone: "sealed", sealedReason: `reason-${at}`, at };
      return opened.unlocks.add(unlock, {
        mark: unlockMark(at),
        tags,
        since: at - 32 * DAY,
        unlockableAt,
      });
    };
    const ledgerOf = (tag: string, bucket: "stranger" | "device" = "stranger") =>
      opened.ledger.read([tag], bucket, 0);

    test("adds a mark to the ledger of strangers only, and keeps the reason", async () => {
      const tag = newTag();
      expect(await add(tag)).toEqual({ ok: true });
      expect(await ledgerOf(tag)).toEqual([unlockMark(NOW)]);
      expect(await ledgerOf(tag, "device")).toEqual([]);
      expect(await opened.unlocks.of([tag], 9)).toMatchObject([
        { phoneTag: tag, sealedPhone: "sealed", sealedReason: `reason-${NOW}`, at: NOW },
      ]);
      expect(await opened.unlocks.of([newTag()], 9)).toEqual([]);
    });

    test("does not count wrong guesses as unlocks", async () => {
      const tag = newTag();
      await opened.ledger.record(fresh("guess"), tag, "stranger", { at: NOW - SECOND, codeLength: 6 });
      await opened.ledger.record(fresh("guess"), tag, "stranger", { at: NOW - SECOND, codeLength: 0 });
      expect(await add(tag)).toEqual({ ok: true });
    });

    test("refuses a second unlock within a day, with the time of the next, and changes nothing", async () => {
      const tag = newTag();
      await add(tag, NOW - DAY + 1);
      expect(await add(tag)).toEqual({ ok: false, retryAt: NOW + 1 });
      expect(await ledgerOf(tag)).toHaveLength(1);
      expect(await opened.unlocks.of([tag], 9)).toHaveLength(1);
      expect(await add(tag, NOW + 1)).toEqual({ ok: true });
      expect((await opened.unlocks.of([tag], 9)).map(({ at }) => at)).toEqual([NOW + 1, NOW - DAY + 1]);
      expect(await opened.unlocks.of([tag], 1)).toHaveLength(1);
    });

    test("refuses a fourth unlock within 30 days", async () => {
      const tag = newTag();
      for (const days of [29, 20, 10]) expect(await add(tag, NOW - days * DAY)).toEqual({ ok: true });
      expect(await add(tag)).toEqual({ ok: false, retryAt: NOW + DAY });
    });

    test("counts unlocks under older tags, too", async () => {
      const [old, tag] = [newTag(), newTag()];
      await add(old);
      expect(await add(tag, NOW, [tag, old])).toMatchObject({ ok: false });
    });

    test("adds one of 12 unlocks at once", async () => {
      const tag = newTag();
      const outcomes = await parallel(12, (index) => add(tag, NOW + index));
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
      expect(await ledgerOf(tag)).toHaveLength(1);
      expect(await opened.unlocks.of([tag], 99)).toHaveLength(1);
    });

    test("refuses an unlock under a tag key that was replaced", async () => {
      const key = await addTagKey(opened.keys);
      const tag = key.tag();
      await opened.keys.retire(key.id, NOW);
      await expect(add(tag)).rejects.toThrow(StaleKeyError);
      expect(await opened.unlocks.of([tag], 9)).toEqual([]);
    });
  });
}
