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

    test("gives a notice back as it was, as long as it waits", async () => {
      const plain = await added();
      const full = await added({ sealedStopCode: "sealed", kind: "phone_change_started" });
      expect(await store.findWaiting(plain.id)).toEqual(plain);
      expect(await store.findWaiting(full.id)).toEqual(full);
      expect(await store.findWaiting("unknown")).toBeUndefined();
    });

    test("of 20 parallel claims exactly one succeeds, and nobody finds it waiting then", async () => {
      const { id } = await added();
      const claims = await parallel(20, () => claim(id, NOW + MINUTE));
      expect(claims.filter(Boolean)).toHaveLength(1);
      expect(await store.findWaiting(id)).toBeUndefined();
      expect(await claim("unknown", NOW)).toBe(false);
    });

    test("is claimed together with its message or not at all", async () => {
      const { id } = await added();
      const message = aMessage();
      expect(await store.claim(id, NOW + MINUTE, message)).toBe(true);
      const other = await added();
      // There is a message of this id already.
      await expect(store.claim(other.id, NOW + MINUTE, message)).rejects.toThrow();
      expect(await store.findWaiting(other.id)).toBeDefined();
    });

    test("is due after the request that promised it had its time, then when it was put off to", async () => {
      const { id, createdAt } = await added();
      const first = firstDueAt({ createdAt });
      expect(await dueIds(first - 1)).not.toContain(id);
      expect(await dueIds(first)).toContain(id);
      await store.postpone(id, first + MINUTE);
      expect(await dueIds(first)).not.toContain(id);
      expect(await dueIds(first + MINUTE)).toContain(id);
    });

    test("is not claimed under a tag key that is not in use any more, and waits on", async () => {
      const key = await addTagKey(keys);
      const notice = await added({ phoneTag: key.tag() });
      await keys.retire(key.id, NOW);
      const message = aMessage({ phoneTag: notice.phoneTag });
      await expect(store.claim(notice.id, NOW + MINUTE, message)).rejects.toThrow(StaleKeyError);
      expect(await store.findWaiting(notice.id)).toEqual(notice);
    });

    test("what was claimed and never returned is due as one that is being sent", async () => {
      const notice = await added({ createdAt: NOW - MINUTE });
      await claim(notice.id, NOW + 5 * MINUTE);
      expect(await dueIds(NOW + 4 * MINUTE)).not.toContain(notice.id);
      const due = await store.due(NOW + 5 * MINUTE, 500);
      expect(due).toContainEqual({ ...notice, state: "sending" });
    });

    test("waits again when it was given back, which only whoever claimed it can do", async () => {
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

    test("what ended is over for good", async () => {
      const { id } = await added();
      await store.end(id, "opted_out");
      await store.end(id, "sent");
      await store.giveBack(id, NOW);
      expect(await store.findWaiting(id)).toBeUndefined();
      expect(await claim(id, NOW)).toBe(false);
      expect(await dueIds(NOW + 90 * MINUTE)).not.toContain(id);
    });

    test("gives at most as many as it is asked for, longest due first", async () => {
      const old = NOW - 1_000 * MINUTE;
      const second = await added({ createdAt: old + 2 });
      const first = await added({ createdAt: old + 1 });
      await added({ createdAt: old + 3 });
      expect((await store.due(old + 2 * MINUTE, 2)).map(({ id }) => id)).toEqual([first.id, second.id]);
    });
  });
}
