import type { Observer } from "../core/observer.ts";
import type { Log } from "../http/context.ts";

/** Counts everything, and writes down which sends were refused or would have been, and why. */
export function observerOf(counting: Observer, log: Log): Observer {
  return {
    ...counting,
    onDecision(decision) {
      counting.onDecision(decision);
      const isUsual = decision.by === undefined && decision.exceeded.length === 0;
      if (!isUsual) log.info({ decision }, "a send was judged");
    },
  };
}
