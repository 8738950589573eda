/** A counter, and by what it tells its counts apart. */
interface Kind {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/**
 * What is counted. Each label takes its values from a list in this program or its settings. So callers cannot invent
 * values, and there are few.
 */
export const COUNTERS = {
  requests: {
    name: "phonekey_http_requests_total",
    help: "Requests by the pattern of their route, never their path, method and status.",
    labels: ["route", "method", "status"],
  },
  refusals: {
    name: "phonekey_refusals_total",
    help: "Requests that an API or a page refused, by the code of the refusal; words of the functions API's own where it has them.",
    labels: ["refusal"],
  },
  decisions: {
    name: "phonekey_send_decisions_total",
    help: "Sends that were judged: allow, challenge or deny, and the check that refused.",
    labels: ["decision", "check"],
  },
  exceeded: {
    name: "phonekey_send_checks_exceeded_total",
    help: "Checks that a send went beyond and that let it through: the guard's in GUARD_MODE=record, budgets for known devices.",
    labels: ["check"],
  },
  verdicts: {
    name: "phonekey_challenge_verdicts_total",
    help: "Solutions of challenges that were judged: solved, invalid or unavailable.",
    labels: ["kind", "verdict"],
  },
  messages: {
    name: "phonekey_messages_total",
    help: "Messages that a sender was given, and its answer; one that several tried counts for each.",
    labels: ["sender", "status"],
  },
  guesses: {
    name: "phonekey_guesses_total",
    help: "Guesses at codes: approved, wrong, or dead where there was nothing left to guess at.",
    labels: ["outcome"],
  },
  devices: {
    name: "phonekey_device_tokens_refused_total",
    help: "Device tokens that made nobody known: invalid (forged or expired), foreign (another phone's) or ended.",
    labels: ["reason"],
  },
  reports: {
    name: "phonekey_carrier_reports_total",
    help: "Reports of carriers: delivered, failed, early (kept until their message is known) or unmatched.",
    labels: ["sender", "outcome"],
  },
  alerts: {
    name: "phonekey_alerts_total",
    help: "Alerts that this process raised or cleared.",
    labels: ["kind", "change"],
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type CounterName = keyof typeof COUNTERS;

type Label<K extends CounterName> = (typeof COUNTERS)[K]["labels"][number];

/** One count, with the values of its labels. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
}

/** Counts since this process began. */
export interface Tally {
  count<K extends CounterName>(counter: K, labels: Readonly<Record<Label<K>, string>>): void;
  read(counter: CounterName): readonly Series[];
}

/** Counting needs only a few map entries. The library is loaded when somebody asks for the counts. */
export function createTally(): Tally {
  const counts = new Map<CounterName, Map<string, Series>>();
  return {
    count(counter, labels) {
      const all = counts.get(counter) ?? new Map<string, Series>();
      const named: Readonly<Record<string, string>> = labels;
      const key = COUNTERS[counter].labels.map((label) => named[label]).join("\n");
      all.set(key, { labels, count: 1 + (all.get(key)?.count ?? 0) });
      counts.set(counter, all);
    },
    read: (counter) => [...(counts.get(counter)?.values() ?? [])],
  };
}
