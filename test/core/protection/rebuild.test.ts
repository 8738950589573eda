import { beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../src/adapters/sql/database.ts";
import { migrate } from "../../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores, type SqlStores } from "../../../src/adapters/sql/stores.ts";
import type { MessageStore } from "../../../src/core/delivery/ports.ts";
import { spendLimits } from "../../../src/core/protection/budgets/spend.ts";
import { leaseMember } from "../../../src/core/protection/limits/members.ts";
import type { LimitStore, Lost } from "../../../src/core/protection/limits/ports.ts";
import type { LimitCaller } from "../../../src/core/protection/limits/send-limit.ts";
import { LIMIT_KEYS, messageKeys, tableLimits } from "../../../src/core/protection/limits/table.ts";
import { createLost } from "../../../src/core/protection/lost.ts";
import { createTakeSend } from "../../../src/core/protection/rebuild.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import type { Verification, VerificationStore } from "../../../src/core/verification/ports.ts";
import { addSampleKey, aMessage, DAY, fresh, MINUTE, NOW, parallel } from "../../contracts/samples.ts";
import { countedLimits } from "../../support/limit-journal.ts";
import { NO_LIMITS, SECOND } from "../rules.ts";

/** More than two pages of them. */
const MESSAGES = 2_300;
const PAGE = 1_000;
const PRICE = 50_000;

const budget = { total: MESSAGES * PRICE, byCountry: {}, bySender: { other: PRICE } };
const settings = {
  codeAttempts: 3,
  limits: { ...NO_LIMITS, totalSends: [{ max: MESSAGES / 10, windowMs: DAY }] },
  guard: { mode: "off", allow: { countries: [], prefixes: [], networkBits: [] } },
  money: {
    prices: { currency: "CNY", prices: [{ micros: PRICE }], free: [] },
    hour: { byCountry: {}, bySender: {} },
    day: budget,
  },
} as const;
const caller: LimitCaller = {
  phoneTag: "k.tag",
  bucket: "stranger",
  traffic: { country: "CN", prefixTag: "prefix" },
  standing: { name: "exempt" },
  isTrusted: false,
};
const backend = { client: "shop", sends: [{ max: 1, windowMs: DAY }], spend: {} };
const limits = {
  backend: tableLimits(settings.limits, { ...caller, backend }, () => undefined).filter(
    ({ name }) => name === "backend",
  ),
  total: tableLimits(settings.limits, caller, () => undefined).filter(({ name }) => name === "total"),
  spend: spendLimits(settings.money, caller, { sender: "console", price: PRICE }, () => undefined),
  other: spendLimits(settings.money, caller, { sender: "other", price: PRICE }, () => undefined),
};

describe("a rebuild, page by page", () => {
  const clock = { now: () => NOW };
  let database: SqlDatabase;
  let stores: SqlStores;
  beforeEach(async () => {
    database = await openSqlite(":memory:");
    await migrate(database, clock);
    stores = createSqlStores(database, { clock, onStaleKey: () => {} });
    await addSampleKey(stores.keys);
    await parallel(MESSAGES, (n) =>
      stores.messages.create(
        aMessage({ price: PRICE, traffic: caller.traffic, createdAt: NOW - DAY + MINUTE + n }),
      ),
    );
  });

  const unreadable: unknown[] = [];
  const takeFrom = (
    over: {
      messages?: Partial<MessageStore>;
      limits?: Partial<LimitStore>;
      find?: VerificationStore["find"];
    } = {},
  ) => {
    const take = createTakeSend({
      limits: { ...stores.limits, ...over.limits },
      messages: { ...stores.messages, ...over.messages },
      verifications: { find: over.find ?? stores.verifications.find },
      clock,
      learned: async () => () => undefined,
      route: [{ name: "console" }],
      onUnreadable: (error) => void unreadable.push(error),
      settings,
    });
    return (name: keyof typeof limits) =>
      take(caller.phoneTag, { member: fresh("member"), limits: limits[name] }, NOW);
  };
  const journal = async () => {
    const rows = await database.db.selectFrom("limit_journal").select("entry").orderBy("id").execute();
    return countedLimits(rows.map(({ entry }) => entry));
  };
  const counted = async () => (await journal()).events.filter(({ key }) => key === "total-sends").length;

  test("refills nothing when its process dies half-way, and is completed by the next one", async () => {
    let pages = 0;
    const dying = takeFrom({
      messages: {
        sentSince(...asked) {
          pages += 1;
          return pages === 3 ? Promise.reject(new Error("killed")) : stores.messages.sentSince(...asked);
        },
      },
    });
    await expect(dying("total")).rejects.toThrow("killed");
    expect(await counted()).toBe(2 * PAGE);
    expect(await stores.limits.seeded("k")).toBe(false);
    // Two others at once, neither of which lets anything through.
    const others = [takeFrom(), takeFrom()];
    const taken = await Promise.all(others.map((take) => take("total")));
    expect(taken).toMatchObject([{ refusedBy: "total" }, { refusedBy: "total" }]);
    expect(await others[0]?.("spend")).toMatchObject({ refusedBy: "spend_day" });
    expect(await counted()).toBe(MESSAGES);
    expect((await journal()).total).toBe(MESSAGES * PRICE);
  });

  test("counts a message on the budget of the sender that sent it", async () => {
    const { traffic } = caller;
    const sent = aMessage({ price: PRICE, traffic, createdAt: NOW - MINUTE });
    const one = takeFrom({
      messages: { sentSince: async () => [{ ...sent, sender: "other", converted: false }] },
    });
    expect(await one("other")).toMatchObject({ refusedBy: "spend_day_sender" });
    expect(await one("spend")).toMatchObject({ ok: true });
  });

  test("fails as unavailable, not with a refusal, if the limits are lost again before anything is counted", async () => {
    const lostAgain = takeFrom({
      limits: {
        take: async ({ epoch }, now) =>
          epoch ? { ok: false, refusedBy: "unseeded", retryAt: now } : { ok: true, leased: 0, nextAt: now },
      },
    });
    await expect(lostAgain("total")).rejects.toThrow(UnavailableError);
  });

  test("counts the messages of a backend for a day", async () => {
    const { traffic } = caller;
    const sent = aMessage({ client: "shop", traffic, createdAt: NOW - DAY + MINUTE });
    const one = takeFrom({ messages: { sentSince: async () => [{ ...sent, converted: false }] } });
    expect(await one("backend")).toMatchObject({ refusedBy: "backend" });
  });

  test("goes on past a verification that cannot be read, and counts all of its guesses as open", async () => {
    const { phoneTag, bucket, traffic } = caller;
    const member = leaseMember("damaged");
    const sent = aMessage({ verificationId: "damaged", member, phoneTag, traffic, createdAt: NOW - MINUTE });
    const messages = { sentSince: async () => [{ ...sent, converted: false }] };
    const damaged = new SyntaxError("no JSON");
    const away = new UnavailableError("Redis", { cause: undefined });
    await expect(takeFrom({ messages, find: () => Promise.reject(away) })("spend")).rejects.toBe(away);
    expect(await takeFrom({ messages, find: () => Promise.reject(damaged) })("spend")).toMatchObject({
      ok: true,
    });
    expect(unreadable).toEqual([damaged]);
    const guessesAt = (tag: string) => {
      const lease = { key: LIMIT_KEYS.guesses(tag, bucket), wanted: 3, cap: 3, expiresAt: NOW + MINUTE };
      return stores.limits.take({ epoch: "k", member: fresh("member"), limits: [], lease }, NOW);
    };
    expect(await guessesAt(phoneTag)).toMatchObject({ ok: false, refusedBy: "lease" });
    expect(await guessesAt("k.other")).toMatchObject({ ok: true, leased: 3 });
  });

  test("reads the record once if ten takes wait for it", async () => {
    let reads = 0;
    const take = takeFrom({
      messages: {
        sentSince(...asked) {
          reads += 1;
          return stores.messages.sentSince(...asked);
        },
      },
    });
    await parallel(10, () => take("total"));
    expect(reads).toBe(3);
  });

  test("reads nothing if another process has completed it since the count was refused", async () => {
    let meanwhile = async () => {
      meanwhile = async () => {};
      await takeFrom()("total");
    };
    const late = takeFrom({
      limits: {
        async take(request, now) {
          const taken = await stores.limits.take(request, now);
          await meanwhile();
          return taken;
        },
      },
      messages: { sentSince: () => Promise.reject(new Error("it was read again")) },
    });
    expect(await late("total")).toMatchObject({ refusedBy: "total" });
  });

  test("has one page in memory at a time", async () => {
    const sizes: number[] = [];
    const watched = takeFrom({
      limits: {
        seed: (epoch, pages) =>
          stores.limits.seed(
            epoch,
            (async function* () {
              for await (const page of pages as AsyncIterable<Lost>) {
                sizes.push(new Set(page.events.map(({ member }) => member)).size);
                yield page;
              }
            })(),
          ),
      },
    });
    await watched("spend");
    expect(sizes).toEqual([PAGE, PAGE, MESSAGES - 2 * PAGE]);
  });
});

/** What comes back at `now` of a message that was sent at `NOW`, and of its verification. */
async function lostAt(now: number, { attemptsUsed = 2, hasTraffic = true } = {}) {
  const found = { outcome: "open", phoneTag: "k.tag", attemptsUsed, attemptsAllowed: 3 } as Verification;
  const deps = { settings, route: [{ name: "console" }], onUnreadable: () => {} };
  const clock = { now: () => now };
  const verifications = { find: async () => found };
  const lost = createLost({ ...deps, clock, verifications }, () => undefined, now);
  const member = leaseMember("found");
  const sent = { verificationId: "found", member, phoneTag: "k.tag", createdAt: NOW };
  const { traffic, ...message } = aMessage(sent);
  return await lost([{ ...message, ...(hasTraffic && traffic && { traffic }), converted: false }]);
}

test.each([
  ["as long as its code can live, if some are left", 2, 10 * MINUTE + 30 * SECOND],
  ["until the last one must be in the ledger, if all were made", 3, MINUTE + 30 * SECOND],
])("the guesses of a verification are set aside %s", async (_, attemptsUsed, ms) => {
  const { leases } = await lostAt(NOW + MINUTE, { attemptsUsed });
  expect(leases).toMatchObject([{ member: leaseMember("found"), amount: 3, expiresAt: NOW + ms }]);
});

test("the guesses of an expired code are set aside while the last one may be on its way to the ledger", async () => {
  const ended = NOW + 10 * MINUTE + 30 * SECOND;
  expect((await lostAt(ended - 1)).leases).toHaveLength(1);
  expect((await lostAt(ended)).leases).toEqual([]);
});

test("a message without traffic, such as one to a test number, counts only on its phone", async () => {
  const { events } = await lostAt(NOW + MINUTE, { hasTraffic: false });
  expect(events.map(({ key }) => key)).toEqual(messageKeys("k.tag", "stranger", false));
});
