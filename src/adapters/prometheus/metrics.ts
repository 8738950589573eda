import type { Registry } from "prom-client";
import type { Observer } from "../../core/observer.ts";
import { COUNTERS, type CounterName, createTally, type Tally } from "./tally.ts";

/** Counters of this process, and the process itself, in Prometheus' text format. */
export interface Metrics {
  /** Counts what the rules tell of. */
  readonly observer: Observer;
  /** @param request.route the pattern that the request was answered by; `refusal` the code of a no */
  countRequest(request: {
    readonly route: string;
    readonly method: string;
    readonly status: number;
    readonly refusal?: string;
  }): void;
  /** Loads the library on its first call. */
  read(): Promise<{ readonly type: string; readonly text: string }>;
}

/** A caller may send any other method, and each would become a series of its own. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function createMetrics(): Metrics {
  const tally = createTally();
  let opening: Promise<Registry> | undefined;
  return {
    observer: observerOf(tally),
    countRequest({ route, method, status, refusal }) {
      const known = METHODS.includes(method) ? method : "other";
      tally.count("requests", { route, method: known, status: String(status) });
      if (refusal) tally.count("refusals", { refusal });
    },
    async read() {
      opening ??= openRegistry(tally);
      const registry = await opening;
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

function observerOf(tally: Tally): Observer {
  return {
    onDecision({ decision, by = "", exceeded }) {
      tally.count("decisions", { decision, check: by });
      for (const check of exceeded) tally.count("exceeded", { check });
    },
    onVerdict: (kind, verdict) => tally.count("verdicts", { kind, verdict }),
    onSent: (sender, status) => tally.count("messages", { sender, status }),
    onGuess: (outcome) => tally.count("guesses", { outcome }),
    onRefusedDevice: (reason) => tally.count("devices", { reason }),
    onReport: (sender, outcome) => tally.count("reports", { sender, outcome }),
    onAlert: (kind, change) => tally.count("alerts", { kind, change }),
  };
}

/** Uses a registry of its own: the library's default one is shared by everything in the process. */
async function openRegistry(tally: Tally): Promise<Registry> {
  const { collectDefaultMetrics, Counter, Registry } = await import("prom-client");
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const counter of Object.keys(COUNTERS) as CounterName[]) {
    const { name, help, labels } = COUNTERS[counter];
    new Counter<string>({
      name,
      help,
      labelNames: [...labels],
      registers: [register],
      collect() {
        this.reset();
        for (const series of tally.read(counter)) this.inc(series.labels, series.count);
      },
    });
  }
  return register;
}
