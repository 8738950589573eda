import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyStore } from "../../src/core/keys.ts";
import { firstDueAt } from "../../src/core/notices/notices.ts";
import type { Notice, NoticeStore } from "../../src/core/notices/ports.ts";
import { StaleKeyError } from "../../src/core/refusals.ts";
import { addSampleKey, addTagKey, aMessage, fresh, MINUTE, NOW, parallel } from "./samples.ts";

export interface OpenNoticeStore {
  readonly noticeStore: NoticeStore;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

export function aNotice(over: Partial<Notice> = {}): Notice {
  return {
    id: fresh("notice"),
    userId: fresh("user"),
    kind: "password_changed",
    phoneTag: `k.${fresh("tag")}`,
    sealedPhone: "sealed",
    locale: "zh-CN",
    createdAt: NOW,
    ...over,
  };
}

/** The promises of `NoticeStore`, for every store. */
export function noticeStoreContract(name: string, open: () => Promise<OpenNoticeStore>): void {
  describe(`${name}: notice store`, () => {
    let store: NoticeStore;
    let keys: KeyStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ noticeStore: store, keys, close } = await open());
      await addSampleKey(keys);
    });
    afterAll(() => close());

    const added = async (over: Partial<Notice> = {}) => {
      const notice = aNotice(over);
      await store.add(notice);
      return notice;
    };
    const claim = (id: string, until: number) => store.claim(id, until, aMessage());
    const dueIds = async (now: number) => (await store.due(now, 500)).map(({ id }) => id);

    test("finds a notice as it was added, as long as it waits", async () => {
      const plain = await added();
      const full = await added({ sealedStopCode: "sealed", kind: "phone_change_started" });
      expect(await store.findWaiting(plain.id)).toEqual(plain);
      expect(await store.findWaiting(full.id)).toEqual(full);
      expect(await store.findWaiting("unknown")).toBeUndefined();
    });

    test("lets exactly one of 20 parallel claims succeed, after which the notice is not found waiting", async () => {
      const { id } = await added();
      const claims = await parallel(20, () => claim(id, NOW + MINUTE));
      expect(claims.filter(Boolean)).toHaveLength(1);
      expect(await store.findWaiting(id)).toBeUndefined();
      expect(await claim("unknown", NOW)).toBe(false);
    });

    test("claims a notice together with its message, or not at all", async () => {
      const { id } = await added();
      const message = aMessage();
      expect(await store.claim(id, NOW + MINUTE, message)).toBe(true);
      const other = await added();
      // There is a message of this id already.
      await expect(store.claim(other.id, NOW + MINUTE, message)).rejects.toThrow();
      expect(await store.findWaiting(other.id)).toBeDefined();
    });

    test("gives a notice as due once its request had time to send it, or at the time to which it was postponed", async () => {
      const { id, createdAt } = await added();
      const first = firstDueAt({ createdAt });
      expect(await dueIds(first - 1)).not.toContain(id);
      expect(await dueIds(first)).toContain(id);
      await store.postpone(id, first + MINUTE);
      expect(await dueIds(first)).not.toContain(id);
      expect(await dueIds(first + MINUTE)).toContain(id);
    });

    test("does not claim under a tag key that was retired; the notice goes on waiting", async () => {
      const key = await addTagKey(keys);
      const notice = await added({ phoneTag: key.tag() });
      await keys.retire(key.id, NOW);
      const message = aMessage({ phoneTag: notice.phoneTag });
      await expect(store.claim(notice.id, NOW + MINUTE, message)).rejects.toThrow(StaleKeyError);
      expect(await store.findWaiting(notice.id)).toEqual(notice);
    });

    test("gives a claimed notice that was not ended as due, in state `sending`", async () => {
      const notice = await added({ createdAt: NOW - MINUTE });
      await claim(notice.id, NOW + 5 * MINUTE);
      expect(await dueIds(NOW + 4 * MINUTE)).not.toContain(notice.id);
      const due = await store.due(NOW + 5 * MINUTE, 500);
      expect(due).toContainEqual({ ...notice, state: "sending" });
    });

    test("takes back only a claimed notice, and postpones only one that waits", async () => {
      const { id } = await added();
      await store.giveBack(id, NOW + 90 * MINUTE);
      expect(await dueIds(NOW + 2 * MINUTE)).toContain(id);
      await claim(id, NOW + MINUTE);
      await store.postpone(id, NOW + 90 * MINUTE);
      expect(await dueIds(NOW + 2 * MINUTE)).toContain(id);
      await store.giveBack(id, NOW + 90 * MINUTE);
      expect(await dueIds(NOW + 2 * MINUTE)).not.toContain(id);
      expect(await store.findWaiting(id)).toBeDefined();
    });

    test("changes nothing of a notice that has ended", async () => {
      const { id } = await added();
      await store.end(id, "opted_out");
      await store.end(id, "sent");
      await store.giveBack(id, NOW);
      expect(await store.findWaiting(id)).toBeUndefined();
      expect(await claim(id, NOW)).toBe(false);
      expect(await dueIds(NOW + 90 * MINUTE)).not.toContain(id);
    });

    test("gives at most as many due notices as asked for, the longest due first", async () => {
      const old = NOW - 1_000 * MINUTE;
      const second = await added({ createdAt: old + 2 });
      const first = await added({ createdAt: old + 1 });
      await added({ createdAt: old + 3 });
      expect((await store.due(old + 2 * MINUTE, 2)).map(({ id }) => id)).toEqual([first.id, second.id]);
    });
  });
}
