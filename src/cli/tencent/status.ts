import { setTimeout as wait } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import { alertOfReviews } from "../../compose/tools/review-alerts.ts";
import {
  isPassing,
  type Overview,
  type Standing,
  type TencentKind,
  type TencentTools,
  tencentTools,
} from "../../compose/tools/tencent.ts";
import { NOTICE_KINDS } from "../../core/delivery/notice-kinds.ts";
import { describeFailure } from "../failure.ts";
import { settings, tencentSettings } from "../settings.ts";
import { accountLines, noticeLines, standingLine } from "./text.ts";
import { todoFor, todoLines } from "./todo.ts";

interface StatusOptions {
  readonly international?: true;
  readonly watch?: true;
  readonly interval: number;
  readonly alert?: true;
  readonly json?: true;
}

export function statusCommand(): Command {
  return new Command("status")
    .description("Show the review status of signatures and templates, the balance, and what was sent.")
    .option("--watch", "keep checking until no review is open")
    .option("--interval <seconds>", "time between two checks, with --watch", seconds, 60)
    .option("--international", "for Global SMS instead of Mainland China")
    .option("--alert", "raise an alert for what was rejected; end it once that is approved")
    .option("--json", "print the result as JSON, with --watch at the end")
    .addHelpText(
      "after",
      "\nChecks what the settings name (TENCENT_SMS_SIGN_NAME, TENCENT_SMS_TEMPLATE_ID…), or everything if they name" +
        "\nnothing. The exit code is 1 if any of it was rejected or does not exist." +
        "\n--alert needs the other settings too: alerts are kept in the database and posted to ALERT_WEBHOOK." +
        "\n\nExamples:\n  phonekey tencent status\n  phonekey tencent status --watch && echo approved",
    )
    .action(async (options: StatusOptions) => await showStatus(options));
}

async function showStatus({ international, watch, interval, alert, json }: StatusOptions): Promise<void> {
  const kind: TencentKind = international ? "international" : "mainland";
  const tencent = tencentSettings();
  const tools = tencentTools(tencent, kind);
  const look = await (watch ? followed(tools, interval, json ?? false) : lookOnce(tools));
  if (alert) await alertOfReviews(settings(), look.standings, kind);
  const isWell = look.standings.every(({ status }) => status !== "rejected" && status !== "missing");
  const todo = todoFor(kind, { tencent, overview: look.overview });
  const { templates } = tencent[kind];
  const missingNotices = NOTICE_KINDS.filter((notice) => !templates[notice]);
  if (json) console.log(JSON.stringify({ ok: isWell, ...look, missingNotices, todo }));
  else {
    const told = watch ? [] : standingLines(look.standings);
    console.log(
      [...told, ...accountLines(look.overview), ...noticeLines(missingNotices), "", ...todoLines(todo)].join(
        "\n",
      ),
    );
  }
  if (!isWell) process.exitCode = 1;
}

function standingLines(standings: readonly Standing[]): string[] {
  return standings.length === 0
    ? ["There is no signature and no template yet."]
    : standings.map(standingLine);
}

interface Look {
  readonly standings: readonly Standing[];
  readonly overview: Overview;
}

async function lookOnce(tools: TencentTools): Promise<Look> {
  const overview = await tools.overview();
  return { overview, standings: tools.standings(overview) };
}

/** Looks until no review is open, and reports every change. An error that may pass by itself does not end it. */
async function followed(tools: TencentTools, seconds: number, isQuiet: boolean): Promise<Look> {
  let look = await lookOnce(tools);
  let told: readonly string[] = [];
  const tell = (lines: readonly string[]) => {
    if (!isQuiet) for (const line of lines.filter((one) => !told.includes(one))) console.log(line);
    told = lines;
  };
  tell(standingLines(look.standings));
  while (look.standings.some(isOpen)) {
    await wait(seconds * 1000);
    look = await lookAgain(tools, look);
    tell(standingLines(look.standings));
  }
  return look;
}

async function lookAgain(tools: TencentTools, last: Look): Promise<Look> {
  try {
    return await lookOnce(tools);
  } catch (error) {
    if (!isPassing(error)) throw error;
    console.error(`${describeFailure(error)}. Trying again.`);
    return last;
  }
}

function isOpen({ status }: Standing): boolean {
  return status === "in_review" || status === "pending";
}

function seconds(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1)
    throw new InvalidArgumentError("It is a number of seconds, 1 at least.");
  return number;
}
