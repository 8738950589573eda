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

  test("costs at most 20 from one network, which blocks the range for nobody else", async () => {
    await open("enforce");
    const client = (n: number): Client => ({ addressKey: `10.0.0.${n % 250}` });
    const perDay = await pump(2, (n) => ({ phone: number(n), client: client(n) }));
    for (const sent of perDay) expect(sent).toBeLessThanOrEqual(20);
    expect(await rules.start(address(1), number(9_999))).toHaveProperty("id");
  });

  test("one address is blocked whatever the numbers, and a known device never", async () => {
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

  test("whoever is approved is never in the way, however many they are", async () => {
    await open("enforce");
    for (let n = 0; n < 80; n++) {
      const { id, code } = await rules.started({ addressKey: "10.0.0.1" }, number(n));
      expect(await rules.guess(id, code)).toBe("approved");
      if (n % 2) await rules.started({ addressKey: "10.0.0.1" }, number(1_000 + n));
      rules.clock.advance(MINUTE);
    }
  });

  test("nor is whoever signed in where the limits were lost since", async () => {
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

  test("a further message counts where its verification began, so that an approval finds it", async () => {
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

  test("a further message that the sender refuses counts against nobody", async () => {
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

  test("what the sender refuses counts against nobody", async () => {
    await open("enforce");
    rules.sms.answer({ status: "bad_number" });
    for (let n = 0; n < 100; n++) {
      expect(await rules.start({ addressKey: "10.0.0.1" }, number(n))).toBe("phone_unreachable");
    }
    rules.sms.answer({ status: "accepted" });
    expect(await rules.start({ addressKey: "10.0.0.1" }, number(200))).toHaveProperty("id");
    // Nor where the limits were lost meanwhile.
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

  test("ends after an hour, takes two probes, and is twice as long when they come to nothing", async () => {
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

  test("is over by itself after a day, and was for the range alone", async () => {
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

  test("is remembered for a day, also where no limit beside it looks back so far", async () => {
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

  test("of a country asks strangers for a challenge and refuses nobody who solves it; then it is over", async () => {
    const start = await challenged();
    let n = 0;
    for (; n < 300; n++) expect(await start(n, address(n))).toBe("sent");
    expect(await start(300, address(300))).toBe("captcha_required");
    expect(await start(301, address(301), solved("a"))).toBe("sent");
    rules.clock.advance(DAY);
    expect(await start(302, address(302))).toBe("sent");
  });

  test("is not brought on by fewer than twenty networks, whatever they do", async () => {
    const start = await challenged();
    let sent = 0;
    for (let n = 0; n < 1_000; n++) {
      const client = { addressKey: `10.0.${n % 19}.${n % 250}` };
      if ((await start(n, client, solved(`s${n}`))) === "sent") sent += 1;
    }
    expect(sent).toBeGreaterThan(500);
    expect(await start(5_000, address(5_000))).toBe("sent");
    // Nor where the limits were lost meanwhile.
    await rules.restart();
    expect(await start(5_001, address(5_001))).toBe("sent");
  });

  test("a prefix, a network and an address ask at half of what blocks them", async () => {
    const start = await challenged();
    const one: Client = { addressKey: "10.0.0.1" };
    for (let n = 0; n < 10; n++) expect(await start(n * 10, one)).toBe("sent");
    expect(await start(100, one)).toBe("captcha_required");
    for (let n = 10; n < 20; n++) expect(await start(n * 10, one, solved(`s${n}`))).toBe("sent");
    expect(await start(210, one, solved("more"))).toBe("too_many_requests");
  });
});

describe("modes and the allow-list", () => {
  test("record refuses nobody, and counts as enforce does", async () => {
    await open("record");
    for (let n = 0; n < 60; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
    const [first, last] = [rules.decisions[0], rules.decisions.at(-1)];
    expect(first).toEqual({ decision: "allow", exceeded: [], bucket: "stranger", country: "CN" });
    expect(last).toMatchObject({
      decision: "allow",
      exceeded: expect.arrayContaining(["guard_address_challenge"]),
    });
  });

  test("enforce names the reason of each refusal, and nothing of whom it was for", async () => {
    await open("enforce");
    for (let n = 0; n < 11; n++) await rules.start(address(1), number(n));
    const refused = { decision: "deny", by: "guard_range", exceeded: [], bucket: "stranger", country: "CN" };
    expect(rules.decisions.at(-1)).toEqual(refused);
  });

  test("off counts nothing", async () => {
    await open("off");
    for (let n = 0; n < 60; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
  });

  test.each([
    ["a country", { ...NOBODY, countries: ["CN"] }],
    ["the beginning of a number", { ...NOBODY, prefixes: ["+8613800"] }],
    ["a network", { ...NOBODY, networkBits: ["4:00001010"] }],
  ] as const)("%s that is allowed is let alone", async (_, allow) => {
    await open("enforce", { settings: { guard: { mode: "enforce", allow } } });
    for (let n = 0; n < 60; n++) expect(await rules.start(address(1), number(n))).toHaveProperty("id");
    const { id } = await rules.started(address(1), number(60));
    for (let n = 0; n < 60; n++) {
      const resent = await rules.phonekey().verifications.resend({ id, client: address(1) });
      expect(resent).toMatchObject({ ok: true });
    }
  });

  test("what is not on the list is not", async () => {
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
