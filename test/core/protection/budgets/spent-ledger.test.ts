import { afterEach, describe, expect, test } from "vitest";
import type { Captcha } from "../../../../src/core/protection/challenges/ports.ts";
import type { Client } from "../../../../src/core/verification/client.ts";
import { createTestVerifier, solved } from "../../../support/challenges.ts";
import { createRules, DAY, MINUTE, PHONE, type Rules, type RulesOptions, wrongCode } from "../../rules.ts";

let rules: Rules;
afterEach(() => rules.close());

const ADDRESS: Client = { addressKey: "203.0.113.7" };

async function open(options: RulesOptions = { maxCodeLength: 6 }, isChallenging = true) {
  const { verifier } = createTestVerifier("turnstile");
  const challenges = { verifier, when: "risk" } as const;
  rules = await createRules({ state: "memory", ...options, ...(isChallenging && { challenges }) });
}

async function start(captcha?: Captcha, client = ADDRESS) {
  const input = { phone: PHONE, purpose: "sign_in", locale: "en", client } as const;
  return await rules.phonekey().verifications.start({ ...input, ...(captcha && { captcha }) });
}

const outcome = async (...args: Parameters<typeof start>) => {
  const started = await start(...args);
  return started.ok ? "sent" : started.refusal.code;
};

/** Makes so many wrong guesses at codes of strangers; what was set aside for more is free again. */
async function guessWrong(count: number) {
  for (let left = count; left > 0; ) {
    const { id, code } = await rules.started(ADDRESS);
    for (let tries = Math.min(3, left); tries > 0; tries--, left--) await rules.guess(id, wrongCode(code));
  }
  rules.clock.advance(11 * MINUTE);
}

describe("a spent ledger if the sender carries only six digits", () => {
  test("allows one code with one guess a day, behind a challenge whose solution is used once", async () => {
    await open();
    await guessWrong(9);
    const sent = rules.sms.sent.length;
    expect(await start()).toEqual({
      ok: false,
      refusal: { code: "captcha_required", field: "captcha", kinds: ["turnstile"] },
    });
    expect(rules.decisions.at(-1)).toMatchObject({ decision: "challenge", by: "ledger" });
    expect(rules.sms.sent).toHaveLength(sent);

    const started = await start(solved("a"));
    if (!started.ok) throw new Error(started.refusal.code);
    expect(started.value.codeLength).toBe(6);
    const code = await rules.codeOf(started.value.id);
    expect(await rules.guess(started.value.id, wrongCode(code))).toBe("invalid_code");
    expect(await rules.guess(started.value.id, code)).toBe("invalid_code");
    expect(await outcome(solved("b"))).toBe("too_many_requests");
    expect(rules.decisions.at(-1)).toMatchObject({ decision: "deny", by: "ledger" });
    rules.clock.advance(DAY);
    expect(await outcome()).toBe("captcha_required");
    expect(await outcome(solved("b"))).toBe("sent");
  });

  test("asks for no challenge if no guess is free", async () => {
    await open();
    await guessWrong(9);
    const started = await start(solved("a"));
    if (!started.ok) throw new Error(started.refusal.code);
    await rules.guess(started.value.id, wrongCode(await rules.codeOf(started.value.id)));
    expect(await outcome()).toBe("too_many_requests");
  });

  test("asks no known device for a challenge, even if its own ledger is spent", async () => {
    await open();
    const { client } = await rules.knownDevice();
    await guessWrong(9);
    expect(await outcome(undefined, { ...ADDRESS, ...client })).toBe("sent");
    for (let wrong = 0; wrong < 9; ) {
      const { id, code } = await rules.started(client);
      for (let tries = 0; tries < 3 && wrong < 9; tries++, wrong++) {
        await rules.guess(id, wrongCode(code), client);
      }
    }
    rules.clock.advance(DAY);
    expect(await rules.ledger("device")).toHaveLength(9);
    expect(await outcome(undefined, client)).toBe("sent");
    expect(rules.decisions.at(-1)).toMatchObject({ bucket: "device", decision: "allow" });
  });

  test.each<[string, boolean, Client]>([
    ["are off", false, ADDRESS],
    ["cannot be solved at the door", true, { ...ADDRESS, solves: ["tencent"] }],
  ])("allows the guess without a challenge if challenges %s", async (_, isChallenging, client) => {
    await open({ maxCodeLength: 6 }, isChallenging);
    await guessWrong(9);
    expect(await outcome(undefined, client)).toBe("sent");
  });
});

test("a ledger that is not spent, or goes on with eight digits, asks for no challenge", async () => {
  await open();
  await guessWrong(8);
  expect(await outcome()).toBe("sent");
  await rules.close();
  await open({ maxCodeLength: 8 });
  await guessWrong(9);
  expect(await outcome()).toBe("sent");
});

test("a ledger that is spent after a start has read it still asks for a challenge", async () => {
  let onRead = async () => {};
  const wrap: NonNullable<RulesOptions["wrap"]> = ({ ledger }) => ({
    ledger: {
      ...ledger,
      async read(...args) {
        const wrong = await ledger.read(...args);
        await onRead();
        return wrong;
      },
    },
  });
  await open({ maxCodeLength: 6, wrap });
  await guessWrong(6);
  const { id, code } = await rules.started(ADDRESS);
  onRead = async () => {
    onRead = async () => {};
    for (const guess of [wrongCode(code), wrongCode(code), wrongCode(code)]) await rules.guess(id, guess);
  };
  const sent = rules.sms.sent.length;
  expect(await outcome()).toBe("captcha_required");
  expect(rules.sms.sent).toHaveLength(sent);
  expect(await outcome(solved("a"))).toBe("sent");
});
