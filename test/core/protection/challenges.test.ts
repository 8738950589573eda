import { afterEach, describe, expect, test } from "vitest";
import type { Captcha, Challenges } from "../../../src/core/protection/challenges/ports.ts";
import type { Refusal } from "../../../src/core/refusals.ts";
import type { Client } from "../../../src/core/verification/client.ts";
import { createTestVerifier, solved } from "../../support/challenges.ts";
import { createRules, HOUR, MINUTE, PHONE, type Rules, type RulesOptions } from "../rules.ts";

const ADDRESS = { addressKey: "203.0.113.7", address: "203.0.113.7" };
const LIMITS = { phoneSends: [], addressSends: [{ max: 2, windowMs: HOUR }], addressChecks: [], resendMs: 0 };
const phoneNo = (n: number) => `+86138${String(n).padStart(8, "0")}`;

const opened: Rules[] = [];
afterEach(async () => {
  for (const rules of opened.splice(0)) await rules.close();
});

type Options = Omit<RulesOptions, "challenges"> & { when?: Challenges["when"]; isThirdParty?: boolean };

async function challenged({ when = "risk", isThirdParty = true, ...options }: Options = {}) {
  const test = createTestVerifier("turnstile", isThirdParty);
  const rules = await createRules({
    state: "memory",
    settings: { limits: LIMITS },
    ...options,
    challenges: { verifier: test.verifier, when },
  });
  opened.push(rules);
  /** What a start comes to: `sent`, or the refusal. */
  const start = async (n: number, captcha?: Captcha, client: Client = ADDRESS) => {
    const input = { phone: phoneNo(n), purpose: "sign_in", locale: "en", client } as const;
    const started = await rules.phonekey().verifications.start({ ...input, ...(captcha && { captcha }) });
    return started.ok ? "sent" : started.refusal;
  };
  const code = async (...args: Parameters<typeof start>) => {
    const outcome = await start(...args);
    return outcome === "sent" ? outcome : outcome.code;
  };
  return { ...test, rules, start, code };
}

const REQUIRED: Refusal = { code: "captcha_required", field: "captcha", kinds: ["turnstile"] };

describe("risk: a stranger beyond the challenge threshold", () => {
  test("is asked for a challenge of the kind that is set, and let through with a solution", async () => {
    const { start, rules } = await challenged();
    expect([await start(1), await start(2)]).toEqual(["sent", "sent"]);
    expect(await start(3)).toEqual(REQUIRED);
    expect(await start(3, solved("a"))).toBe("sent");
    expect(await start(4)).toEqual(REQUIRED);
    expect(rules.sms.sent).toHaveLength(3);
  });

  test("is refused at ten times the threshold, and the solution stays unused", async () => {
    const { code, start, rules } = await challenged();
    for (let n = 0; n < 20; n++) expect(await code(n, solved(`s${n}`))).toBe("sent");
    expect(await start(20, solved("kept"))).toMatchObject({
      code: "too_many_requests",
      retryAfterSeconds: 3600,
    });
    rules.clock.advance(HOUR);
    expect(await code(21, solved("kept"))).toBe("sent");
  });

  test("is not asked at another address, or without one", async () => {
    const { code } = await challenged();
    for (const n of [1, 2]) expect(await code(n)).toBe("sent");
    expect(await code(3, undefined, { addressKey: "198.51.100.1" })).toBe("sent");
    expect(await code(4, undefined, {})).toBe("sent");
  });
});

describe("a solution", () => {
  test("is accepted once, even if 50 starts show it at once", async () => {
    const { code, rules } = await challenged({ when: "always" });
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => code(n, solved("one"))));
    expect(outcomes.filter((outcome) => outcome === "sent")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "captcha_required")).toHaveLength(49);
    expect(rules.sms.sent).toHaveLength(1);
  });

  test("stays used for ten minutes", async () => {
    const { code, rules } = await challenged({ when: "always" });
    expect(await code(1, solved("one"))).toBe("sent");
    rules.clock.advance(10 * MINUTE - 1);
    expect(await code(2, solved("one"))).toBe("captcha_required");
  });

  test("is left unused by a start that is refused for another reason (promise 3)", async () => {
    const settings = { limits: { ...LIMITS, phoneSends: [{ max: 1, windowMs: HOUR }] } };
    const { code } = await challenged({ when: "always", settings });
    expect(await code(1, solved("a"))).toBe("sent");
    expect(await code(1, solved("b"))).toBe("too_many_requests");
    expect(await code(2, solved("b"))).toBe("sent");
  });

  test("that is wrong is refused, even if none was asked for", async () => {
    const { start, rules } = await challenged();
    expect(await start(1, { kind: "turnstile", token: "forged" })).toEqual(REQUIRED);
    expect(rules.sms.sent).toHaveLength(0);
  });

  test("of another kind is refused", async () => {
    const { start } = await challenged();
    expect(await start(1, { kind: "altcha", payload: "good:a" })).toEqual(REQUIRED);
  });

  test("is judged for the phone, the purpose, the browser and the address of the start", async () => {
    const { code, judged, rules } = await challenged();
    await code(1, solved("a"), { ...ADDRESS, browser: "pre" });
    const phoneTag = await rules.deps().vault.tag(phoneNo(1) as never);
    expect(judged[0]?.request).toMatchObject({
      phoneTag,
      purpose: "sign_in",
      browser: "pre",
      address: "203.0.113.7",
    });
  });

  test("that its verifier doubts counts on one limit with all other doubted ones", async () => {
    const { answer, code } = await challenged({ when: "always" });
    const doubt = (id: string) =>
      answer({ status: "solved", id, livesMs: MINUTE, atMost: [{ max: 2, windowMs: HOUR }] });
    const outcomes = [];
    for (const [n, id] of ["a", "b", "c"].entries()) {
      doubt(id);
      outcomes.push(await code(n, solved(id), { addressKey: `198.51.100.${n}` }));
    }
    expect(outcomes).toEqual(["sent", "sent", "too_many_requests"]);
  });
});

describe("a challenge, when its service is down (T48)", () => {
  const DOWN = { status: "unavailable" } as const;

  test("fails a stranger's start, which sends nothing", async () => {
    const { answer, start, rules } = await challenged({ when: "always" });
    answer(DOWN);
    expect(await start(1, solved("a"))).toEqual({ code: "captcha_unavailable", retryAfterSeconds: 10 });
    expect(await start(1)).toEqual(REQUIRED);
    expect(rules.sms.sent).toHaveLength(0);
    answer();
    expect(await start(1, solved("a"))).toBe("sent");
  });

  test("does not concern a known device", async () => {
    const { answer, code, rules, judged } = await challenged();
    const client = { ...ADDRESS, ...(await rules.knownDevice(phoneNo(1))).client };
    answer(DOWN);
    judged.length = 0;
    expect(await code(1, solved("b"), client)).toBe("sent");
    expect(judged).toEqual([]);
    expect(await code(2, solved("b"), client)).toBe("captcha_unavailable");
  });
});

describe("nobody is challenged", () => {
  test("on a known device, however much its address sends", async () => {
    const { rules, code, judged } = await challenged();
    const { client } = await rules.knownDevice(PHONE);
    for (const n of [1, 2]) expect(await code(n)).toBe("sent");
    expect(await code(3)).toBe("captcha_required");
    for (let n = 0; n < 25; n++) {
      expect(await rules.start({ ...ADDRESS, ...client }, PHONE)).toHaveProperty("id");
    }
    expect(judged).toEqual([]);
  });

  test("at a door whose callers cannot solve this kind: only the refusal limit holds", async () => {
    const { code } = await challenged({ when: "always" });
    const client = { ...ADDRESS, solves: ["tencent"] as const };
    for (let n = 0; n < 20; n++) expect(await code(n, undefined, client)).toBe("sent");
    expect(await code(20, undefined, client)).toBe("too_many_requests");
  });

  test("with challenges off: only the refusal limit holds", async () => {
    const rules = await createRules({ state: "memory", settings: { limits: LIMITS } });
    opened.push(rules);
    for (let n = 0; n < 20; n++) expect(await rules.start(ADDRESS, phoneNo(n))).toHaveProperty("id");
    expect(await rules.start(ADDRESS, phoneNo(20))).toBe("too_many_requests");
  });
});

test("CAPTCHA_WHEN=always asks every stranger at the start, and not again at a resend", async () => {
  const settings = { limits: { ...LIMITS, addressSends: [] } };
  const { rules, start } = await challenged({ when: "always", settings });
  expect(await start(1)).toEqual(REQUIRED);
  const input = { phone: PHONE, purpose: "sign_in", locale: "en", client: ADDRESS } as const;
  const started = await rules.phonekey().verifications.start({ ...input, captcha: solved("a") });
  if (!started.ok) throw new Error(started.refusal.code);
  const { id } = started.value;
  expect(await rules.phonekey().verifications.resend({ id, client: ADDRESS })).toMatchObject({ ok: true });
});

describe("a resend", () => {
  test("needs a solution beyond the threshold, as a start does", async () => {
    const { rules } = await challenged();
    const { id } = await rules.started(ADDRESS);
    const resend = (captcha?: Captcha) =>
      rules.phonekey().verifications.resend({ id, client: ADDRESS, ...(captcha && { captcha }) });
    expect((await resend()).ok).toBe(true);
    expect(await resend()).toEqual({ ok: false, refusal: REQUIRED });
    expect((await resend(solved("a"))).ok).toBe(true);
    expect(await resend(solved("a"))).toEqual({ ok: false, refusal: REQUIRED });
    expect(rules.sms.sent).toHaveLength(3);
  });
});

test("solutions that a third party judges have a limit of their own by address; a proof of work has none", async () => {
  const settings = { limits: { ...LIMITS, addressChecks: [{ max: 3, windowMs: MINUTE }] } };
  const forged: Captcha = { kind: "turnstile", token: "forged" };
  const { code, judged, rules } = await challenged({ settings });
  const outcomes = [];
  for (let n = 0; n < 5; n++) outcomes.push(await code(n, forged));
  expect(outcomes).toEqual([...Array(3).fill("captcha_required"), ...Array(2).fill("too_many_requests")]);
  expect(judged).toHaveLength(3);
  rules.clock.advance(MINUTE);
  expect(await code(1, solved("a"))).toBe("sent");

  const own = await challenged({ settings, isThirdParty: false });
  for (let n = 0; n < 5; n++) expect(await own.code(n, forged)).toBe("captcha_required");
});
