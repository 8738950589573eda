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

test("what a browser started is no verification here, and its guesses stay (T25)", async () => {
  const { id, code } = await rules.started({ browser: "a browser", ...HERE });
  expect(await signIn(id, code)).toBe("no_verification");
  expect(await usedOf(id)).toBe(0);
});

test("what the native API started may be used here, and says nothing of a wrong code", async () => {
  const { id, code } = await rules.started(HERE);
  expect(await signIn(id, wrongCode(code))).toBe("no_verification");
  expect(await usedOf(id)).toBe(1);
  expect(await signIn(id, code)).toBe("signed in");
});

test("what was started here may be used at the native API", async () => {
  const id = await start();
  expect(await rules.guess(id, await rules.codeOf(id))).toBe("approved");
});

test("no wrong id costs a guess, nor does what cannot be a code; a wrong code from anywhere does", async () => {
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

test("whoever asks again from the same address sets no further guesses aside (promise 2)", async () => {
  const id = await start();
  for (let n = 0; n < 5; n += 1) expect(await start()).toBe(id);
  // Nine guesses: three are set aside, so that two more addresses get three each, and the next none.
  await start(ELSEWHERE);
  await start({ addressKey: "198.51.100.10" });
  await expect(start({ addressKey: "198.51.100.11" })).rejects.toThrow("too_many_requests");
  expect(await start()).toBe(id);
});

test("an address does not hold what is over", async () => {
  const id = await start();
  rules.clock.advance(10 * MINUTE);
  expect(await signIn(id, await rules.codeOf(id))).toBe("no_verification");
  expect(await start()).not.toBe(id);
  rules.clock.advance(HOUR);
  expect(await signIn("A".repeat(22), "123456")).toBe("no_verification");
});

test("callers without an address hold nothing", async () => {
  const id = await start({});
  expect(await start({})).not.toBe(id);
  expect(await signIn("A".repeat(22), "123456", {})).toBe("no_verification");
});

test("a token that is shown now and then keeps its session from ending for want of use", async () => {
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
