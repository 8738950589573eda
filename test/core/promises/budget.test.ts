import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../src/adapters/memory/limits.ts";
import { eraseAccount } from "../../../src/core/life/erase.ts";
import {
  createRules,
  DAY,
  HOUR,
  isShort,
  MINUTE,
  mostIn,
  PHONE,
  type Rules,
  type RulesOptions,
  SECOND,
  wrongCode,
} from "../rules.ts";

/** Starts and guesses wrong until nothing more is granted; how many guesses it tried. */
async function attack(rules: Rules): Promise<number> {
  let tried = 0;
  for (;;) {
    const started = await rules.start();
    if (typeof started === "string") return tried;
    const wrong = wrongCode(await rules.codeOf(started.id));
    for (let guess = 0; guess < 5; guess++, tried++) await rules.guess(started.id, wrong);
  }
}

async function guessWrong(rules: Rules, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const { id, code } = await rules.started();
    for (let guess = 0; guess < 3 && left > 0; guess++, left--) await rules.guess(id, wrongCode(code));
  }
}

describe.each(["database", "memory"] as const)("promise 2, with %s for state", (state) => {
  let rules: Rules;
  const open = async (options: RulesOptions = {}) => {
    await rules?.close();
    rules = await createRules({ state, ...options });
  };
  beforeEach(() => open());
  afterEach(async () => {
    await rules.close();
    rules = undefined as never;
  });

  test("T3: 65 days of starting and guessing wrong, with restarts, stay within the budget and use it", async () => {
    for (let day = 0; day < 65; day++) {
      await attack(rules);
      await rules.restart();
      rules.clock.advance(10 * HOUR);
      await attack(rules);
      rules.clock.advance(14 * HOUR);
    }
    const ledger = await rules.ledger();
    const longer = ledger.filter((guess) => !isShort(guess));
    expect(mostIn(30 * DAY, ledger.filter(isShort))).toBe(9);
    expect(mostIn(DAY, longer)).toBe(9);
    expect(ledger.filter(isShort)).toHaveLength(27);
    expect(longer.length).toBeGreaterThan(9 * 55);
  });

  test("T3: if the sender carries only six digits, there is one guess a day beyond the nine", async () => {
    await open({ maxCodeLength: 6 });
    for (let halfDay = 0; halfDay < 60; halfDay++) {
      await attack(rules);
      await rules.restart();
      rules.clock.advance(12 * HOUR);
    }
    const ledger = await rules.ledger();
    expect(ledger.every(isShort)).toBe(true);
    expect(mostIn(DAY, ledger.slice(0, 10))).toBe(10);
    expect(mostIn(DAY, ledger.slice(10))).toBe(1);
    expect(ledger).toHaveLength(9 + 30);
  });

  test("T3: a sender that refuses every message gives no guesses at all (the demo: three for each)", async () => {
    const limit = { phoneSends: [], addressSends: [], addressChecks: [], resendMs: 0 };
    await open({ settings: { limits: limit } });
    const ids: string[] = [];
    const { create } = rules.deps().verifications;
    rules.deps().verifications.create = async (verification) => {
      ids.push(verification.id);
      await create(verification);
    };
    for (const status of ["throttled", "rejected", "bad_number", "unavailable"] as const) {
      rules.sms.answer({ status });
      for (let n = 0; n < 20; n++) expect(typeof (await rules.start())).toBe("string");
    }
    expect(ids).toHaveLength(80);
    for (const id of ids) expect(await rules.guess(id, await rules.codeOf(id))).toBe("invalid_code");
    expect(await rules.ledger()).toEqual([]);
    rules.sms.answer({ status: "accepted" });
    expect((await rules.started()).codeLength).toBe(6);
  });

  test("a success refills nothing", async () => {
    await guessWrong(rules, 8);
    rules.clock.advance(11 * MINUTE);
    const { id, code } = await rules.started();
    expect(await rules.guess(id, code)).toBe("approved");
    const last = await rules.started();
    expect(last.codeLength).toBe(6);
    expect(await rules.guess(last.id, wrongCode(last.code))).toBe("invalid_code");
    // One guess was left: the right code comes too late.
    expect(await rules.guess(last.id, last.code)).toBe("invalid_code");
    expect((await rules.ledger()).length).toBe(9);
    expect((await rules.started()).codeLength).toBe(8);
  });

  test("once the ledger is spent, codes are longer and still approve; after 30 days they are short again", async () => {
    await guessWrong(rules, 9);
    const longer = await rules.started();
    expect(longer.codeLength).toBe(8);
    expect(rules.sms.lastCode()).toMatch(/^\d{8}$/);
    expect(await rules.guess(longer.id, longer.code)).toBe("approved");
    rules.clock.advance(30 * DAY - 1);
    expect((await rules.started()).codeLength).toBe(8);
    rules.clock.advance(1);
    expect((await rules.started()).codeLength).toBe(6);
  });

  test("guesses that are only set aside cause a wait, not longer codes", async () => {
    const held = [await rules.started(), await rules.started(), await rules.started()];
    expect(held.map(({ codeLength }) => codeLength)).toEqual([6, 6, 6]);
    const input = { phone: "+8613800138000", purpose: "sign_in", locale: "en", client: {} } as const;
    const refused = await rules.phonekey().verifications.start(input);
    const retryAfterSeconds = refused.ok ? 0 : (refused.refusal.retryAfterSeconds ?? 0);
    expect(refused).toMatchObject({ refusal: { code: "too_many_requests" } });
    expect(rules.sms.sent).toHaveLength(3);

    rules.clock.advance(retryAfterSeconds * SECOND - 1);
    expect(await rules.start()).toBe("too_many_requests");
    rules.clock.advance(1);
    expect(await rules.start()).toMatchObject({ codeLength: 6 });
    expect(await rules.ledger()).toEqual([]);
  });

  test("a verification that ends with the right code gives back its unused guesses at once", async () => {
    const [first] = [await rules.started(), await rules.started(), await rules.started()];
    expect(await rules.guess(first.id, wrongCode(first.code))).toBe("invalid_code");
    expect(await rules.guess(first.id, first.code)).toBe("approved");
    const next = await rules.started();
    for (let n = 0; n < 5; n++) await rules.guess(next.id, wrongCode(next.code));
    expect(await rules.ledger()).toHaveLength(3);
    expect(await rules.start()).toBe("too_many_requests");
  });

  test("a code of the wrong length is a wrong guess; a malformed one is refused and not counted", async () => {
    const { id, code } = await rules.started();
    for (const malformed of ["", "12a456", `${code}\n`, "123"]) {
      expect(await rules.guess(id, malformed)).toBe("invalid_request");
    }
    expect(await rules.ledger()).toEqual([]);
    expect(await rules.guess(id, `${code}0`)).toBe("invalid_code");
    expect(await rules.guess(id, code.slice(1))).toBe("invalid_code");
    expect(await rules.ledger()).toHaveLength(2);
    expect(await rules.guess(id, ` ${code.slice(0, 3)} ${code.slice(3)}`)).toBe("approved");
  });

  test("guesses at an expired or unknown verification do not get into the ledger", async () => {
    const { id, code } = await rules.started();
    rules.clock.advance(5 * MINUTE);
    expect(await rules.guess(id, code)).toBe("invalid_code");
    expect(await rules.guess(id, wrongCode(code))).toBe("invalid_code");
    expect(await rules.guess("no-such-verification", code)).toBe("invalid_code");
    expect(await rules.ledger()).toEqual([]);
  });
});

describe("limits that are lost, as in a cluster while verifications live on", () => {
  test("keep the guesses of open verifications set aside, and no others", async () => {
    const rules = await createRules({ wrap: () => ({ limits: createMemoryLimitStore() }) });
    const [first, approved] = [await rules.started(), await rules.started()];
    expect(await rules.guess(approved.id, approved.code)).toBe("approved");
    await rules.restart();
    const others = [await rules.started(), await rules.started()];
    await rules.restart();
    expect(await rules.start()).toBe("too_many_requests");
    for (const { id, code } of [first, ...others]) {
      for (let n = 0; n < 4; n++) expect(await rules.guess(id, wrongCode(code))).toBe("invalid_code");
    }
    expect((await rules.started()).codeLength).toBe(8);
    expect(mostIn(30 * DAY, await rules.ledger())).toBe(9);
    await rules.close();
  });

  test("count used guesses twice only for 30 seconds, while the last may be on its way to the ledger", async () => {
    const rules = await createRules({ wrap: () => ({ limits: createMemoryLimitStore() }) });
    await guessWrong(rules, 6);
    await rules.restart();
    expect(await rules.start()).toBe("too_many_requests");
    rules.clock.advance(30 * SECOND);
    expect((await rules.started()).codeLength).toBe(6);
    await rules.close();
  });

  test("free the guesses of verifications that died with the limits", async () => {
    const rules = await createRules({ state: "memory" });
    for (let n = 0; n < 4; n++) {
      for (let start = 0; start < 3; start++) await rules.started();
      await rules.restart();
    }
    await rules.close();
  });
});

describe("a retag of all phones", () => {
  test("refills nothing: open verifications are over, wrong guesses still count", async () => {
    const rules = await createRules();
    await guessWrong(rules, 6);
    const open = await rules.started();
    const { keyId } = await rules.retag();
    await rules.restart();
    const again = await rules.started();
    expect((await rules.deps().verifications.find(again.id))?.phoneTag.startsWith(`${keyId}.`)).toBe(true);
    for (const { id, code } of [open, again]) {
      for (let n = 0; n < 4; n++) expect(await rules.guess(id, wrongCode(code))).toBe("invalid_code");
    }
    expect(await rules.guess(open.id, open.code)).toBe("invalid_code");
    const resent = await rules.phonekey().verifications.resend({ id: open.id, client: {} });
    expect(resent).toMatchObject({ refusal: { code: "not_found" } });
    expect(mostIn(30 * DAY, await rules.ledger())).toBe(9);
    await rules.close();
  });

  test("makes a repeated request with an Idempotency-Key a new one; the first code is void", async () => {
    const rules = await createRules();
    const idempotency = { key: "0190f3a2-7b1c-7d3e-9c4f-1a2b3c4d5e6f", request: "" };
    const input = { phone: PHONE, purpose: "sign_in", locale: "en", client: {}, idempotency } as const;
    const started = async () => {
      const answer = await rules.phonekey().verifications.start(input);
      return answer.ok ? { id: answer.value.id, code: await rules.codeOf(answer.value.id) } : undefined;
    };
    const first = await started();
    expect(await started()).toEqual(first);
    expect(rules.sms.sent).toHaveLength(1);
    await rules.retag();
    await rules.restart();
    const second = await started();
    expect(rules.sms.sent).toHaveLength(2);
    expect(await rules.guess(first?.id ?? "", first?.code ?? "")).toBe("invalid_code");
    expect(await rules.guess(second?.id ?? "", second?.code ?? "")).toBe("approved");
    await rules.close();
  });

  test("keeps wrong guesses of an erased account in the ledger for their 30 days", async () => {
    const rules = await createRules();
    const { user } = (await rules.knownDevice()).signedIn;
    await guessWrong(rules, 9);
    expect(await eraseAccount(rules.deps(), user, { by: "operator" })).toBe(true);
    await rules.retag();
    await rules.restart();
    rules.clock.advance(30 * DAY - HOUR);
    expect((await rules.started()).code).toHaveLength(8);
    rules.clock.advance(2 * HOUR);
    expect((await rules.started()).code).toHaveLength(6);
    await rules.close();
  });
});
