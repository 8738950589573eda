import { Command } from "commander";
import { maintenanceTools } from "../compose.ts";
import type { Task, TickReport } from "../core/maintenance/tick.ts";
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

function sum(total: Ran, { removed, ...latest }: Ran): Ran {
  const tasks = Object.keys(removed) as Task[];
  const sums = tasks.map((task) => [task, total.removed[task] + removed[task]] as const);
  return { ...latest, removed: Object.fromEntries(sums) as Record<Task, number> };
}

function asJson(report: TickReport): object {
  if (!report.ran) return report;
  return { ...report, failures: report.failures.map(({ task, error }) => ({ task, error: textOf(error) })) };
}

function asText(report: TickReport): string {
  if (!report.ran) return "Another process is doing the work.";
  const removed = Object.entries(report.removed).filter(([, count]) => count > 0);
  const lines = removed.map(([task, count]) => `Removed ${count} ${task}.`);
  const failed = report.failures.map(({ task, error }) => `Failed on ${task}: ${textOf(error)}`);
  return [...(lines.length > 0 ? lines : ["Nothing to remove."]), ...failed].join("\n");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}
