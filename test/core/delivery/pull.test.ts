import { describe, expect, onTestFinished, test } from "vitest";
import { createPhoneVault } from "../../../src/adapters/keyring/vault.ts";
import { createTurns } from "../../../src/adapters/sql/maintenance/turns.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import type { Message } from "../../../src/core/delivery/ports.ts";
import { type PullDeps, pullReports } from "../../../src/core/delivery/pull.ts";
import { tagKeyIdOf } from "../../../src/core/keys.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { addTagKey, aMessage, fresh, NOW } from "../../contracts/samples.ts";
import { createTestClock } from "../../support/clock.ts";
import { openTestDatabase } from "../../support/database.ts";
import { createTestKeyring } from "../../support/keyring.ts";
import { HOUR, MINUTE } from "../times.ts";

const number = (n: number) => `+861380013${8_000 + n}` as Phone;

/** A record of messages, and the phones that the sender is asked about. */
async function setUp() {
  const clock = createTestClock(NOW);
  const { database, stores, close } = await openTestDatabase(clock);
  onTestFinished(close);
  const vault = createPhoneVault({ keyring: createTestKeyring({ clock }), random: systemRandom });
  await addTagKey(stores.keys, { id: tagKeyIdOf(await vault.tag(number(0))) });

  /** A message that was accepted so long ago. */
  async function sent(n: number, ageMs = MINUTE, over: Partial<Message> = {}): Promise<Message> {
    const id = fresh("message");
    const [phoneTag, sealedPhone] = [await vault.tag(number(n)), await vault.seal(number(n), id)];
    const message = aMessage({ id, phoneTag, sealedPhone, createdAt: clock.now() - ageMs, ...over });
    await stores.messages.create(message);
    const accepted = { price: 0, status: "accepted", sender: "tencent", providerId: id } as const;
    await stores.messages.finish(id, accepted);
    return message;
  }

  const asked: { readonly phone: Phone; readonly since: number }[] = [];
  const pull = (over: Partial<PullDeps> = {}) =>
    pullReports({
      receipts: stores.receipts,
      vault,
      turns: createTurns(database),
      clock,
      random: systemRandom,
      sender: "tencent",
      ask: async (phone, since) => {
        asked.push({ phone, since });
        return [];
      },
      note: async (reports) => reports.length,
      ...over,
    });
  return { clock, sent, asked, pull };
}

describe("pullReports", () => {
  test("goes on past a phone that cannot be decrypted, and then throws with the id of its message", async () => {
    const { sent, asked, pull } = await setUp();
    await sent(1);
    const damaged = await sent(2, MINUTE, { sealedPhone: "v1.x.y" });
    await sent(3);
    await expect(pull()).rejects.toThrow(damaged.id);
    expect(asked.map(({ phone }) => phone).toSorted()).toEqual([number(1), number(3)]);
  });

  test("asks about a phone if it can be decrypted from one of its messages", async () => {
    const { sent, asked, pull } = await setUp();
    await sent(1, MINUTE);
    const oldest = await sent(1, 5 * MINUTE, { sealedPhone: "v1.x.y" });
    await sent(2, MINUTE, { sealedPhone: "v1.x.y" });
    await sent(2, 5 * MINUTE);
    await pull().catch(() => {});
    expect(asked.map(({ phone }) => phone).toSorted()).toEqual([number(1), number(2)]);
    expect(asked).toContainEqual({ phone: number(1), since: oldest.createdAt - MINUTE });
  });

  test("stops at once if the keys are unavailable", async () => {
    const { sent, asked, pull } = await setUp();
    for (const n of [1, 2]) await sent(n);
    let opened = 0;
    const open = async () => {
      opened += 1;
      throw new UnavailableError("the keys", { cause: undefined });
    };
    await expect(pull({ vault: { open } })).rejects.toBeInstanceOf(UnavailableError);
    expect([opened, asked]).toEqual([1, []]);
  });

  test("asks once about all messages to a phone, from the oldest on", async () => {
    const { sent, asked, pull } = await setUp();
    await sent(1, MINUTE);
    const oldest = await sent(1, 5 * MINUTE);
    await pull();
    expect(asked).toEqual([{ phone: number(1), since: oldest.createdAt - MINUTE }]);
  });

  test("asks about messages of one, five and thirty minutes and six hours ago", async () => {
    const { sent, asked, pull } = await setUp();
    for (const [n, minutes] of [1, 5, 30, 360].entries()) await sent(n, minutes * MINUTE);
    for (const [n, minutes] of [4, 29, 359, 720].entries()) await sent(n + 4, minutes * MINUTE);
    await pull();
    expect(asked.map(({ phone }) => phone)).toEqual([0, 1, 2, 3].map(number));
  });

  test("asks about a hundred phones at most", async () => {
    const { sent, asked, pull } = await setUp();
    for (let n = 0; n < 102; n += 1) await sent(n);
    await pull();
    expect(asked).toHaveLength(100);
  });

  test("asks once if several processes run it", async () => {
    const { sent, asked, pull } = await setUp();
    await sent(1);
    await Promise.all([pull(), pull(), pull()]);
    expect(asked).toHaveLength(1);
  });

  test("asks after a long pause only about what came due in its last ten minutes", async () => {
    const { clock, sent, asked, pull } = await setUp();
    await pull();
    clock.advance(3 * HOUR);
    await sent(1, 21 * MINUTE);
    await sent(2, 6 * MINUTE);
    await pull();
    expect(asked.map(({ phone }) => phone)).toEqual([number(2)]);
  });
});
