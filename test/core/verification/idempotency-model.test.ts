import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PhonekeyDeps } from "../../../src/core/phonekey.ts";
import type { VerificationView } from "../../../src/core/verification/verification.ts";
import { createRules, DAY, HOUR, type Rules, wrongCode } from "../rules.ts";
import {
  type Answer,
  anySteps,
  type Bound,
  CALLERS,
  type Crash,
  expected,
  expiryOf,
  isAlive,
  type Luck,
  loseState,
  MOST_SENDS,
  MOST_WRONG_GUESSES,
  type Model,
  newModel,
  noteSend,
  type Request,
  requestOf,
  type Step,
  subjectOf,
  textOf,
} from "./idempotency-model.ts";

const KEYS = ["first", "second", "third"].map((name) => `${name}-6f0e-4b3f-9d0b-0c1d2e3f4a5b`);
const PHONE_SENDS = [
  { max: MOST_SENDS, windowMs: HOUR },
  { max: 1_000, windowMs: DAY },
];
const TERMS = { tells: "tag", sends: [], spend: {}, returnTo: [] } as const;

describe.each(["database", "memory"] as const)("Idempotency-Keys, with %s for state", (state) => {
  let rules: Rules;
  let diesAt: Crash | undefined;
  /** While true, every call of a store fails; until the process is started again. */
  let isDead = false;

  beforeAll(async () => {
    const settings = { limits: { phoneSends: PHONE_SENDS }, codeAttempts: 1 };
    rules = await createRules({ state, settings, wrap: mortal });
    for (const client of ["shop", "bank"]) {
      const life = { createdAt: rules.clock.now(), expiresAt: Number.MAX_SAFE_INTEGER };
      const key = { id: client, client, hash: client, purposes: [], networks: [], ...TERMS, ...life };
      await rules.deps().apiKeys.create(key);
    }
  });
  afterAll(() => rules.close());

  type Stores = Pick<PhonekeyDeps, "verifications" | "messages" | "limits">;

  function mortal({ verifications, messages, limits }: Stores): Stores {
    return {
      limits: dying(limits, {}),
      verifications: dying(verifications, { create: { to: "counted" }, resent: { to: "counted" } }),
      messages: dying(messages, { create: { from: "written" }, finish: { to: "sent", from: "done" } }),
    };
  }

  /** The same store, but the process may die before or after a call. */
  function dying<T extends object>(
    store: T,
    points: { readonly [K in keyof T]?: { readonly to?: Crash; readonly from?: Crash } },
  ): T {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        const { to, from } = points[name as keyof T] ?? {};
        return async (...args: unknown[]) => {
          mayDie(to);
          const result = await method.apply(target, args);
          mayDie(from);
          return result;
        };
      },
    });
  }

  function mayDie(point: Crash | undefined): void {
    if (point !== undefined && point === diesAt) isDead = true;
    if (isDead) throw new Error("the process is dead");
  }

  let phones = 0;
  const newPhone = () => `+86138${String(phones++).padStart(8, "0")}`;

  test("are bound to their first request as in the model, in any sequence of steps", async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const model = newModel([newPhone(), newPhone()]);
        const before = (await messages()).length;
        for (const step of steps) await take(step, model);
        const written = model.sends.filter(({ isWritten }) => isWritten);
        expect((await messages()).length - before).toBe(written.length);
      }),
      // Shrinking may take longer than a test may: the printed seed repeats the failure.
      { numRuns: 40, endOnFailure: true },
    );
    const kept = JSON.stringify(await messages());
    for (const key of KEYS) expect(kept).not.toContain(key);
  });

  const messages = () => rules.database.db.selectFrom("messages").selectAll().execute();

  async function take(step: Step, model: Model): Promise<void> {
    if (step.do === "wait") rules.clock.advance(step.ms);
    if (step.do === "restart") await restart(model);
    if (step.do === "guess") await guess(step.nth, step.right, model);
    const request = requestOf(step, model);
    if (!request || !("luck" in step)) return;
    model.requests.unshift(request);
    await ask(request, step.luck, model);
  }

  async function restart(model: Model): Promise<void> {
    isDead = false;
    await rules.restart();
    if (state === "memory") loseState(model);
  }

  async function guess(nth: number, right: boolean, model: Model): Promise<void> {
    const life = model.lives[nth];
    if (!life || (!right && model.wrongGuesses >= MOST_WRONG_GUESSES)) return;
    if (!right) model.wrongGuesses += 1;
    const code = right ? life.code : wrongCode(life.code);
    const said = await rules.guess(life.id, code, {}, CALLERS[life.caller]?.purpose);
    expect(said).toBe(right && isAlive(life, rules.clock.now()) ? "approved" : "invalid_code");
    life.hasEnded = true;
  }

  async function ask(request: Request, luck: Luck, model: Model): Promise<void> {
    const { fate, crash, times } = luck;
    const now = rules.clock.now();
    const wanted = expected(model, request, now);
    const before = rules.sms.sent.length;
    rules.sms.answer({ status: fate });
    diesAt = crash;
    const answers = await Promise.all(Array.from({ length: times }, () => answerTo(request, model)));
    diesAt = undefined;
    const sends = wanted === "sends";
    const sent = sends && crash !== "counted" && crash !== "written" ? 1 : 0;
    expect(rules.sms.sent.length - before).toBe(sent);
    expect(isDead).toBe(sends && crash !== undefined);
    const bound = sends ? noteSend(model, request, luck, now) : wanted;
    if (isDead) await restart(model);
    else if (typeof bound === "string") for (const answer of answers) expect(answer).toBe(bound);
    else if (bound) await expectBound(bound, request, sends ? othersThanRunning(answers) : answers, model);
    if (typeof bound === "object" && typeof bound.answer === "object" && sent > 0) {
      expect(rules.sms.lastCode()).toBe((request.do === "resend" ? request.life : model.lives[0])?.code);
    }
  }

  /** All equal requests get the same answer: the one given before, or else a new one. */
  async function expectBound(bound: Bound, request: Request, answers: readonly Answer[], model: Model) {
    const [first] = answers;
    if (bound.answer === undefined && typeof first === "object") {
      bound.answer = first;
      await noteView(first, bound, request, model);
    }
    expect(first).toBeDefined();
    for (const answer of answers) expect(answer).toEqual(bound.answer);
  }

  async function noteView(view: VerificationView, bound: Bound, request: Request, model: Model) {
    const { caller, phone } = subjectOf(request);
    const told = { ...view, createdAt: bound.at, caller, phone };
    const { id, createdAt } = request.do === "resend" ? request.life : told;
    const expiresAt = expiryOf(createdAt, bound.at);
    expect(view).toMatchObject({ id, expiresAt, status: "pending", purpose: CALLERS[caller]?.purpose });
    if (request.do === "resend") return;
    expect(model.lives.map((life) => life.id)).not.toContain(id);
    const code = await codeOf(id);
    model.lives.unshift({ ...told, code: code ?? "000000", hasEnded: code === undefined });
  }

  /** Undefined if the verification died with the state. */
  async function codeOf(id: string): Promise<string | undefined> {
    return (await rules.deps().verifications.find(id)) && (await rules.codeOf(id));
  }

  async function answerTo(request: Request, { phones }: Model): Promise<Answer> {
    const { verifications } = rules.phonekey();
    const idempotency = { key: KEYS[request.key] ?? "", request: textOf(request) };
    const asked = { client: {}, locale: "en", idempotency } as const;
    try {
      const answer = await (request.do === "resend"
        ? verifications.resend({ id: request.life.id, ...asked })
        : verifications.start({ phone: phones[request.phone] ?? "", ...starter(request.caller), ...asked }));
      return answer.ok ? answer.value : answer.refusal.code;
    } catch (error) {
      if (isDead) return "nothing";
      throw error;
    }
  }
});

const othersThanRunning = (answers: readonly Answer[]) =>
  answers.filter((answer) => answer !== "idempotency_in_progress");

function starter(caller: number) {
  const { purpose = "sign_in", backend } = CALLERS[caller] ?? {};
  return { purpose, ...(backend && { backend: { client: backend, purposes: [purpose], ...TERMS } }) };
}
