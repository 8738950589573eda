import { afterEach, beforeEach, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import { createRules, DAY, HOUR, MINUTE, PHONE, type Rules, wrongCode } from "../rules.ts";

const HERE = { addressKey: "203.0.113.7" };
const ELSEWHERE = { addressKey: "198.51.100.9" };

let rules: Rules;
beforeEach(async () => {
  rules = await createRules();
});
afterEach(() => rules.close());

async function signIn(sessionId: string, code: string, from: { addressKey?: string } = HERE) {
  const input = { phone: PHONE as Phone, code, sessionId, from, userAgent: "test" };
  const told = await rules.phonekey().functions.signIn(input);
  if (told.ok) return "signed in";
  return "reason" in told ? told.reason : told.refusal.code;
}

async function start(from: { addressKey?: string } = HERE): Promise<string> {
  const input = { phone: PHONE as Phone, locale: "en", from } as const;
  const started = await rules.phonekey().functions.start(input);
  if (!started.ok) throw new Error(started.refusal.code);
  return started.value.id;
}

const usedOf = async (id: string) => (await rules.deps().verifications.find(id))?.attemptsUsed;

test("a verification that a browser started is not found at the functions API, and keeps its guesses (T25)", async () => {
  const { id, code } = await rules.started({ browser: "a browser", ...HERE });
  expect(await signIn(id, code)).toBe("no_verification");
  expect(await usedOf(id)).toBe(0);
});

test("a verification of the native API can be used at the functions API, which does not tell that a code is wrong", async () => {
  const { id, code } = await rules.started(HERE);
  expect(await signIn(id, wrongCode(code))).toBe("no_verification");
  expect(await usedOf(id)).toBe(1);
  expect(await signIn(id, code)).toBe("signed in");
});

test("a verification of the functions API can be used at the native API", async () => {
  const id = await start();
  expect(await rules.guess(id, await rules.codeOf(id))).toBe("approved");
});

test("a wrong id or a malformed code costs no guess; a wrong code does, even from another address", async () => {
  const id = await start();
  const code = await rules.codeOf(id);
  for (const other of ["A".repeat(22), `${id}A`, `${id}\n`, id.slice(1), "", "\u0000".repeat(22)]) {
    expect(await signIn(other, code)).toBe("other_session_id");
    expect(await signIn(other, code, ELSEWHERE)).toBe("no_verification");
  }
  expect(await signIn(id, "no code")).toBe("wrong_code");
  expect(await usedOf(id)).toBe(0);
  expect(await signIn(id, wrongCode(code), ELSEWHERE)).toBe("no_verification");
  expect(await usedOf(id)).toBe(1);
});

test("a start again from the same address sets no further guesses aside (promise 2)", async () => {
  const id = await start();
  for (let n = 0; n < 5; n += 1) expect(await start()).toBe(id);
  // Nine guesses: three are set aside, so that two more addresses get three each, and the next none.
  await start(ELSEWHERE);
  await start({ addressKey: "198.51.100.10" });
  await expect(start({ addressKey: "198.51.100.11" })).rejects.toThrow("too_many_requests");
  expect(await start()).toBe(id);
});

test("an address does not hold an expired verification", async () => {
  const id = await start();
  rules.clock.advance(10 * MINUTE);
  expect(await signIn(id, await rules.codeOf(id))).toBe("no_verification");
  expect(await start()).not.toBe(id);
  rules.clock.advance(HOUR);
  expect(await signIn("A".repeat(22), "123456")).toBe("no_verification");
});

test("callers without an address hold no verification", async () => {
  const id = await start({});
  expect(await start({})).not.toBe(id);
  expect(await signIn("A".repeat(22), "123456", {})).toBe("no_verification");
});

test("a read with a token counts as use of its session", async () => {
  const { functions } = rules.phonekey();
  const sessionId = await start();
  const input = { phone: PHONE as Phone, code: await rules.codeOf(sessionId), sessionId, from: HERE };
  const told = await functions.signIn({ ...input, userAgent: "test" });
  if (!told.ok) throw new Error("not signed in");
  const { user, session } = told.value;
  const shown = { phone: PHONE, userId: user.id, name: "", avatar: "http://localhost/1.svg" };
  const token = await functions.token(session, shown);
  for (let n = 0; n < 2; n += 1) {
    rules.clock.advance(10 * DAY);
    expect(await functions.read(token, {})).toMatchObject({ ok: true });
  }
});
