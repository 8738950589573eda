import { expect, test } from "vitest";
import { onInterrupt } from "../../src/cli/interrupt.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

test.each(SIGNALS)(
  "%s asks to stop, and any signal after it is left to Node.js, which ends by it",
  (signal) => {
    const before = SIGNALS.map((each) => process.listenerCount(each));
    const interrupt = onInterrupt();
    expect(interrupt.isAsked()).toBe(false);
    process.emit(signal);
    expect(interrupt.isAsked()).toBe(true);
    expect(SIGNALS.map((each) => process.listenerCount(each))).toEqual(before);
  },
);
