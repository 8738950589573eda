import { afterEach, describe, expect, test } from "vitest";
import { createRules, HOUR, type Rules } from "../core/rules.ts";

let rules: Rules;
afterEach(() => rules.close());

/** Rules whose record of messages and ledger count every call that writes. */
async function counting(settings: object) {
  const writes: string[] = [];
  rules = await createRules({
    state: "memory",
    settings,
    wrap: ({ messages, ledger }) => ({
      messages: {
        ...messages,
        create(message) {
          writes.push("message");
          return messages.create(message);
        },
      },
      ledger: {
        ...ledger,
        record(...row) {
          writes.push("guess");
          return ledger.record(...row);
        },
      },
    }),
  });
  return writes;
}

describe("a start that is refused writes nothing to SQL and calls no provider", () => {
  const guard = { mode: "enforce", allow: { countries: [], prefixes: [], networkBits: [] } } as const;
  const none = { byCountry: {}, bySender: {} };
  const prices = { currency: "CNY", free: [], prices: [{ micros: 1 }] };

  test.each([
    ["by a limit", { limits: { addressSends: [{ max: 1, windowMs: HOUR }] } }, 10],
    ["by the guard", { guard }, 10],
    ["by a budget", { money: { prices, hour: { ...none, total: 3 }, day: none } }, 3],
  ])("%s", async (_, settings, free) => {
    const writes = await counting(settings);
    const client = { addressKey: "203.0.113.7" };
    for (let n = 0; n < free; n++) await rules.started(client, `+861380013800${n % 10}`);
    const before = [rules.sms.sent.length, writes.length];
    for (let n = 0; n < 20; n++) {
      expect(await rules.start(client, `+86138001390${10 + n}`)).toBe("too_many_requests");
      expect(await rules.start(client, "+881612345678")).toBe("phone_not_mobile");
    }
    expect([rules.sms.sent.length, writes.length]).toEqual(before);
  });
});
