import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deadlineIn } from "../../../src/adapters/system/deadline.ts";
import type { Alerts } from "../../../src/core/alerts/ports.ts";
import { createCircuit } from "../../../src/core/delivery/circuit.ts";
import { deliver } from "../../../src/core/delivery/deliver.ts";
import type { SendOutcome, SendStatus, SmsMessage } from "../../../src/core/delivery/ports.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { addSampleKey, aMessage, NOW } from "../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createTestClock, createTestSender } from "../../support/world.ts";
import { MINUTE, PHONE, SILENT_ALERTS } from "../rules.ts";

let opened: TestDatabase;
beforeAll(async () => {
  opened = await openTestDatabase({ now: () => NOW });
  await addSampleKey(opened.stores.keys);
});
afterAll(() => opened.close());

/** Deps of deliveries whose reports, alerts and prices go nowhere. */
const QUIET = {
  get messages() {
    return opened.stores.messages;
  },
  deadline: () => deadlineIn(1_000),
  report: () => {},
  alerts: SILENT_ALERTS,
  onSent: () => {},
  settlePrice: () => ({ price: 0, correct: async () => {} }),
};

function smsOf(id: string): SmsMessage {
  const to = PHONE as Phone;
  return { id, to, purpose: "sign_in", locale: "en", code: "004217", minutes: 5, text: "text" };
}

const says = (status: SendStatus): SendOutcome => ({ status });

describe("the time of all tries together", () => {
  /** Senders that are unavailable after so long; resolves with the time that each was given. */
  async function givenTo(tookMs: readonly number[]) {
    const clock = createTestClock(NOW);
    const route = tookMs.map((ms, index) => {
      const { sender, answer } = createTestSender(`sender-${index + 1}`);
      answer(async () => {
        clock.advance(ms);
        return says("unavailable");
      });
      return sender;
    });
    const given: number[] = [];
    const deadline = (leftMs: number) => {
      given.push(leftMs);
      return deadlineIn(leftMs);
    };
    const record = aMessage();
    await deliver(
      { ...QUIET, route, clock, circuit: createCircuit(clock), deadline },
      record,
      smsOf(record.id),
    );
    return given;
  }

  test("is 12 s, and a sender for which less than 1 s is left is not tried", async () => {
    expect(await givenTo([8_000, 3_000, 1_000])).toEqual([12_000, 4_000, 1_000]);
    expect(await givenTo([8_000, 3_001, 1_000])).toEqual([12_000, 4_000]);
    expect(await givenTo([20_000, 1])).toEqual([12_000]);
  });
});

test("every try is counted, raises and clears alerts, and decides which sender comes first", async () => {
  const clock = createTestClock(NOW);
  const circuit = createCircuit(clock);
  const [first, second] = [createTestSender("first"), createTestSender("second")];
  const told: string[] = [];
  const alerts: Alerts = {
    raise: async (kind, subject) => void told.push(`raise ${kind} ${subject}`),
    clear: async (kind, subject) => void told.push(`clear ${kind} ${subject}`),
    settle: async () => {},
  };
  const deps = { ...QUIET, clock, circuit, alerts, route: [first.sender, second.sender] };
  const send = async () => {
    const counted: string[] = [];
    const onSent = (sender: string, status: SendStatus) => void counted.push(`${sender} ${status}`);
    const record = aMessage();
    await deliver({ ...deps, onSent }, record, smsOf(record.id));
    return counted;
  };
  first.answer({ status: "rejected", alert: { kind: "sms_balance", subject: "first/all" } });
  expect(await send()).toEqual(["first rejected", "second accepted"]);
  expect(told.splice(0)).toEqual([
    "clear sms_unanswered first",
    "raise sms_balance first/all",
    "clear sms_unanswered second",
  ]);

  first.answer({ status: "unavailable" });
  for (let n = 0; n < 3; n += 1) expect(await send()).toEqual(["first unavailable", "second accepted"]);
  expect(await send()).toEqual(["second accepted"]);
  clock.advance(MINUTE);
  expect(await send()).toEqual(["first unavailable", "second accepted"]);
  expect(await send()).toEqual(["second accepted"]);
  expect(told.splice(0)).toEqual(["raise sms_unanswered first"]);
  clock.advance(MINUTE);
  first.answer({ status: "accepted" });
  expect(await send()).toEqual(["first accepted"]);
  expect(await send()).toEqual(["first accepted"]);
  expect(told).toEqual(["clear sms_unanswered first"]);
});
