import { afterEach, describe, expect, test } from "vitest";
import { createRules, DAY, HOUR, type Rules, SECOND } from "../rules.ts";

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

describe("a limit tells when it is free again only if it is the caller's own: a shared one would tell of others' traffic", () => {
  const one = [{ max: 0, windowMs: HOUR }];
  const none = { byCountry: {}, bySender: {} };
  const prices = { currency: "CNY", free: [], prices: [{ micros: 2 }] };

  test.each([
    ["an address", { limits: { addressSends: one } }, 3600],
    ["a prefix", { limits: { prefixSends: one } }, 300],
    ["a country", { limits: { countrySends: one } }, 300],
    ["all strangers", { limits: { totalSends: one } }, 300],
    ["a budget", { money: { prices, hour: { ...none, total: 1 }, day: none } }, 300],
    ["a country's budget", { money: { prices, hour: { ...none, byCountry: { CN: 1 } }, day: none } }, 300],
  ])("%s", async (_, settings, retryAfterSeconds) => {
    rules = await createRules({ state: "memory", settings });
    const refused = await rules.phonekey().verifications.start({
      phone: "+8613800138000",
      purpose: "sign_in",
      locale: "en",
      client: { addressKey: "203.0.113.7" },
    });
    expect(refused).toMatchObject({ refusal: { code: "too_many_requests", retryAfterSeconds } });
  });

  test("a block of the guard", async () => {
    const guard = { mode: "enforce", allow: { countries: [], prefixes: [], networkBits: [] } } as const;
    rules = await createRules({ state: "memory", settings: { guard } });
    const input = { purpose: "sign_in", locale: "en", client: { addressKey: "203.0.113.7" } } as const;
    for (let n = 0; n < 10; n++) await rules.started(input.client, `+861380013800${n}`);
    const refused = await rules.phonekey().verifications.start({ ...input, phone: "+8613800138010" });
    expect(refused).toMatchObject({ refusal: { code: "too_many_requests", retryAfterSeconds: 300 } });
  });
});

describe("a refusal tells the longest wait of the caller's own limits, so that nobody waits twice", () => {
  const client = { addressKey: "203.0.113.7" };
  const start = (phone = "+8613800138000") =>
    rules.phonekey().verifications.start({ phone, purpose: "sign_in", locale: "en", client });
  const short = { resendMs: 30 * SECOND };
  const waits = (retryAfterSeconds: number) => ({
    refusal: { code: "too_many_requests", retryAfterSeconds },
  });

  test("if the wait before a resend ends before the limit of an hour", async () => {
    const limits = {
      ...short,
      phoneSends: [
        { max: 1, windowMs: HOUR },
        { max: 9, windowMs: DAY },
      ],
    };
    rules = await createRules({ state: "memory", settings: { limits } });
    await start();
    expect(await start()).toMatchObject(waits(3600));
    rules.clock.advance(HOUR);
    expect(await start()).toMatchObject({ ok: true });
  });

  test("and leaves out shared limits, of which a caller that waits anyway would learn for free", async () => {
    const one = [{ max: 1, windowMs: HOUR }];
    rules = await createRules({ state: "memory", settings: { limits: { ...short, prefixSends: one } } });
    await start();
    for (let n = 0; n < 9; n++) await start(`+861380013${8001 + n}`);
    expect(await start("+8613800138010")).toMatchObject(waits(300));
    expect(await start()).toMatchObject(waits(30));
  });

  test("even if a shared limit refuses first: here that of a backend", async () => {
    const one = [{ max: 0, windowMs: HOUR }];
    rules = await createRules({ state: "memory", settings: { limits: { prefixSends: one } } });
    const sends = [{ max: 0, windowMs: DAY }];
    const backend = {
      client: "shop",
      purposes: ["sign_in"],
      tells: "tag",
      sends,
      spend: {},
      returnTo: [],
    } as const;
    const input = { phone: "+8613800138000", purpose: "sign_in", locale: "en", client, backend } as const;
    expect(await rules.phonekey().verifications.start(input)).toMatchObject(waits(DAY / SECOND));
  });
});
