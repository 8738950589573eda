import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deadlineIn } from "../../src/adapters/system/deadline.ts";
import { type DeliveryProblem, deliver } from "../../src/core/delivery/deliver.ts";
import type {
  Deadline,
  SendOutcome,
  SendStatus,
  SmsMessage,
  SmsSender,
} from "../../src/core/delivery/ports.ts";
import type { Phone } from "../../src/core/phone.ts";
import { addSampleKey, aMessage, fresh, NOW, parallel } from "../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";
import { countedLimits } from "../support/limit-journal.ts";
import { createTestSender } from "../support/world.ts";
import { createRules, PHONE, SILENT_ALERTS } from "./rules.ts";

const clock = { now: () => NOW };

let opened: TestDatabase;
beforeAll(async () => {
  opened = await openTestDatabase(clock);
  await addSampleKey(opened.stores.keys);
});
afterAll(() => opened.close());

const MONEY = {
  prices: { currency: "CNY", prices: [{ micros: 50_000 }], free: [] },
  hour: { byCountry: {}, bySender: {} },
  day: { total: 1_000_000, byCountry: {}, bySender: {} },
};

type Answer = Parameters<ReturnType<typeof createTestSender>["answer"]>[0];

/** Delivers one message by senders that answer so; with what the record says afterwards. */
async function delivered(answers: readonly Answer[], deadlineMs = 1_000) {
  const senders = answers.map((answer, index) => {
    const sender = createTestSender(`sender-${index + 1}`);
    sender.answer(answer);
    return sender;
  });
  const { messages } = opened.stores;
  const answer = { codeLength: 6, expiresAt: NOW, resendAt: NOW };
  const record = aMessage({ idempotency: { key: fresh("key"), fingerprint: "f", answer } });
  const sms = smsOf(record.id);
  const running = new Set<Deadline>();
  const deadline = () => {
    const begun = deadlineIn(deadlineMs);
    running.add(begun);
    return { ...begun, end: () => void (running.delete(begun) && begun.end()) };
  };
  const reported: DeliveryProblem[] = [];
  const report = (problem: DeliveryProblem) => void reported.push(problem);
  const settlePrice = () => ({ price: 7, correct: async () => {} });
  const result = await deliver(
    {
      messages,
      route: senders.map(({ sender }) => sender),
      deadline,
      clock,
      report,
      alerts: SILENT_ALERTS,
      onSent: () => {},
      settlePrice,
    },
    record,
    sms,
  );
  return {
    result: result.ok ? "ok" : result.refusal.code,
    retryAfterSeconds: result.ok ? undefined : result.refusal.retryAfterSeconds,
    tried: senders.map(({ sent }) => sent.length),
    got: senders.flatMap(({ sent }) => sent),
    sms,
    reported,
    stillRunning: running.size,
    record: await messages.findByIdempotencyKey(record.idempotency?.key ?? "", NOW - 1),
  };
}

function smsOf(id: string): SmsMessage {
  const to = PHONE as Phone;
  return { id, to, purpose: "sign_in", locale: "en", code: "004217", minutes: 5, text: "text" };
}

const says = (status: SendStatus): SendOutcome => ({ status });

describe("the route", () => {
  test("asks the first sender, and nobody else when it took the message", async () => {
    const { result, tried, record, got, sms, reported } = await delivered([
      says("accepted"),
      says("accepted"),
    ]);
    expect(result).toBe("ok");
    expect(reported).toEqual([]);
    expect(tried).toEqual([1, 0]);
    expect(got).toEqual([sms]);
    expect(record).toMatchObject({ status: "accepted", sender: "sender-1" });
  });

  test("hands the same message on from one that was certainly not reached", async () => {
    const outcome = await delivered([
      says("unavailable"),
      says("unavailable"),
      says("accepted"),
      says("accepted"),
    ]);
    expect(outcome.result).toBe("ok");
    expect(outcome.tried).toEqual([1, 1, 1, 0]);
    expect(new Set(outcome.got)).toEqual(new Set([outcome.sms]));
    expect(outcome.record).toMatchObject({ status: "accepted", sender: "sender-3" });
    // Of what each had time for nothing is left behind.
    expect(outcome.stillRunning).toBe(0);
  });

  test("gives up when nobody is reached", async () => {
    const { result, tried, record, reported } = await delivered([says("unavailable"), says("unavailable")]);
    expect(reported).toMatchObject([{ messageId: record?.id, sender: "sender-2", status: "unavailable" }]);
    expect(result).toBe("sms_unavailable");
    expect(tried).toEqual([1, 1]);
    expect(record).toMatchObject({ status: "unavailable", sender: "sender-2" });
  });

  test.each([
    ["unknown", "ok"],
    ["bad_number", "phone_unreachable"],
    ["throttled", "too_many_requests"],
    ["rejected", "sms_unavailable"],
  ] as const)("does not ask another after %s, which is %s to the caller", async (status, expected) => {
    const { result, tried, record } = await delivered([says(status), says("accepted")]);
    expect(result).toBe(expected);
    expect(tried).toEqual([1, 0]);
    expect(record).toMatchObject({ status, sender: "sender-1", price: 7 });
  });
});

describe("promise 5: a message that may have gone out is not sent again", () => {
  const hanging = () => new Promise<SendOutcome>(() => {});
  const failsLate: SmsSender["send"] = (_, deadline) => {
    const signal = deadline.signal();
    return new Promise<SendOutcome>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason)),
    );
  };

  test.each([
    ["rejects", async () => Promise.reject(new Error("socket hang up")), "fault"],
    [
      "throws before it promises anything",
      (() => {
        throw new Error("a bug in an adapter");
      }) as Answer,
      "fault",
    ],
    ["never answers", hanging, "deadline"],
    ["rejects at its deadline", failsLate, undefined],
  ])("by a sender that %s", async (_, answer, providerCode) => {
    const { result, tried, record } = await delivered([answer, says("accepted")], 30);
    expect(result).toBe("ok");
    expect(tried).toEqual([1, 0]);
    expect(record).toMatchObject({
      status: "unknown",
      sender: "sender-1",
      ...(providerCode && { providerCode }),
    });
  });

  test("an answer after the deadline changes nothing, a late failure neither", async () => {
    const late: SmsSender["send"] = (_, deadline) =>
      new Promise<SendOutcome>((resolve) => {
        deadline.signal().addEventListener("abort", () => setTimeout(() => resolve(says("bad_number")), 5));
      });
    const { result, record } = await delivered([late], 10);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(result).toBe("ok");
    expect(record?.status).toBe("unknown");
  });

  test("no signal is made for a sender that asks for none", async () => {
    const made = vi.spyOn(globalThis, "AbortController");
    await delivered([says("accepted")]);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  test("each sender has a deadline of its own", async () => {
    const slow: Answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return says("unavailable");
    };
    const { result, record } = await delivered([slow, slow, says("accepted")], 100);
    expect(result).toBe("ok");
    expect(record).toMatchObject({ status: "accepted", sender: "sender-3" });
  });
});

describe("the record", () => {
  test("keeps what the provider said, for the operator", async () => {
    const outcome = {
      status: "throttled",
      providerId: "p-1",
      providerCode: "LimitExceeded",
      retryAfterSeconds: 99,
    };
    const { record, retryAfterSeconds } = await delivered([outcome as SendOutcome]);
    expect(record).toMatchObject({ status: "throttled", providerId: "p-1", providerCode: "LimitExceeded" });
    expect(retryAfterSeconds).toBe(99);
  });

  test.each([
    ["bad_number", 3_600],
    ["throttled", 60],
    ["rejected", 30],
    ["unavailable", 30],
  ] as const)("%s without a time of its own: %i s", async (status, seconds) => {
    expect((await delivered([says(status)])).retryAfterSeconds).toBe(seconds);
  });
});

test("the record has what became of a message also where its budgets could not be corrected", async () => {
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

test("the operator hears of what only they can mend also where the budgets could not be corrected", async () => {
  const { sender, answer } = createTestSender("sender-1");
  answer({ status: "rejected", alert: { kind: "sms_balance", subject: "sender-1" }, settles: ["other"] });
  const record = aMessage();
  const [report, raise, settle] = [vi.fn(), vi.fn(), vi.fn()];
  const sent = deliver(
    {
      messages: opened.stores.messages,
      route: [sender],
      deadline: () => deadlineIn(1_000),
      clock,
      report,
      alerts: { ...SILENT_ALERTS, raise, settle },
      onSent: () => {},
      settlePrice: () => ({ price: 0, correct: () => Promise.reject(new Error("lost")) }),
    },
    record,
    smsOf(record.id),
  );
  await expect(sent).rejects.toThrow("lost");
  expect(raise).toHaveBeenCalledWith("sms_balance", "sender-1", {});
  expect(settle).toHaveBeenCalledWith(["other"]);
  expect(report).toHaveBeenCalledWith({ messageId: record.id, sender: "sender-1", status: "rejected" });
});

test("of requests with one Idempotency-Key one is sent and counted, also where the limits between them were lost", async () => {
  const rules = await createRules({
    settings: { money: MONEY },
    wrap: ({ limits }) => ({
      limits: {
        ...limits,
        take: ({ checks, ...request }, now) =>
          limits.take({ ...request, checks: checks.filter(({ name }) => name !== "idempotency") }, now),
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
  test("at the moment of the send the message is noted and its code can be checked", async () => {
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

  test("killed before the sender answered: the code works, and the day's limit has counted it", async () => {
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

  test("killed before the sender answered, with a database for state: the delivered code still signs in", async () => {
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
