import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import type { WrongGuess } from "../../../src/core/protection/budgets/ports.ts";
import { createRules, DAY, isShort, MINUTE, mostIn, type Rules, wrongCode } from "../rules.ts";
import { anyPast, anySteps, grant, isAlive, type Life, type Model, type Step } from "./model.ts";

describe.each(["database", "memory"] as const)("the life of verifications, with %s for state", (state) => {
  let rules: Rules;
  beforeAll(async () => {
    rules = await createRules({ state });
  });
  afterAll(() => rules.close());

  let phones = 0;
  const newPhone = () => `+86138${String(phones++).padStart(8, "0")}`;

  test("follows the model in any sequence of steps", async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, anyPast, async (steps, past) => {
        const phone = newPhone();
        const model: Model = { lives: [], wrong: await guessedBefore(phone, past) };
        const all: Life[] = [];
        for (const step of steps) {
          await take(step, phone, model);
          for (const life of model.lives) if (!all.includes(life)) all.push(life);
        }
        await expectPromises(phone, model, all);
      }),
      { numRuns: 60 },
    );
  });

  /** Wrong guesses of a minute ago, so that runs need not be long to come to a spent ledger. */
  async function guessedBefore(phone: string, lengths: readonly number[]): Promise<WrongGuess[]> {
    const at = rules.clock.now() - MINUTE;
    const { vault, ledger, random } = rules.deps();
    const tag = await vault.tag(phone as Phone);
    const guesses = lengths.map((codeLength) => ({ at, codeLength }));
    for (const guess of guesses) await ledger.record(random.uuid(at), tag, "stranger", guess);
    return guesses;
  }

  async function take(step: Step, phone: string, model: Model): Promise<void> {
    if (step.do === "wait") rules.clock.advance(step.ms);
    if (step.do === "start") await start(step.refusedBySender, phone, model);
    if (step.do === "restart") {
      await rules.restart();
      // Verifications may die with a lost state; the ledger may not.
      if (state === "memory") model.lives = [];
    }
    const life = "nth" in step ? model.lives.at(-1 - step.nth) : undefined;
    if (life && step.do === "guess") await guess(life, step.right, model);
    if (life && step.do === "resend") await resend(life);
  }

  async function start(refusedBySender: boolean, phone: string, model: Model): Promise<void> {
    const createdAt = rules.clock.now();
    const { attempts, codeLength } = grant(model, createdAt);
    const before = rules.sms.sent.length;
    rules.sms.answer({ status: refusedBySender ? "rejected" : "accepted" });
    const started = await rules.start({}, phone);
    rules.sms.answer({ status: "accepted" });
    expect(rules.sms.sent.length - before).toBe(attempts > 0 ? 1 : 0);
    if (typeof started === "string") {
      expect(started).toBe(attempts > 0 && refusedBySender ? "sms_unavailable" : "too_many_requests");
      if (!refusedBySender) expect(attempts).toBe(0);
      return;
    }
    expect(started).toMatchObject({ status: "pending", codeLength, expiresAt: createdAt + 5 * MINUTE });
    const { id, expiresAt } = started;
    const kept = await rules.deps().verifications.find(id);
    expect(kept).toMatchObject({ attemptsAllowed: attempts, attemptsUsed: 0 });
    const code = rules.sms.lastCode(phone);
    expect(code).toHaveLength(codeLength);
    model.lives.push({ id, code, createdAt, expiresAt, allowed: attempts, used: 0, approved: false });
  }

  async function guess(life: Life, right: boolean, model: Model): Promise<void> {
    const now = rules.clock.now();
    const alive = isAlive(life, now);
    const said = await rules.guess(life.id, right ? life.code : wrongCode(life.code));
    expect(said).toBe(alive && right ? "approved" : "invalid_code");
    if (!alive) return;
    life.used += 1;
    if (right) life.approved = true;
    else model.wrong.push({ at: now, codeLength: life.code.length });
  }

  async function resend(life: Life): Promise<void> {
    const now = rules.clock.now();
    const before = rules.sms.sent.length;
    const sent = await rules.phonekey().verifications.resend({ id: life.id, client: {} });
    if (!isAlive(life, now)) {
      expect(sent).toMatchObject({ refusal: { code: "not_found" } });
      expect(rules.sms.sent).toHaveLength(before);
      return;
    }
    life.expiresAt = Math.min(now + 5 * MINUTE, life.createdAt + 10 * MINUTE);
    expect(sent).toMatchObject({ value: { id: life.id, status: "pending", expiresAt: life.expiresAt } });
    expect(rules.sms.sent).toHaveLength(before + 1);
    expect(rules.sms.lastCode()).toBe(life.code);
  }

  async function expectPromises(phone: string, model: Model, all: readonly Life[]): Promise<void> {
    const ledger = await rules.ledger("stranger", phone);
    expect(ledger).toEqual(model.wrong);
    expect(mostIn(30 * DAY, ledger.filter(isShort))).toBeLessThanOrEqual(9);
    expect(
      mostIn(
        DAY,
        ledger.filter((each) => !isShort(each)),
      ),
    ).toBeLessThanOrEqual(9);
    for (const life of all) {
      expect(life.used).toBeLessThanOrEqual(3);
      expect(life.expiresAt).toBeLessThanOrEqual(life.createdAt + 10 * MINUTE);
    }
    rules.clock.advance(10 * MINUTE);
    for (const life of all) expect(await rules.guess(life.id, life.code)).toBe("invalid_code");
    expect(await rules.ledger("stranger", phone)).toEqual(model.wrong);
  }
});
