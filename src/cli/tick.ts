import { Command } from "commander";
import { maintenanceTools } from "../compose.ts";
import type { Job, TickReport } from "../core/maintenance/tick.ts";
import { settings } from "./settings.ts";

type Ran = TickReport & { readonly ran: true };

export function tickCommand(): Command {
  return new Command("tick")
    .description("Do all periodic work once. A running server does it by itself every minute.")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nSafe to interrupt, to repeat and to run beside a server: one process at a time does the work." +
        "\n\nExample:\n  phonekey tick --json",
    )
    .action(async (options: { json?: boolean }) => {
      const report = await runTick();
      console.log(options.json ? JSON.stringify(asJson(report)) : asText(report));
      if (report.ran && report.failures.length > 0) process.exitCode = 1;
    });
}

/** Goes on until nothing is left; another process may take over in between. */
async function runTick(): Promise<TickReport> {
  const tools = await maintenanceTools(settings());
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

function asJson(report: TickReport): object {
  if (!report.ran) return report;
  return { ...report, failures: report.failures.map(({ task, error }) => ({ task, error: textOf(error) })) };
}

const DONE: Readonly<Record<Job, string>> = { alerts: "Told", reports: "Noted" };

function asText(report: TickReport): string {
  if (!report.ran) return "Another process is doing the work.";
  const removed = Object.entries(report.removed).filter(([, count]) => count > 0);
  const done = Object.entries(report.done).filter(([, count]) => count > 0);
  const lines = [
    ...done.map(([job, count]) => `${DONE[job as Job]} ${count} ${job}.`),
    ...removed.map(([task, count]) => `Removed ${count} ${task}.`),
  ];
  const failed = report.failures.map(({ task, error }) => `Failed on ${task}: ${textOf(error)}`);
  return [...(lines.length > 0 ? lines : ["Nothing to do."]), ...failed].join("\n");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}
