import type { TestClock } from "../support/world.ts";

interface Waiting {
  readonly at: number;
  wake(): void;
}

/**
 * Simulated time for people and attackers that are written as plain sequences: one that sleeps gives way to the next in
 * time, and one acts at a time, so that the same seed gives the same history.
 */
export function createSimulation(clock: TestClock) {
  const waiting: Waiting[] = [];
  let running = 0;
  let onIdle = () => {};
  let failure: { readonly error: unknown } | undefined;

  function wait(one: Waiting): void {
    let [low, high] = [0, waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((waiting[middle]?.at ?? 0) <= one.at) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, one);
  }

  function giveWay(): void {
    running -= 1;
    if (running === 0) onIdle();
  }

  async function step(one: Waiting): Promise<void> {
    clock.advance(one.at - clock.now());
    running += 1;
    await new Promise<void>((resolve) => {
      onIdle = resolve;
      one.wake();
    });
    if (failure) throw failure.error;
  }

  return {
    now: clock.now,
    /** Begins a sequence at this time, epoch milliseconds. `run` throws what it throws. */
    spawn(at: number, act: () => Promise<void>): void {
      const wake = () =>
        void act()
          .catch((error: unknown) => {
            failure = { error };
          })
          .finally(giveWay);
      wait({ at: Math.max(at, clock.now()), wake });
    },
    /** Resolves when this much time has passed; only within a spawned sequence. */
    sleep(ms: number): Promise<void> {
      return new Promise((resolve) => {
        wait({ at: clock.now() + Math.max(0, ms), wake: resolve });
        giveWay();
      });
    },
    /** Lets time pass until then; a sequence that sleeps longer never wakes again. */
    async run(until: number): Promise<void> {
      for (let next = waiting[0]; next && next.at <= until; next = waiting[0]) {
        waiting.shift();
        await step(next);
      }
      clock.advance(until - clock.now());
    },
  };
}

export type Simulation = ReturnType<typeof createSimulation>;

/** Random numbers that a seed repeats (mulberry32). */
export function createChance(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** From 0 up to 1. */
    next,
    /** A whole number below `count`. */
    below: (count: number): number => Math.floor(next() * count),
    happens: (probability: number): boolean => next() < probability,
  };
}

export type Chance = ReturnType<typeof createChance>;
