import fc from "fast-check";
import { expect } from "vitest";
import type {
  Lease,
  Limit,
  LimitStore,
  TakeRequest,
  TakeResult,
} from "../../src/core/protection/limits/ports.ts";
import { fresh, NOW } from "./samples.ts";

interface Counted {
  readonly key: string;
  readonly member: string;
  readonly at: number;
}

interface Held {
  readonly key: string;
  readonly member: string;
  amount: number;
  readonly endsAt: number;
}

/** The simplest thing that keeps the promises: lists, and the rules as they are written. */
interface Model {
  events: Counted[];
  leases: Held[];
  /** Leases with guesses that went to the ledger. */
  moved: Pick<Held, "key" | "endsAt">[];
}

function lets(model: Model, limit: Limit, now: number): boolean {
  const since = (ms: number) => model.events.filter(({ key, at }) => key === limit.key && at > now - ms);
  const room = limit.windows.every(({ max, windowMs }) => since(windowMs).length < max);
  if (!limit.backoff) return room;
  const times = since(limit.backoff.windowMs).map(({ at }) => at);
  if (times.length === 0) return room;
  const { baseMs, from = 1, every = 1 } = limit.backoff;
  const beyond = times.length - from;
  if (beyond < 0 || beyond % every !== 0) return room;
  return room && now >= Math.max(...times) + baseMs * 2 ** (beyond / every);
}

/** Found by trying one millisecond after the other. */
function letsAt(model: Model, limit: Limit, now: number): number {
  let at = now;
  while (!lets(model, limit, at)) at += 1;
  return at;
}

function liveOn(model: Model, lease: Lease, now: number): Held[] {
  return model.leases.filter(({ key, endsAt }) => key === lease.key && endsAt > now);
}

function leaves(model: Model, lease: Lease, now: number): number {
  return lease.cap - liveOn(model, lease, now).reduce((sum, { amount }) => sum + amount, 0);
}

function leaseAt(model: Model, lease: Lease | undefined, now: number): number {
  if (!lease || leaves(model, lease, now) >= 1) return now;
  return Math.min(lease.expiresAt, ...liveOn(model, lease, now).map(({ endsAt }) => endsAt));
}

function modelTake(model: Model, { member, limits, lease }: TakeRequest, now: number): TakeResult {
  const exceeded: string[] = [];
  for (const limit of limits) {
    if (lets(model, limit, now)) continue;
    if (limit.advisory) {
      exceeded.push(limit.name);
      continue;
    }
    const told = limits.filter(({ advisory, untold }) => !advisory && !untold);
    const waits = told.map((each) => letsAt(model, each, now));
    return { ok: false, refusedBy: limit.name, retryAt: Math.max(leaseAt(model, lease, now), ...waits) };
  }
  let leased = 0;
  const moved = model.moved.some(({ key, endsAt }) => key === lease?.key && endsAt > now);
  if (lease) {
    leased = Math.min(lease.wanted, leaves(model, lease, now));
    if (leased < 1) return { ok: false, refusedBy: "lease", retryAt: leaseAt(model, lease, now) };
    model.leases.push({ key: lease.key, member, amount: leased, endsAt: lease.expiresAt });
  }
  for (const key of new Set(limits.map((limit) => limit.key))) model.events.push({ key, member, at: now });
  const waiting = limits.filter(
    ({ backoff, advisory, untold }) => backoff && (backoff.from ?? 1) === 1 && !advisory && !untold,
  );
  const nextAt = Math.max(now, ...waiting.map((limit) => letsAt(model, limit, now)));
  const steady = lease && !moved && { steady: true as const };
  return { ok: true, leased, nextAt, ...steady, ...(exceeded.length > 0 && { exceeded }) };
}

const KEYS = 3;

const window = fc.record({ max: fc.integer({ min: 1, max: 4 }), windowMs: fc.integer({ min: 1, max: 400 }) });
const backoff = fc.record(
  {
    baseMs: fc.integer({ min: 1, max: 60 }),
    windowMs: fc.integer({ min: 1, max: 400 }),
    from: fc.integer({ min: 1, max: 4 }),
    every: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: ["baseMs", "windowMs"] },
);
type Rule = Pick<Limit, "windows" | "backoff" | "advisory" | "untold">;

const mostlyNot = fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true));
const kinds = { advisory: mostlyNot, untold: mostlyNot };
const windows = fc.record({ windows: fc.array(window, { maxLength: 2 }), ...kinds });
const waits = fc.record({ windows: fc.constant([]), backoff, ...kinds });
/** No limit has both: whether a backoff begins anew when a window has room is not asked. */
const whole: fc.Arbitrary<Rule> = fc.oneof(windows, waits);
const steps = (earliestMs: number) =>
  fc.array(stepFrom(earliestMs), { minLength: 5, maxLength: 40, size: "max" });
const stepFrom = (earliestMs: number) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("take" as const),
        keys: fc.array(fc.nat({ max: KEYS - 1 }), { maxLength: 4 }),
        lease: fc.option(
          fc.record({
            wanted: fc.integer({ min: 1, max: 4 }),
            cap: fc.integer({ min: 0, max: 6 }),
            forMs: fc.integer({ min: 1, max: 300 }),
          }),
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.integer({ min: earliestMs, max: 150 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("forget" as const), nth: fc.nat({ max: 40 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("release" as const),
        nth: fc.nat({ max: 40 }),
        count: fc.constantFrom(1, 2, "all" as const),
      }),
    },
  );

/**
 * Random limits, takes and times: each answer is the model's, and no window ever holds more than its limit. Now and then
 * the clock is set back.
 */
export async function expectLikeModel(store: LimitStore): Promise<void> {
  await expectLike(store, fc.tuple(whole, whole, whole), steps(-20), 100);
}

async function expectLike(
  store: LimitStore,
  rulesOf: fc.Arbitrary<[Rule, Rule, Rule]>,
  stepsOf: ReturnType<typeof steps>,
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(rulesOf, stepsOf, async (rules, steps) => {
      const run = fresh("run");
      const limits = rules.map((each, index): Limit => {
        return { name: `limit-${index}`, key: `${run}.${index}`, ...each };
      });
      const model: Model = { events: [], leases: [], moved: [] };
      const members: string[] = [];
      let now = NOW;
      for (const each of steps) {
        if (each.do === "wait") now += each.ms;
        if (each.do === "take") {
          const member = `${run}.${members.length}`;
          members.push(member);
          const { lease } = each;
          const taken: TakeRequest = {
            member,
            limits: each.keys.map((index) => limits[index] as Limit),
            ...(lease && {
              lease: { key: run, wanted: lease.wanted, cap: lease.cap, expiresAt: now + lease.forMs },
            }),
          };
          expectAnswer(await store.take(taken, now), modelTake(model, taken, now));
        }
        const nth = "nth" in each ? (members[each.nth] ?? "nobody") : "nobody";
        if (each.do === "forget") {
          const key = `${run}.0`;
          await store.forget([key], [nth]);
          model.events = model.events.filter((event) => event.key !== key || event.member !== nth);
        }
        if (each.do === "release") {
          await store.release(run, nth, each.count);
          for (const held of model.leases) {
            if (held.member === nth && each.count !== "all")
              model.moved.push({ key: run, endsAt: held.endsAt });
            if (held.member === nth) held.amount -= each.count === "all" ? held.amount : each.count;
          }
          model.leases = model.leases.filter(({ amount }) => amount > 0);
        }
      }
      for (const limit of limits) expectNeverExceeded(model.events, limit);
    }),
    { numRuns },
  );
}

/** A store need not tell that a take was steady, but must not say so of one that was not. */
function expectAnswer(answer: TakeResult, expected: TakeResult): void {
  const silent = answer.ok && answer.steady === undefined;
  const { steady: _, ...others } = { steady: undefined, ...expected };
  expect(answer).toEqual(silent ? others : expected);
}

/** How a take is bound on a counter that others are bound on more loosely, or not at all. */
const bound = fc.constantFrom("tight" as const, "loose" as const, "free" as const);
const mixed = fc.array(fc.record({ how: bound, waitMs: fc.integer({ min: -10, max: 60 }) }), {
  minLength: 10,
  maxLength: 60,
  size: "max",
});

/**
 * Takes bound by `tight`, by `loose` and by nothing on one counter: of those that are bound never more than their
 * limit pass in a window, and nobody is refused as long as all events together are fewer.
 */
export async function expectFairMixture(store: LimitStore): Promise<void> {
  const windowMs = 300;
  const most = { tight: 7, loose: 12, free: Number.POSITIVE_INFINITY } as const;
  await fc.assert(
    fc.asyncProperty(mixed, async (takes) => {
      const key = fresh("mixed");
      const passed: { how: keyof typeof most; at: number }[] = [];
      let now = NOW;
      for (const [n, { how, waitMs }] of takes.entries()) {
        now += waitMs;
        const windows = how === "free" ? [] : [{ max: most[how], windowMs }];
        const limit = { name: "shared", key, windows };
        const all = passed.filter(({ at }) => at > now - windowMs).length;
        const taken = await store.take({ member: `${key}.${n}`, limits: [limit] }, now);
        if (taken.ok) passed.push({ how, at: now });
        else expect(all).toBeGreaterThanOrEqual(most[how]);
      }
      for (const how of ["tight", "loose"] as const) {
        const own = passed.filter((each) => each.how !== "free" && most[each.how] <= most[how]);
        const events = own.map(({ at }) => ({ key, member: "any", at }));
        expectNeverExceeded(events, { name: how, key, windows: [{ max: most[how], windowMs }] });
      }
    }),
    { numRuns: 25 },
  );
}

/** Every window that ends with an event; the others hold no more. */
function expectNeverExceeded(events: readonly Counted[], limit: Limit): void {
  if (limit.advisory) return;
  const times = events.filter(({ key }) => key === limit.key).map(({ at }) => at);
  for (const { max, windowMs } of limit.windows) {
    for (const end of times) {
      const inside = times.filter((at) => at > end - windowMs && at <= end);
      expect(inside.length).toBeLessThanOrEqual(max);
    }
  }
}
