import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deadlineIn } from "../../../src/adapters/system/deadline.ts";
import { createCircuit } from "../../../src/core/delivery/circuit.ts";
import { type DeliveryProblem, deliver, deliveryResult } from "../../../src/core/delivery/deliver.ts";
import type {
  Deadline,
  SendOutcome,
  SendStatus,
  SmsMessage,
  SmsSender,
} from "../../../src/core/delivery/ports.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { addSampleKey, aMessage, fresh, NOW } from "../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createTestSender } from "../../support/world.ts";
import { PHONE, SILENT_ALERTS } from "../rules.ts";

const clock = { now: () => NOW };

let opened: TestDatabase;
beforeAll(async () => {
  opened = await openTestDatabase(clock);
  await addSampleKey(opened.stores.keys);
});
afterAll(() => opened.close());

type Answer = Parameters<ReturnType<typeof createTestSender>["answer"]>[0];

/** Delivers one message by senders that give these answers; resolves with what the record says afterwards. */
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
      circuit: createCircuit(clock),
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
  test("asks only the first sender if it accepts the message", async () => {
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

  test("hands the same message on after a sender that certainly did not send it", async () => {
    const outcome = await delivered([
      says("unavailable"),
      says("rejected"),
      says("accepted"),
      says("accepted"),
    ]);
    expect(outcome.result).toBe("ok");
    expect(outcome.tried).toEqual([1, 1, 1, 0]);
    expect(new Set(outcome.got)).toEqual(new Set([outcome.sms]));
    expect(outcome.record).toMatchObject({ status: "accepted", sender: "sender-3" });
    // The deadlines of all tries were ended.
    expect(outcome.stillRunning).toBe(0);
  });

  test("gives up if no sender can be reached", async () => {
    const { result, tried, record, reported } = await delivered([says("unavailable"), says("unavailable")]);
    const both = { messageId: record?.id, status: "unavailable" };
    expect(reported).toEqual([
      { ...both, sender: "sender-1" },
      { ...both, sender: "sender-2" },
    ]);
    expect(result).toBe("sms_unavailable");
    expect(tried).toEqual([1, 1]);
    expect(record).toMatchObject({ status: "unavailable", sender: "sender-2" });
  });

  test.each([
    ["unknown", "ok"],
    ["bad_number", "phone_unreachable"],
    ["throttled", "too_many_requests"],
  ] as const)("asks no other sender after %s, which the caller gets as %s", async (status, expected) => {
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

  test("unless its sender says at the deadline that nothing had left: then the next one tries", async () => {
    const connecting: SmsSender["send"] = (_, deadline) =>
      new Promise<SendOutcome>((resolve) => {
        deadline.signal().addEventListener("abort", () => process.nextTick(resolve, says("unavailable")));
      });
    const { tried, record } = await delivered([connecting, says("accepted")], 30);
    expect(tried).toEqual([1, 1]);
    expect(record).toMatchObject({ status: "accepted", sender: "sender-2" });
  });

  test("even if its sender reports a failure after the deadline", async () => {
    const late: SmsSender["send"] = (_, deadline) =>
      new Promise<SendOutcome>((resolve) => {
        deadline.signal().addEventListener("abort", () => setTimeout(() => resolve(says("bad_number")), 5));
      });
    const { result, record } = await delivered([late], 10);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(result).toBe("ok");
    expect(record?.status).toBe("unknown");
  });

  test("no AbortController is made for a sender that does not ask for its signal", async () => {
    const made = vi.spyOn(globalThis, "AbortController");
    await delivered([says("accepted")]);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  test("each sender has a deadline of its own, also after others were slow", async () => {
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
  test("keeps the provider's id and code, for the operator", async () => {
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
  ] as const)("has a default Retry-After if the sender names none: %s, %i s", async (status, seconds) => {
    expect((await delivered([says(status)])).retryAfterSeconds).toBe(seconds);
  });
});

test.each([
  [0, 1],
  [0.2, 1],
  [1.2, 2],
])("a sender's wait of %d s is answered as %d s", (said, told) => {
  expect(deliveryResult("throttled", said)).toMatchObject({ refusal: { retryAfterSeconds: told } });
});

test("alerts are raised and settled, and problems reported, even if the budgets could not be corrected", async () => {
  const { sender, answer } = createTestSender("sender-1");
  answer({ status: "rejected", alert: { kind: "sms_balance", subject: "sender-1" }, settles: ["other"] });
  const record = aMessage();
  const [report, raise, settle] = [vi.fn(), vi.fn(), vi.fn()];
  const sent = deliver(
    {
      messages: opened.stores.messages,
      route: [sender],
      circuit: createCircuit(clock),
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
