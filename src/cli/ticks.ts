import { maintenanceTools } from "../compose/maintenance-tools.ts";
import type { Config } from "../config.ts";
import type { TickReport } from "../core/maintenance/tick.ts";

type Ran = TickReport & { readonly ran: true };

/** Goes on until nothing is left; another process may take over in between. */
export async function runTick(config: Config): Promise<TickReport> {
  const tools = await maintenanceTools(config);
  try {
    let total: TickReport = { ran: false };
    for (;;) {
      const report = await tools.tick();
      if (!report.ran) return total;
      total = total.ran ? sum(total, report) : report;
      if (report.complete || report.failures.length > 0) return total;
    }
  } finally {
    await tools.close();
  }
}

function sum(total: Ran, { removed, done, ...latest }: Ran): Ran {
  return { ...latest, removed: added(total.removed, removed), done: added(total.done, done) };
}

function added<T extends Readonly<Record<string, number>>>(some: T, more: T): T {
  const sums = Object.entries(more).map(([task, count]) => [task, count + (some[task] ?? 0)] as const);
  return Object.fromEntries(sums) as T;
}

/** What was done, for another program. */
export function tickAsJson(report: TickReport): object {
  if (!report.ran) return report;
  return { ...report, failures: report.failures.map(({ task, error }) => ({ task, error: textOf(error) })) };
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}
