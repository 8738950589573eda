import { explain } from "../../compose/explain.ts";
import { maintenanceTools } from "../../compose/tools/maintenance.ts";
import type { Config } from "../../config.ts";
import { BUDGET_MS, type TickReport } from "../../core/maintenance/tick.ts";
import { withTools } from "../tools.ts";

type Ran = TickReport & { readonly ran: true };

/**
 * The part of the remaining time that is kept for the last piece. If a process is cut off in it, it may have told
 * somebody without knowing it.
 */
export const SPARE_MS = 15_000;

/**
 * Goes on until nothing is left, or the time is nearly over. Another process may take over in between.
 *
 * @param timeLeftMs how long this process still has
 */
export function runTick(config: Config, timeLeftMs = () => Number.POSITIVE_INFINITY): Promise<TickReport> {
  return withTools(maintenanceTools(config), async ({ tick }) => {
    let total: TickReport = { ran: false };
    for (;;) {
      const left = timeLeftMs();
      const report = await tick({ budgetMs: Math.min(BUDGET_MS, Math.max(left - SPARE_MS, left / 2)) });
      if (!report.ran) return total;
      total = total.ran ? sum(total, report) : report;
      if (report.complete || report.failures.length > 0 || timeLeftMs() < SPARE_MS) return total;
    }
  });
}

function sum(total: Ran, { removed, done, ...latest }: Ran): Ran {
  return { ...latest, removed: added(total.removed, removed), done: added(total.done, done) };
}

function added<T extends Readonly<Record<string, number>>>(some: T, more: T): T {
  const sums = Object.entries(more).map(([task, count]) => [task, count + (some[task] ?? 0)] as const);
  return Object.fromEntries(sums) as T;
}

/** The result, for another program. */
export function tickAsJson(report: TickReport): object {
  if (!report.ran) return report;
  return { ...report, failures: report.failures.map(({ task, error }) => ({ task, error: explain(error) })) };
}
