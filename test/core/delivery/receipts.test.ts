import { expect, onTestFinished, test } from "vitest";
import { createPhoneVault } from "../../../src/adapters/keyring/vault.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import type { ReceiptStore } from "../../../src/core/delivery/receipt-ports.ts";
import { noteEarlyReports, noteReports } from "../../../src/core/delivery/receipts.ts";
import { tagKeyIdOf } from "../../../src/core/keys.ts";
import { phoneInE164 } from "../../../src/core/phone.ts";
import { addTagKey, aMessage, NOW } from "../../contracts/samples.ts";
import { createTestClock } from "../../support/clock.ts";
import { openTestDatabase } from "../../support/database.ts";
import { createTestKeyring } from "../../support/keyring.ts";

test("a report is noted even if the answer of its send is recorded while the report is matched", async () => {
  const clock = createTestClock(NOW);
  const { stores, close } = await openTestDatabase(clock);
  onTestFinished(close);
  const phone = phoneInE164("+8613800138000");
  if (!phone) throw new Error("the sample phone is none");
  const vault = createPhoneVault({ keyring: createTestKeyring({ clock }), random: systemRandom });
  const message = aMessage({ phoneTag: await vault.tag(phone) });
  await addTagKey(stores.keys, { id: tagKeyIdOf(message.phoneTag) });
  await stores.messages.create(message);

  const accepted = { price: 0, status: "accepted", sender: "tencent", providerId: "5000:1" } as const;
  const receipts: ReceiptStore = {
    ...stores.receipts,
    async isSending(tags, since) {
      await stores.messages.finish(message.id, accepted);
      return await stores.receipts.isSending(tags, since);
    },
  };
  const deps = {
    ...stores,
    receipts,
    forgetFailed: async () => {},
    onReport: () => {},
    vault,
    clock,
    random: systemRandom,
  };
  const report = { providerId: "5000:1", phone, outcome: "delivered", code: "DELIVRD" } as const;
  expect(await noteReports(deps, "tencent", [report])).toBe(1);
  const [kept] = await stores.receipts.messagesTo([message.phoneTag], 1);
  expect(kept).toMatchObject({ status: "delivered", reportCode: "DELIVRD" });
});

test("an early report that fits no message is kept for 15 minutes", async () => {
  const clock = createTestClock(NOW);
  const { stores, close } = await openTestDatabase(clock);
  onTestFinished(close);
  const early = { providerId: "5000:1", outcome: "delivered", code: "DELIVRD", at: NOW } as const;
  await stores.receipts.keepEarly({ ...early, sender: "tencent", phoneTag: "k.tag" }, 1);
  const deps = { receipts: stores.receipts, clock, forgetFailed: async () => {}, onReport: () => {} };
  for (const [passedMs, kept] of [
    [900_000, 1],
    [1, 0],
  ] as const) {
    clock.advance(passedMs);
    expect(await noteEarlyReports(deps)).toEqual({ count: 0, isLast: true });
    expect(await stores.receipts.early(9)).toHaveLength(kept);
  }
});

/** So many early reports, of which the first `unfit` fit no message. */
async function earlyReports(count: number, unfit: number) {
  const clock = createTestClock(NOW);
  const { stores, close } = await openTestDatabase(clock);
  onTestFinished(close);
  const said = { sender: "tencent", phoneTag: "k.tag", outcome: "delivered", code: "C", at: NOW } as const;
  let kept = Array.from({ length: count }, (_, n) => ({ ...said, providerId: `5000:${n}` }));
  const unknown = kept.slice(0, unfit).map(({ providerId }) => providerId);
  const receipts: ReceiptStore = {
    ...stores.receipts,
    early: async (limit) => kept.slice(0, limit),
    note: async (_, { providerId: id }) =>
      unknown.includes(id) ? undefined : { id, status: "delivered", bucket: "device" },
    async dropEarly(reports) {
      const gone = reports.map(({ providerId }) => providerId);
      kept = kept.filter(({ providerId }) => !gone.includes(providerId));
    },
  };
  return { receipts, clock, forgetFailed: async () => {}, onReport: () => {} };
}

test("noteEarlyReports notes 200 reports at a time, and tells whether there may be more", async () => {
  const deps = await earlyReports(201, 0);
  expect(await noteEarlyReports(deps)).toEqual({ count: 200, isLast: false });
  expect(await noteEarlyReports(deps)).toEqual({ count: 1, isLast: true });
});

test("noteEarlyReports goes on past a report that fits no message", async () => {
  const deps = await earlyReports(400, 1);
  expect(await noteEarlyReports(deps)).toEqual({ count: 199, isLast: false });
  expect(await noteEarlyReports(deps)).toEqual({ count: 199, isLast: false });
  expect(await noteEarlyReports(deps)).toEqual({ count: 1, isLast: true });
});

test("noteEarlyReports stops after 200 reports that all fit no message", async () => {
  const deps = await earlyReports(201, 200);
  expect(await noteEarlyReports(deps)).toEqual({ count: 0, isLast: true });
});
