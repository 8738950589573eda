import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { SendOutcome, SendStatus } from "../../../src/core/delivery/ports.ts";
import { parallel } from "../../contracts/samples.ts";
import { countedLimits } from "../../support/limit-journal.ts";
import { createRules, PHONE } from "../rules.ts";

const MONEY = {
  prices: { currency: "CNY", prices: [{ micros: 50_000 }], free: [] },
  hour: { byCountry: {}, bySender: {} },
  day: { total: 1_000_000, byCountry: {}, bySender: {} },
};

const says = (status: SendStatus): SendOutcome => ({ status });

test("the outcome of a message is recorded even if its budgets could not be corrected", async () => {
  const rules = await createRules({ settings: { money: MONEY } });
  const { db } = rules.database;
  rules.sms.answer(async () => {
    await sql`create trigger lost before insert on limit_journal begin select raise(abort, 'lost'); end`.execute(
      db,
    );
    return { status: "accepted", providerId: "p-1", fee: 2 };
  });
  await expect(rules.start()).rejects.toThrow("lost");
  const record = await db.selectFrom("messages").selectAll().executeTakeFirstOrThrow();
  expect(record).toMatchObject({ status: "accepted", provider_id: "p-1", price: 100_000 });
  await rules.close();
});

test("of two requests with one Idempotency-Key one is sent and counted, even if the limits do not know the key", async () => {
  const rules = await createRules({
    settings: { money: MONEY },
    wrap: ({ limits }) => ({
      limits: {
        ...limits,
        take: ({ limits: wanted, ...request }, now) =>
          limits.take({ ...request, limits: wanted.filter(({ name }) => name !== "idempotency") }, now),
      },
    }),
  });
  const counted = async () => {
    const rows = await rules.database.db.selectFrom("limit_journal").select("entry").orderBy("id").execute();
    const { events, total: spent } = countedLimits(rows.map(({ entry }) => entry));
    return { sends: new Set(events.map(({ member }) => member)).size, spent };
  };
  const { verifications } = rules.phonekey();
  const asked = { locale: "en", client: {} } as const;
  const start = { ...asked, phone: PHONE, purpose: "sign_in" } as const;
  const code = (one: Awaited<ReturnType<typeof verifications.start>>) => (one.ok ? "ok" : one.refusal.code);
  const expected = ["idempotency_in_progress", "ok"];

  const first = { key: "key of a start", request: "start" };
  const started = await parallel(2, () => verifications.start({ ...start, idempotency: first }));
  expect(started.map(code).sort()).toEqual(expected);
  expect(rules.sms.sent).toHaveLength(1);
  expect(await counted()).toEqual({ sends: 1, spent: 50_000 });
  const done = started.find(({ ok }) => ok);
  expect(await verifications.start({ ...start, idempotency: first })).toEqual(done);

  const again = { id: done?.ok ? done.value.id : "", idempotency: { key: "a resend's", request: "resend" } };
  const resent = await parallel(2, () => verifications.resend({ ...asked, ...again }));
  expect(resent.filter(({ ok }) => ok)).toHaveLength(1);
  expect(rules.sms.sent).toHaveLength(2);
  expect(await counted()).toEqual({ sends: 2, spent: 100_000 });
  await rules.close();
});

describe("T13: what a crash finds", () => {
  test("at the moment of the send the message is recorded and its code can be checked", async () => {
    const rules = await createRules();
    const seen: unknown[] = [];
    rules.sms.answer(async (message) => {
      const row = await rules.database.db
        .selectFrom("messages")
        .select(["status", "verification_id"])
        .where("id", "=", message.id)
        .executeTakeFirstOrThrow();
      const verification = await rules.deps().verifications.find(row.verification_id);
      seen.push(
        row.status,
        verification?.outcome,
        await rules.guess(row.verification_id, message.code ?? ""),
      );
      return says("accepted");
    });
    await rules.start();
    expect(seen).toEqual(["sending", "open", "approved"]);
    await rules.close();
  });

  test("killed before the sender answered, with memory for state: the day's limit has counted the message", async () => {
    const settings = {
      limits: {
        phoneSends: [{ max: 2, windowMs: 86_400_000 }],
        addressSends: [],
        addressChecks: [],
        resendMs: 0,
      },
    };
    const rules = await createRules({ state: "memory", settings });
    rules.sms.answer(() => new Promise(() => {}));
    void rules.start();
    while (rules.sms.sent.length === 0) await new Promise(setImmediate);
    await rules.restart();
    rules.sms.answer(says("accepted"));
    expect(await rules.start()).toBe("too_many_requests");
    await rules.close();
  });

  test("killed before the sender answered, with a database for state: the delivered code is still right", async () => {
    const rules = await createRules();
    rules.sms.answer(() => new Promise(() => {}));
    void rules.start();
    while (rules.sms.sent.length === 0) await new Promise(setImmediate);
    const [{ id }] = (await rules.database.db.selectFrom("verifications").select("id").execute()) as [
      { id: string },
    ];
    await rules.restart();
    expect(await rules.guess(id, rules.sms.lastCode())).toBe("approved");
    await rules.close();
  });
});

describe("promise 3: a send that the sender refuses", () => {
  test("cancels the verification, keeps the limits spent and gives its guesses back", async () => {
    const limits = {
      phoneSends: [{ max: 10, windowMs: 86_400_000 }],
      addressSends: [],
      addressChecks: [],
      resendMs: 0,
    };
    const rules = await createRules({ settings: { limits } });
    rules.sms.answer(says("bad_number"));
    for (let n = 0; n < 6; n++) expect(await rules.start()).toBe("phone_unreachable");
    expect(await rules.start()).toBe("too_many_requests");
    expect(rules.sms.sent).toHaveLength(6);
    const outcomes = await rules.database.db.selectFrom("verifications").select("outcome").execute();
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(new Array(6).fill("canceled"));
    const journal = await rules.database.db
      .selectFrom("limit_journal")
      .select("entry")
      .orderBy("id")
      .execute();
    const { events, leases } = countedLimits(journal.map(({ entry }) => entry));
    expect(events).not.toEqual([]);
    expect(leases).toEqual([]);
    await rules.close();
  });
});
