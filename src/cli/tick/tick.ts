import { Command } from "commander";
import { explain } from "../../compose/explain.ts";
import { counted } from "../../core/counted.ts";
import type { Job, Task, TickReport } from "../../core/maintenance/tick.ts";
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
  phone_changes: (count) => `Looked after ${named("phone_changes", count)}.`,
  notices: (count) => `Looked after ${named("notices", count)}.`,
  traffic: () => "Learned what traffic is usual.",
  alerts: (count) => `Sent ${named("alerts", count)}.`,
  reports: (count) => `Noted ${named("reports", count)}.`,
};

/** What each is about, one and several of it. */
const NAMES: Readonly<Record<Task, readonly [one: string, many: string]>> = {
  phone_changes: ["change of number", "changes of number"],
  notices: ["notice", "notices"],
  traffic: ["traffic", "traffic"],
  alerts: ["alert", "alerts"],
  reports: ["report of a carrier", "reports of carriers"],
  verifications: ["verification", "verifications"],
  limits: ["counter of limits", "counters of limits"],
  proofs: ["redeemed proof", "redeemed proofs"],
  passkeyChallenges: ["passkey challenge", "passkey challenges"],
  messages: ["message", "messages"],
  replies: ["reply", "replies"],
  events: ["entry of the audit trail", "entries of the audit trail"],
  unlocks: ["unlock", "unlocks"],
  failures: ["wrong guess", "wrong guesses"],
  erasures: ["trace of an erasure", "traces of erasures"],
  sessions: ["session", "sessions"],
  keys: ["key", "keys"],
};

function named(task: Task, count: number): string {
  return counted(count, ...NAMES[task]);
}

function asText(report: TickReport): string {
  if (!report.ran) return "Another process is doing the work.";
  const removed = Object.entries(report.removed).filter(([, count]) => count > 0);
  const done = Object.entries(report.done).filter(([, count]) => count > 0);
  const lines = [
    ...done.map(([job, count]) => DONE[job as Job](count)),
    ...removed.map(([task, count]) => `Removed ${named(task as Task, count)}.`),
  ];
  const failed = report.failures.map(({ task, error }) => `Failed on ${NAMES[task][1]}: ${explain(error)}`);
  return [...(lines.length > 0 ? lines : ["Nothing to do."]), ...failed].join("\n");
}
