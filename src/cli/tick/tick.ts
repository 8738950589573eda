import { Command } from "commander";
import { explain } from "../../compose/explain.ts";
import type { Job, TickReport } from "../../core/maintenance/tick.ts";
import { settings } from "../settings.ts";
import { runTick, tickAsJson } from "./ticks.ts";

export function tickCommand(): Command {
  return new Command("tick")
    .description("Do all periodic work once. A running server does it by itself every minute.")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nSafe to interrupt, to repeat and to run beside a server: only one process at a time does the work." +
        "\n\nExample:\n  phonekey tick --json",
    )
    .action(async (options: { json?: boolean }) => {
      const report = await runTick(settings());
      console.log(options.json ? JSON.stringify(tickAsJson(report)) : asText(report));
      if (report.ran && report.failures.length > 0) process.exitCode = 1;
    });
}

const DONE: Readonly<Record<Job, (count: number) => string>> = {
  phone_changes: (count) => `Looked after ${count} changes of number.`,
  notices: (count) => `Looked after ${count} notices.`,
  traffic: () => "Learned what traffic is usual.",
  alerts: (count) => `Told ${count} alerts.`,
  reports: (count) => `Noted ${count} reports.`,
};

function asText(report: TickReport): string {
  if (!report.ran) return "Another process is doing the work.";
  const removed = Object.entries(report.removed).filter(([, count]) => count > 0);
  const done = Object.entries(report.done).filter(([, count]) => count > 0);
  const lines = [
    ...done.map(([job, count]) => DONE[job as Job](count)),
    ...removed.map(([task, count]) => `Removed ${count} ${task}.`),
  ];
  const failed = report.failures.map(({ task, error }) => `Failed on ${task}: ${explain(error)}`);
  return [...(lines.length > 0 ? lines : ["Nothing to do."]), ...failed].join("\n");
}
