import { afterEach, describe, expect, test } from "vitest";
import type { Captcha } from "../../../../src/core/protection/challenges/ports.ts";
import type { GuardMode } from "../../../../src/core/protection/guard/guard.ts";
import type { Client } from "../../../../src/core/verification/client.ts";
import { createTestVerifier, solved } from "../../../support/challenges.ts";
import { createRules, DAY, HOUR, MINUTE, NO_LIMITS, type Rules, type RulesOptions } from "../../rules.ts";

let rules: Rules;
afterEach(() => rules.close());

const NOBODY = { countries: [], prefixes: [], networkBits: [] } as const;

async function open(mode: GuardMode, more: Partial<RulesOptions> = {}) {
  rules = await createRules({
    state: "memory",
    ...more,
    settings: { limits: NO_LIMITS, guard: { mode, allow: NOBODY }, ...more.settings },
  });
  return rules;
}

/** The n-th number of a range of ten thousand. */
const number = (n: number, range = "+861380013") => `${range}${String(n).padStart(4, "0")}`;
/** An address of a network of its own. */
const address = (n: number): Client => ({ addressKey: `10.${n >> 8}.${n & 255}.7` });

const STARTS = 200;

/** How many of so many starts a day are let through, for some days, each from where `from` says. */
async function pump(days: number, each: (n: number) => { phone: string; client: Client }) {
  const perDay: number[] = [];
  for (let day = 0; day < days; day++) {
    let sent = 0;
    for (let n = 0; n < STARTS; n++) {
      const { phone, client } = each(day * STARTS + n);
      if (typeof (await rules.start(client, phone)) !== "string") sent += 1;
      rules.clock.advance(DAY / STARTS);
    }
    perDay.push(sent);
  }
  return perDay;
}

describe("T10: a range to which no approval comes", () => {
  test("costs at most 60 messages in any 24 hours, from ever new networks", async () => {
    await open("enforce");
    const perDay = await pump(2, (n) => ({ phone: number(n), client: address(n) }));
    expect(perDay[0]).toBeGreaterThanOrEqual(40);
    for (const sent of perDay) expect(sent).toBeLessThanOrEqual(50);
  });

  test("costs at most 20 messages from one network, and stays open to other networks", async () => {
    await open("enforce");
    const client = (n: number): Client => ({ addressKey: `10.0.0.${n % 250}` });
    const perDay = await pump(2, (n) => ({ phone: number(n), client: client(n) }));
    for (const sent of perDay) expect(sent).toBeLessThanOrEqual(20);
    expect(await rules.start(address(1), number(9_999))).toHaveProperty("id");
  });

  test("an address is blocked after 20 messages to any ranges, but not a known device at it", async () => {
    await open("enforce");
    const known = await rules.knownDevice(number(1, "+861390013"));
    const client: Client = { addressKey: "10.0.0.1" };
    for (let n = 0; n < 20; n++) await rules.started(client, number(1, `+86138${1000 + n}`));
    expect(await rules.start(client, number(2, "+861370013"))).toBe("too_many_requests");
    expect(await rules.start({ ...client, ...known.client }, number(1, "+861390013"))).toHaveProperty("id");
  });

  test("approvals on known devices make no room for strangers", async () => {
    await open("enforce");
    const phone = number(1, "+861390013");
    const known = await rules.knownDevice(phone);
    const client: Client = { addressKey: "10.0.0.1" };
    for (let n = 0; n < 20; n++) await rules.started(client, number(1, `+86138${1000 + n}`));
    for (let n = 0; n < 10; n++) {
      const { id, code } = await rules.started({ ...client, ...known.client }, phone);
      expect(await rules.guess(id, code)).toBe("approved");
    }
    expect(await rules.start(client, number(2, "+861370013"))).toBe("too_many_requests");
  });

  test("approved verifications do not count, and make room for as many that are not", async () => {
    await open("enforce");
    for (let n = 0; n < 80; n++) {
      const { id, code } = await rules.started({ addressKey: "10.0.0.1" }, number(n));
      expect(await rules.guess(id, code)).toBe("approved");
      if (n % 2) await rules.started({ addressKey: "10.0.0.1" }, number(1_000 + n));
      rules.clock.advance(MINUTE);
    }
  });

  test("approved verifications do not count after a loss of the limits either", async () => {
    await open("enforce");
    const client: Client = { addressKey: "10.0.0.1" };
    for (let n = 0; n < 24; n++) {
      const { id: verificationId, code } = await rules.started(client, number(n));
      const input = { verificationId, code, client, userAgent: "test" };
      expect(await rules.phonekey().signIn.byCode(input)).toMatchObject({ ok: true });
      rules.clock.advance(MINUTE);
    }
    await rules.restart();
    expect(await rules.start(client, number(30))).toHaveProperty("id");
  });

  test("a resend counts on the address that started its verification, so that an approval takes it back", async () => {
    await open("enforce");
    const [here, there]: Client[] = [{ addressKey: "10.0.0.1" }, { addressKey: "10.0.1.1" }];
    for (let n = 0; n < 15; n++) {
      const { id, code } = await rules.started(here, number(n));
      const resent = await rules.phonekey().verifications.resend({ id, client: there ?? {} });
      expect(resent).toMatchObject({ ok: true });
      expect(await rules.guess(id, code)).toBe("approved");
    }
    for (let n = 0; n < 20; n++) await rules.started(there, number(1, `+86138${1000 + n}`));
    expect(await rules.start(there, number(2, "+861370013"))).toBe("too_many_requests");
  });

  test("a resend that the sender refuses does not count", async () => {
    await open("enforce");
    const client: Client = { addressKey: "10.0.0.1" };
    const { id } = await rules.started(client, number(0));
    rules.sms.answer({ status: "rejected" });
    for (let n = 0; n < 30; n++) {
      const resent = await rules.phonekey().verifications.resend({ id, client });
      expect(resent).toMatchObject({ refusal: { code: "sms_unavailable" } });
    }
    rules.sms.answer({ status: "accepted" });
    expect(await rules.start(client, number(1))).toHaveProperty("id");
  });

  test("a start that the sender refuses does not count", async () => {
    await open("enforce");
    rules.sms.answer({ status: "bad_number" });
    for (let n = 0; n < 100; n++) {
      expect(await rules.start({ addressKey: "10.0.0.1" }, number(n))).toBe("phone_unreachable");
    }
    rules.sms.answer({ status: "accepted" });
    expect(await rules.start({ addressKey: "10.0.0.1" }, number(200))).toHaveProperty("id");
    // Nor after a loss of the limits.
    await rules.restart();
    for (const n of [201, 202])
      expect(await rules.start({ addressKey: "10.0.0.1" }, number(n))).toHaveProperty("id");
  });
});

describe("a block", () => {
  const block = async () => {
    await open("enforce");
    for (let n = 0; n < 40; n++) await rules.started(address(n), number(n));
    expect(await rules.start(address(40), number(40))).toBe("too_many_requests");
  };

  test("ends after an hour, lets two probes through, and is twice as long if they are not approved", async () => {
    await block();
    rules.clock.advance(HOUR - 1);
    expect(await rules.start(address(41), number(41))).toBe("too_many_requests");
    rules.clock.advance(1);
    for (const n of [42, 43]) expect(await rules.start(address(n), number(n))).toHaveProperty("id");
    expect(await rules.start(address(44), number(44))).toBe("too_many_requests");
    rules.clock.advance(2 * HOUR - 1);
    expect(await rules.start(address(45), number(45))).toBe("too_many_requests");
    rules.clock.advance(1);
    expect(await rules.start(address(46), number(46))).toHaveProperty("id");
  });

  test("is lifted by probes that are approved", async () => {
    await block();
    rules.clock.advance(HOUR);
    for (const n of [42, 43]) {
      const { id, code } = await rules.started(address(n), number(n));
      expect(await rules.guess(id, code)).toBe("approved");
    }
    for (const n of [44, 45]) expect(await rules.start(address(n), number(n))).toHaveProperty("id");
  });

  test("ends by itself after a day, and holds only for its range", async () => {
    await block();
    expect(await rules.start(address(41), number(1, "+861380014"))).toHaveProperty("id");
    rules.clock.advance(DAY);
    expect(await rules.start(address(42), number(42))).toHaveProperty("id");
  });

  test("survives a restart without the limit store (promise 2)", async () => {
    await block();
    await rules.restart();
    expect(await rules.start(address(41), number(41))).toBe("too_many_requests");
    rules.clock.advance(HOUR);
    for (const n of [42, 43]) expect(await rules.start(address(n), number(n))).toHaveProperty("id");
    expect(await rules.start(address(44), number(44))).toBe("too_many_requests");
  });

  test("is rebuilt from the messages of a day, even if no other limit looks back so far", async () => {
    await block();
    rules.clock.advance(2 * HOUR);
    await rules.restart();
    for (const n of [42, 43]) expect(await rules.start(address(n), number(n))).toHaveProperty("id");
    expect(await rules.start(address(44), number(44))).toBe("too_many_requests");
  });
});

describe("attack mode", () => {
  const challenged = async (mode: GuardMode = "enforce") => {
    const { verifier } = createTestVerifier("turnstile");
    await open(mode, { challenges: { verifier, when: "risk" } });
    const start = async (n: number, client: Client, captcha?: Captcha) => {
      const phone = number(n % 10, `+86138${String(Math.floor(n / 10)).padStart(4, "0")}`);
      const input = { phone, purpose: "sign_in", locale: "en", client } as const;
      const started = await rules.phonekey().verifications.start({ ...input, ...(captcha && { captcha }) });
      return started.ok ? "sent" : started.refusal.code;
    };
    return start;
  };

  test("of a country asks strangers for a challenge and refuses nobody who solves it; a day later it is over", async () => {
    const start = await challenged();
    let n = 0;
    for (; n < 300; n++) expect(await start(n, address(n))).toBe("sent");
    expect(await start(300, address(300))).toBe("captcha_required");
    expect(await start(301, address(301), solved("a"))).toBe("sent");
    rules.clock.advance(DAY);
    expect(await start(302, address(302))).toBe("sent");
  });

  test("is not caused by fewer than twenty networks, however much they send", async () => {
    const start = await challenged();
    let sent = 0;
    for (let n = 0; n < 1_000; n++) {
      const client = { addressKey: `10.0.${n % 19}.${n % 250}` };
      if ((await start(n, client, solved(`s${n}`))) === "sent") sent += 1;
    }
    expect(sent).toBeGreaterThan(500);
    expect(await start(5_000, address(5_000))).toBe("sent");
    // Nor after a loss of the limits.
    await rules.restart();
    expect(await start(5_001, address(5_001))).toBe("sent");
  });

  test("asks one address for a challenge at half of what blocks it", async () => {
    const start = await challenged();
    const one: Client = { addressKey: "10.0.0.1" };
    for (let n = 0; n < 10; n++) expect(await start(n * 10, one)).toBe("sent");
    expect(await start(100, one)).toBe("captcha_required");
    for (let n = 10; n < 20; n++) expect(await start(n * 10, one, solved(`s${n}`))).toBe("sent");
    expect(await start(210, one, solved("more"))).toBe("too_many_requests");
  });
});

describe("modes and the allow-list", () => {
  test("GUARD_MODE=record refuses nothing, and reports what enforce would have refused", async () => {
    await open("record");
    for (let n = 0; n < 60; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
    const [first, last] = [rules.decisions[0], rules.decisions.at(-1)];
    expect(first).toEqual({ decision: "allow", exceeded: [], bucket: "stranger", country: "CN" });
    expect(last).toMatchObject({
      decision: "allow",
      exceeded: expect.arrayContaining(["guard_address_challenge"]),
    });
  });

  test("GUARD_MODE=enforce reports the reason of a refusal, without phone or address", async () => {
    await open("enforce");
    for (let n = 0; n < 11; n++) await rules.start(address(1), number(n));
    const refused = { decision: "deny", by: "guard_range", exceeded: [], bucket: "stranger", country: "CN" };
    expect(rules.decisions.at(-1)).toEqual(refused);
  });

  test("GUARD_MODE=off refuses nothing", async () => {
    await open("off");
    for (let n = 0; n < 60; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
  });

  test.each([
    ["a country", { ...NOBODY, countries: ["CN"] }],
    ["a number prefix", { ...NOBODY, prefixes: ["+8613800"] }],
    ["a network", { ...NOBODY, networkBits: ["4:00001010"] }],
  ] as const)("%s on the allow-list is not blocked", async (_, allow) => {
    await open("enforce", { settings: { guard: { mode: "enforce", allow } } });
    for (let n = 0; n < 60; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
    const { id } = await rules.started(address(1), number(60));
    for (let n = 0; n < 60; n++) {
      const resent = await rules.phonekey().verifications.resend({ id, client: address(1) });
      expect(resent).toMatchObject({ ok: true });
    }
  });

  test("what is not on the allow-list is blocked", async () => {
    const allow = {
      countries: ["GB"],
      prefixes: ["+8613900"],
      networkBits: ["4:00001011", "6:0000"],
    } as const;
    await open("enforce", { settings: { guard: { mode: "enforce", allow } } });
    for (let n = 0; n < 10; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
    expect(await rules.start(address(1), number(10))).toBe("too_many_requests");
  });
});
