/** A clock that stands still until a test moves it. */
export function createTestClock(start = 1_800_000_000_000) {
  let now = start;
  return {
    now: () => now,
    advance(ms: number) {
      now += ms;
    },
  };
}

export type TestClock = ReturnType<typeof createTestClock>;
