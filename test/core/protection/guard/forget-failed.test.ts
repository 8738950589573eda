import { afterEach, describe, expect, test } from "vitest";
import { pullReports } from "../../../../src/core/delivery/pull.ts";
import { noteEarlyReports, noteReports } from "../../../../src/core/delivery/receipts.ts";
import type { Phone } from "../../../../src/core/phone.ts";
import { createForgetFailed } from "../../../../src/core/protection/guard/forget-failed.ts";
import type { Client } from "../../../../src/core/verification/client.ts";
import { createRules, MINUTE, type Rules, type RulesOptions } from "../../rules.ts";

let rules: Rules;
afterEach(() => rules.close());

const ENFORCED = { mode: "enforce", allow: { countries: [], prefixes: [], networkBits: [] } } as const;
const CLIENT: Client = { addressKey: "10.0.0.1" };
/** How many unapproved messages block one address. */
const BOUND = 20;

/** Numbers of twenty prefixes. */
const number = (n: number) => `+86138${String(1_000 + n)}0000` as Phone;
const numberOf = (n: number) => `sid-${n}`;
const report = (n: number, outcome: "delivered" | "failed" = "failed") => ({
  providerId: numberOf(n),
  phone: number(n),
  outcome,
  code: "C",
});

/** As many messages as block the address; the sender names each by its number. */
async function blocked(state: RulesOptions["state"]) {
  rules = await createRules({ ...(state && { state }), settings: { guard: ENFORCED } });
  let sent = 0;
  rules.sms.answer(async () => ({ status: "accepted", providerId: numberOf(sent++) }));
  for (let n = 0; n < BOUND; n++) await rules.started(CLIENT, number(n));
  expect(await next()).toBe("too_many_requests");
}

const next = async () => {
  const started = await rules.start(CLIENT, number(BOUND));
  return typeof started === "string" ? started : "sent";
};
const note = (...reports: ReturnType<typeof report>[]) => rules.phonekey().receipts.note("test", reports);
const deps = () => ({ ...rules.deps(), forgetFailed: createForgetFailed(rules.deps().limits) });

describe.each(["memory", "database"] as const)("a message that a carrier reports as failed (%s)", (state) => {
  test("no longer counts in the guard, however often it is reported; other messages still count", async () => {
    await blocked(state);
    for (let times = 0; times < 3; times++) expect(await note(report(0))).toBe(1);
    expect(await next()).toBe("sent");
    expect(await rules.start(CLIENT, number(BOUND + 1))).toBe("too_many_requests");
  });

  test("still counts if it was reported as delivered before, or if the report fits no message", async () => {
    await blocked(state);
    await note(report(0, "delivered"), report(0));
    expect(await note({ ...report(1), phone: number(2) }, { ...report(3), providerId: "forged" })).toBe(0);
    expect(await next()).toBe("too_many_requests");
  });

  test("does not count after a loss of the limit store either", async () => {
    await blocked(state);
    await note(report(0));
    await rules.restart();
    expect(await next()).toBe("sent");
  });
});

test("a report that came early takes its message out of the guard's count when it is noted", async () => {
  await blocked("memory");
  const { receipts, vault, clock } = rules.deps();
  const phoneTag = await vault.tag(number(0));
  const { providerId, outcome, code } = report(0);
  await receipts.keepEarly({ sender: "test", providerId, outcome, code, at: clock.now(), phoneTag }, 9);
  expect(await noteEarlyReports(deps())).toMatchObject({ count: 1 });
  expect(await next()).toBe("sent");
});

test("a report that was asked for takes its message out of the guard's count, too", async () => {
  await blocked("memory");
  const turns = {
    take: async () => true,
    giveBack: async () => {},
    finish: async () => {},
    finishedAt: async () => undefined,
  };
  rules.clock.advance(MINUTE + 1);
  await pullReports({
    ...deps(),
    turns,
    sender: "test",
    ask: async (phone) => (phone === number(0) ? [report(0)] : []),
    note: (reports) => noteReports(deps(), "test", reports),
  });
  expect(await next()).toBe("sent");
});

test("a report that was recorded but not taken out of the guard's count is taken out when it comes again", async () => {
  await blocked("memory");
  const { forget } = rules.deps().limits;
  rules.deps().limits.forget = async () => {
    rules.deps().limits.forget = forget;
    throw new Error("cut off");
  };
  await expect(note(report(0))).rejects.toThrow("cut off");
  expect(await next()).toBe("too_many_requests");
  await note(report(0));
  expect(await next()).toBe("sent");
});
