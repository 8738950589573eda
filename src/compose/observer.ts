import type { Observer } from "../core/observer.ts";
import type { PhonekeyDeps } from "../core/phonekey.ts";
import type { Log } from "../http/context.ts";

/** Counts everything. Logs which sends were refused, or would have been, and by what. */
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

/** The core's reports for the log alone: what happened, and ids; never a phone. */
export function loggedBy(
  log: Log,
): Pick<PhonekeyDeps, "report" | "reportApiKey" | "onErased" | "onNoticeError" | "onUnreadable"> {
  return {
    report: (problem) => log.warn({ problem }, "a message was not accepted"),
    reportApiKey: (problem) => log.warn({ problem }, "an API key was refused"),
    onErased: (userId, outcome) =>
      outcome === "done"
        ? log.info({ userId }, "an account was erased")
        : log.warn({ userId }, "an account may have been erased"),
    // Met while limits are rebuilt.
    onUnreadable: (err) =>
      log.error({ err }, "a verification could not be read: all of its guesses count as open"),
    onNoticeError: (err) => log.error({ err }, "a notice could not be sent at once"),
  };
}
