import type { Clock, Random } from "../ports.ts";
import type { Alert, AlertStore, Alerts } from "./ports.ts";

export interface AlertsDeps {
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each alert that this process raised or ended, for the log. */
  readonly onChange: (what: "raised" | "cleared", alert: Pick<Alert, "kind" | "subject" | "detail">) => void;
  /** Told when alerts cannot be kept. */
  readonly onError: (error: unknown) => void;
}

/** How old what we know of standing alerts may be: another process may have raised one. */
const KNOWN_MS = 30_000;

export function createAlerts(deps: AlertsDeps): Alerts {
  const { store, clock, random, onChange } = deps;
  let known: readonly Pick<Alert, "kind" | "subject">[] = [];
  let knownAt = Number.NEGATIVE_INFINITY;

  /** So that what goes well asks the database twice a minute, not each time. */
  const standing = async () => {
    const now = clock.now();
    if (Math.abs(now - knownAt) < KNOWN_MS) return known;
    known = await store.standing();
    knownAt = now;
    return known;
  };
  const end = async (which: (alert: Pick<Alert, "kind" | "subject">) => boolean) => {
    for (const { kind, subject } of (await standing()).filter(which)) {
      const cleared = await store.clear(kind, subject, clock.now());
      known = known.filter((one) => one.kind !== kind || one.subject !== subject);
      if (cleared) onChange("cleared", { kind, subject, detail: {} });
    }
  };
  const safely = (act: () => Promise<void>) => act().catch(deps.onError);

  return {
    raise: (kind, subject, detail = {}) =>
      safely(async () => {
        const now = clock.now();
        const raised = await store.raise({ id: random.uuid(now), kind, subject, detail, raisedAt: now });
        knownAt = Number.NEGATIVE_INFINITY;
        if (raised) onChange("raised", { kind, subject, detail });
      }),
    clear: (kind, subject) => safely(() => end((one) => one.kind === kind && one.subject === subject)),
    settle: (subjects) =>
      safely(() => end((one) => one.kind !== "sms_unanswered" && subjects.includes(one.subject))),
  };
}
