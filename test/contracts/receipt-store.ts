import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Message, MessageStore } from "../../src/core/delivery/ports.ts";
import type { ReceiptStore, ReplyStore, Report } from "../../src/core/delivery/receipt-ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import { addSampleKey, aMessage, DAY, fresh, MINUTE, NOW, parallel } from "./samples.ts";

export interface OpenReceiptStore {
  readonly messages: MessageStore;
  readonly receipts: ReceiptStore;
  readonly replies: ReplyStore;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** The promises of `ReceiptStore` and `ReplyStore`, for every store. */
export function receiptStoreContract(name: string, open: () => Promise<OpenReceiptStore>): void {
  describe(`${name}: receipt store`, () => {
    let opened: OpenReceiptStore;
    let receipts: ReceiptStore;
    beforeAll(async () => {
      opened = await open();
      receipts = opened.receipts;
      await addSampleKey(opened.keys);
    });
    afterAll(() => opened.close());

    const aReport = (over: Partial<Report> = {}): Report => ({
      providerId: fresh("number"),
      outcome: "delivered",
      code: "DELIVRD",
      at: NOW + MINUTE,
      ...over,
    });
    const sent = async (over: Partial<Message> = {}): Promise<Message & { providerId: string }> => {
      const message = aMessage(over);
      const providerId = fresh("number");
      await opened.messages.create(message);
      await opened.messages.finish(message.id, { price: 0, status: "accepted", sender: "s", providerId });
      return { ...message, providerId };
    };
    const stateOf = async ({ phoneTag, id }: Message) =>
      (await receipts.messagesTo([phoneTag], 50)).find((message) => message.id === id);
    const to = ({ phoneTag }: Message, more: object = {}) => ({
      sender: "s",
      tags: ["k.old", phoneTag],
      cutOffBy: NOW - MINUTE,
      ...more,
    });

    test("notes a report that fits by provider's id, sender and phone", async () => {
      const message = await sent();
      const { providerId } = message;
      const report = aReport({ providerId, outcome: "failed", code: "EXPIRED" });
      const { id, bucket, traffic, member } = message;
      const noted = { id, status: "failed", bucket, ...(traffic && { traffic }), ...(member && { member }) };
      for (let n = 0; n < 2; n += 1) expect(await receipts.note(to(message), report)).toEqual(noted);
      expect(await stateOf(message)).toMatchObject({
        status: "failed",
        reportCode: "EXPIRED",
        reportedAt: NOW + MINUTE,
        providerId,
      });
    });

    test.each<[string, object]>([
      ["another phone", { tags: ["k.other"] }],
      ["another sender", { sender: "t" }],
    ])("does not note a report of %s", async (_, more) => {
      const message = await sent();
      const report = aReport({ providerId: message.providerId });
      expect(await receipts.note(to(message, more), report)).toBeUndefined();
      expect(await receipts.note(to(message), aReport())).toBeUndefined();
      expect((await stateOf(message))?.status).toBe("accepted");
    });

    test("notes one of ten reports at once, and no later one changes that", async () => {
      const message = await sent();
      const { providerId } = message;
      await parallel(10, (n) =>
        receipts.note(
          to(message),
          aReport({ providerId, outcome: n % 2 ? "failed" : "delivered", code: `C${n}` }),
        ),
      );
      const first = await stateOf(message);
      expect(await receipts.note(to(message), aReport({ providerId, code: "LATER" }))).toMatchObject({
        status: first?.status,
      });
      expect(await stateOf(message)).toEqual(first);
      await opened.messages.finish(message.id, { price: 0, status: "accepted", sender: "s", providerId });
      expect((await stateOf(message))?.status).toBe(first?.status);
    });

    test("takes our own id beside a provider's id only for a message whose provider's id is not known yet", async () => {
      const sending = aMessage();
      await opened.messages.create(sending);
      const named = to(sending, { messageId: sending.id });
      expect(await receipts.note({ ...named, tags: ["k.other"] }, aReport())).toBeUndefined();
      expect(await receipts.note(named, aReport())).toMatchObject({ id: sending.id, status: "delivered" });
      await opened.messages.finish(sending.id, {
        price: 0,
        status: "accepted",
        sender: "s",
        providerId: "late",
      });
      expect(await stateOf(sending)).toMatchObject({ status: "delivered", providerId: "late" });

      const accepted = await sent();
      expect(await receipts.note(to(accepted, { messageId: accepted.id }), aReport())).toBeUndefined();
      for (const outcome of [{ status: "rejected" }, { status: "unknown", providerId: "known" }] as const) {
        const other = aMessage();
        await opened.messages.create(other);
        await opened.messages.finish(other.id, { price: 0, sender: "s", ...outcome });
        expect(await receipts.note(to(other, { messageId: other.id }), aReport())).toBeUndefined();
      }
    });

    test("takes our own id as the provider's id only for a message that this sender took", async () => {
      const named = ({ id }: Message) => aReport({ providerId: id });
      const note = (message: Message, more: object = {}) =>
        receipts.note(to(message, { messageId: message.id, ...more }), named(message));
      const accepted = await sent();
      expect(await note(accepted, { sender: "t" })).toBeUndefined();
      expect(await note(accepted, { tags: ["k.other"] })).toBeUndefined();
      for (let n = 0; n < 2; n += 1) expect(await note(accepted)).toMatchObject({ status: "delivered" });
      const sending = aMessage();
      await opened.messages.create(sending);
      expect(await note(sending)).toBeUndefined();
      await opened.messages.finish(sending.id, { price: 0, status: "unavailable", sender: "s" });
      expect(await note(sending)).toBeUndefined();
      const unknown = aMessage();
      await opened.messages.create(unknown);
      await opened.messages.finish(unknown.id, { price: 0, status: "unknown", sender: "t" });
      const numbered = to(unknown, { messageId: unknown.id });
      expect(await receipts.note(numbered, aReport())).toBeUndefined();
      expect(await receipts.note({ ...numbered, sender: "t" }, aReport())).toMatchObject({ id: unknown.id });
    });

    test.each(["s", "t"])(
      "takes our own id for a message that was cut off, from the sender it was counted for or another: %s",
      async (sender) => {
        const [named, numbered] = [aMessage({ sender: "s" }), aMessage({ sender: "s" })];
        for (const cut of [named, numbered]) {
          await opened.messages.create(cut);
          const report = cut === named ? aReport({ providerId: cut.id }) : aReport();
          const note = (more: object) =>
            receipts.note(to(cut, { messageId: cut.id, sender, cutOffBy: NOW, ...more }), report);
          expect(await note({ tags: ["k.other"] })).toBeUndefined();
          if (cut === named || sender === "t") expect(await note({ cutOffBy: NOW - 1 })).toBeUndefined();
          expect(await note({})).toMatchObject({ id: cut.id, status: "delivered" });
          expect(await stateOf(cut)).toMatchObject({ sender });
        }
        const again = to(named, { messageId: named.id, sender });
        expect(await receipts.note(again, aReport({ providerId: named.id }))).toMatchObject({ id: named.id });
      },
    );

    test("tells whether a message is being sent to a phone", async () => {
      const message = aMessage();
      await opened.messages.create(message);
      expect(await receipts.isSending([message.phoneTag], NOW - 1)).toBe(true);
      expect(await receipts.isSending([message.phoneTag], NOW)).toBe(false);
      expect(await receipts.isSending(["k.other"], NOW - 1)).toBe(false);
      await opened.messages.finish(message.id, { price: 0, status: "accepted", sender: "s" });
      expect(await receipts.isSending([message.phoneTag], NOW - 1)).toBe(false);
    });

    test("keeps early reports once each, and no more than the limit", async () => {
      const kept = Array.from({ length: 3 }, (_, n) => ({
        ...aReport({ at: NOW + n }),
        sender: "s",
        phoneTag: "k.early",
      }));
      for (const report of [...kept, ...kept]) await receipts.keepEarly(report, 3);
      await receipts.keepEarly({ ...aReport({ at: NOW + 9 }), sender: "s", phoneTag: "k.early" }, 3);
      expect(await receipts.early(10)).toEqual(kept);
      await receipts.dropEarly(kept.slice(1));
      await receipts.dropEarly([]);
      expect(await receipts.early(10)).toEqual(kept.slice(0, 1));
      const [first] = kept;
      if (!first) throw new Error("nothing was kept");
      const another = { ...first, sender: "t", at: first.at + 1 };
      await receipts.keepEarly(another, 3);
      expect(await receipts.early(10)).toEqual([first, another]);
      await receipts.dropEarly([first]);
      expect(await receipts.early(10)).toEqual([another]);
      await receipts.dropEarly([another]);
    });

    test("lists messages without a report that a sender took or may have taken, oldest first", async () => {
      const at = NOW + 900 * DAY;
      const [first, reported, second] = [
        await sent({ createdAt: at + 1 }),
        await sent({ createdAt: at + 2 }),
        await sent({ createdAt: at + 3 }),
      ];
      await sent({ createdAt: at });
      await sent({ createdAt: at + 7 });
      // Of an erased account.
      await sent({ createdAt: at + 3, sealedPhone: "" });
      await receipts.note(to(reported), aReport({ providerId: reported.providerId }));
      const [unknown, cut, refused] = [4, 5, 6].map((n) => aMessage({ sender: "s", createdAt: at + n }));
      for (const message of [unknown, cut, refused]) await opened.messages.create(message as Message);
      for (const [message, status] of [
        [unknown, "unknown"],
        [refused, "rejected"],
      ] as const) {
        await opened.messages.finish(message?.id ?? "", { price: 0, status, sender: "s" });
      }
      const made = { from: at, to: at + 6 };
      const ids = async (limit: number) => (await receipts.unreported("s", made, limit)).map(({ id }) => id);
      expect(await ids(9)).toEqual([first.id, second.id, unknown?.id, cut?.id]);
      expect(await ids(1)).toEqual([first.id]);
      expect(await receipts.unreported("t", made, 9)).toEqual([]);
    });

    test("keeps a reply once, and whether a phone has opted out", async () => {
      const { phoneTag } = await sent();
      const reply = { id: fresh("reply"), phoneTag, sealedPhone: "sealed", sealedText: "text", at: NOW };
      expect(await opened.replies.wasSentTo(["k.old", phoneTag])).toBe(true);
      expect(await opened.replies.wasSentTo(["k.other"])).toBe(false);
      for (let n = 0; n < 2; n += 1) await opened.replies.keepReply(reply);
      expect(await opened.replies.repliesOf([phoneTag], 9)).toEqual([reply]);
      expect(await opened.replies.isOptedOut([phoneTag])).toBe(false);
      await parallel(5, () => opened.replies.optOut({ ...reply, id: fresh("row") }));
      expect(await opened.replies.isOptedOut(["k.old", phoneTag])).toBe(true);
    });
  });
}
