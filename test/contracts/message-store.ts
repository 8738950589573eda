import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Idempotency, Message, MessageStore } from "../../src/core/delivery/ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import { StaleKeyError } from "../../src/core/refusals.ts";
import { addSampleKey, addTagKey, aMessage, DAY, fresh, NOW, parallel } from "./samples.ts";

export interface OpenMessageStore {
  readonly store: MessageStore;
  readonly keys: KeyStore;
  /** How often the store has said that the keyring is stale. */
  staleKeys(): number;
  close(): Promise<void>;
}

function idempotency(key = fresh("key")): Idempotency {
  const answer = { codeLength: 6, expiresAt: NOW + 300_000, resendAt: NOW + 30_000 };
  return { key, fingerprint: fresh("fingerprint"), answer };
}

/** The promises of `MessageStore`, for every store. */
export function messageStoreContract(name: string, open: () => Promise<OpenMessageStore>): void {
  describe(`${name}: message store`, () => {
    let opened: OpenMessageStore;
    let store: MessageStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      await addSampleKey(opened.keys);
    });
    afterAll(() => opened.close());

    const create = async (over: Partial<Message> = {}): Promise<Message> => {
      const message = aMessage(over);
      expect(await store.create(message)).toBe(true);
      return message;
    };
    /** A span of time that no other test writes in. */
    let spans = 0;
    const newSpan = () => {
      spans += 1;
      return NOW + spans * 100 * DAY;
    };

    describe("under a tag key that is not in use any more", () => {
      const under = (tag: string, over: Partial<Message> = {}) =>
        store.create(aMessage({ phoneTag: tag, ...over }));

      test.each(["without", "with"])("nothing is written %s an idempotency key", async (what) => {
        const over = what === "with" ? { idempotency: idempotency() } : {};
        const createdAt = newSpan();
        const key = await addTagKey(opened.keys);
        await under(key.tag(), { createdAt, ...over });
        await opened.keys.retire(key.id, NOW);
        const before = opened.staleKeys();
        const again = { createdAt, ...(what === "with" && { idempotency: idempotency() }) };
        await expect(under(key.tag(), again)).rejects.toThrow(StaleKeyError);
        expect(opened.staleKeys()).toBe(before + 1);
        expect(await store.sentSince(createdAt - 1, { limit: 9 })).toHaveLength(1);
      });

      test("that is being retired: what was acknowledged is stored, the rest is not, and other tags are not held up", async () => {
        const key = await addTagKey(opened.keys);
        const createdAt = newSpan();
        const written = await parallel(60, async (index) => {
          if (index === 30) await opened.keys.retire(key.id, NOW);
          const message = aMessage({ createdAt, ...(index % 2 && { phoneTag: key.tag() }) });
          return await store.create(message).then(
            () => message.id,
            (error: unknown) => {
              if (error instanceof StaleKeyError) return undefined;
              throw error;
            },
          );
        });
        const ids = written.filter((id) => id !== undefined);
        const sent = await store.sentSince(createdAt - 1, { limit: 99 });
        expect(new Set(sent.map(({ id }) => id))).toEqual(new Set(ids));
        expect(written.filter((_, index) => index % 2 === 0)).not.toContain(undefined);
        expect(ids.length).toBeLessThan(60);
      });
    });

    test("finds phone tag, purpose and backend of a verification's messages", async () => {
      const { verificationId, phoneTag, purpose } = await create({ client: "shop" });
      expect(await store.findOf(verificationId)).toMatchObject({ phoneTag, purpose, client: "shop" });
      expect(await store.findOf(fresh("verification"))).toBeUndefined();
    });

    describe("findByIdempotencyKey", () => {
      test("finds the message of the first request with its answer", async () => {
        const { key, ...rest } = idempotency();
        const message = await create({ idempotency: { key, ...rest } });
        expect(await store.findByIdempotencyKey(key, NOW - DAY)).toEqual(message);
        expect(await store.findByIdempotencyKey(fresh("key"), 0)).toBeUndefined();
      });

      test("finds the outcome of the message", async () => {
        const message = await create({ idempotency: idempotency() });
        const outcome = {
          price: 0,
          status: "bad_number",
          sender: "console",
          providerId: "p-1",
          providerCode: "E1",
          requestId: "r-1",
          fee: 2,
        } as const;
        await store.finish(message.id, outcome);
        const found = await store.findByIdempotencyKey(message.idempotency?.key ?? "", NOW - DAY);
        expect(found).toEqual({ ...message, ...outcome });
      });

      test("takes `since` as exclusive", async () => {
        const { idempotency: used } = await create({ idempotency: idempotency() });
        expect(await store.findByIdempotencyKey(used?.key ?? "", NOW - 1)).toBeDefined();
        expect(await store.findByIdempotencyKey(used?.key ?? "", NOW)).toBeUndefined();
      });

      test("finds one message for a day, even if 30 are created with the key at once", async () => {
        const { key } = idempotency();
        const messages = Array.from({ length: 30 }, () => aMessage({ idempotency: idempotency(key) }));
        const created = await Promise.all(messages.map((message) => store.create(message)));
        const won = messages.filter((_, index) => created[index]);
        expect(won).toHaveLength(1);
        expect(await store.findByIdempotencyKey(key, NOW - DAY)).toEqual(won[0]);
        const late = aMessage({ idempotency: idempotency(key), createdAt: NOW + DAY - 1 });
        expect(await store.create(late)).toBe(false);
      });

      test("finds the newer message if the key was used again after 24 hours; the first one stays in the record", async () => {
        const at = newSpan();
        const first = await create({ idempotency: idempotency(), createdAt: at });
        const key = first.idempotency?.key ?? "";
        const next = await create({ idempotency: idempotency(key), createdAt: at + DAY });
        expect(await store.findByIdempotencyKey(key, at)).toEqual(next);
        const sent = await store.sentSince(at - 1, { limit: 10 });
        expect(sent.map(({ id }) => id)).toEqual([first.id, next.id]);
      });

      test("has no part in messages without a key, of which there may be several", async () => {
        await parallel(5, () => create());
      });
    });

    describe("heldUntil", () => {
      test("tells until when a sender takes nothing for this phone", async () => {
        const { phoneTag, id } = await create();
        const later = await create({ phoneTag });
        const held = { price: 0, status: "throttled", sender: "s" } as const;
        await store.finish(id, { ...held, heldUntil: NOW + DAY });
        await store.finish(later.id, { ...held, heldUntil: NOW + 2 * DAY });
        expect(await store.heldUntil(phoneTag, "s", NOW)).toBe(NOW + 2 * DAY);
        expect(await store.heldUntil(phoneTag, "s", NOW + 2 * DAY - 1)).toBe(NOW + 2 * DAY);
        expect(await store.heldUntil(phoneTag, "s", NOW + 2 * DAY)).toBeUndefined();
        expect(await store.heldUntil(phoneTag, "another", NOW)).toBeUndefined();
      });

      test("tells nothing of refusals without such a time", async () => {
        const { phoneTag, id } = await create();
        await store.finish(id, { price: 0, status: "throttled", sender: "s" });
        expect(await store.heldUntil(phoneTag, "s", NOW)).toBeUndefined();
      });
    });

    describe("sentSince", () => {
      test("gives what a rebuild needs, oldest first, only of messages after `since`", async () => {
        const at = newSpan();
        await create({ createdAt: at });
        const third = await create({ createdAt: at + 3, bucket: "device", client: "shop" });
        const second = await create({ createdAt: at + 2, status: "sending" });
        await store.finish(third.id, { status: "rejected", sender: "console", price: 7 });
        const tell = (message: Message) => {
          const { id, verificationId, phoneTag, bucket, traffic, member, price, createdAt } = message;
          const { client, purpose } = message;
          const { status, sender } = message;
          return {
            ...{ id, verificationId, phoneTag, bucket, traffic, member, price, createdAt, status },
            purpose,
            ...(sender && { sender }),
            ...(client && { client }),
            converted: false,
          };
        };
        const rejected = { status: "rejected", sender: "console", price: 7 } as const;
        expect(await store.sentSince(at, { limit: 10 })).toEqual([
          tell(second),
          tell({ ...third, ...rejected }),
        ]);
        await store.convert(second.verificationId);
        const converted = (await store.sentSince(at, { limit: 10 })).map((each) => each.converted);
        expect(converted).toEqual([true, false]);
      });

      test("misses none and repeats none in pages, even if times are equal", async () => {
        const at = newSpan();
        const all = await parallel(25, (index) => create({ createdAt: at + Math.floor(index / 7) }));
        const paged: string[] = [];
        for (let after: string | undefined; ; after = paged.at(-1)) {
          const page = await store.sentSince(at - 1, { limit: 4, ...(after && { after }) });
          paged.push(...page.map(({ id }) => id));
          if (page.length < 4) break;
        }
        expect(paged).toHaveLength(25);
        expect(new Set(paged)).toEqual(new Set(all.map(({ id }) => id)));
      });

      test("fails after a message that is gone, instead of starting again", async () => {
        await expect(store.sentSince(0, { after: fresh("gone"), limit: 4 })).rejects.toThrow();
      });
    });

    test("refuses an id that exists", async () => {
      const message = await create();
      await expect(store.create(message)).rejects.toThrow();
    });
  });
}
