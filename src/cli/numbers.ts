import { Command } from "commander";
import {
  type NumberState,
  type NumberTools,
  numberOf,
  numberTools,
  type Side,
} from "../compose/tools/numbers.ts";
import type { Outcome } from "../compose/tools/records.ts";
import { counted } from "../core/counted.ts";
import type { Phone } from "../core/phone.ts";
import { UNLOCK_GUESSES } from "../core/protection/budgets/ledger.ts";
import type { Unlocked } from "../core/protection/budgets/unlock.ts";
import { OUTCOMES } from "./outcomes.ts";
import { settings } from "./settings.ts";
import { withTools } from "./tools.ts";

export function numbersCommand(): Command {
  return new Command("numbers")
    .description("For support: see what holds a number up, and give it further guesses.")
    .addHelpText("after", "\nExample:\n  phonekey numbers show +8613800138000")
    .addCommand(showCommand())
    .addCommand(unlockCommand());
}

function showCommand(): Command {
  return new Command("show")
    .description(
      "Show what holds a number up: limits, wrong guesses, senders. Never shows a code or the full number.",
    )
    .argument("<phone>", "a phone number, as a person writes it")
    .option("--json", "print it as JSON; times are milliseconds since 1970")
    .addHelpText(
      "after",
      "\nLimits are counted from the record of messages; limits that many numbers share are not shown." +
        "\n\nExample:\n  phonekey numbers show +8613800138000",
    )
    .action((written: string, { json = false }: { json?: boolean }, command: Command) =>
      withNumber(command, written, async (tools, phone) => {
        const state = await tools.show(phone);
        console.log(json ? JSON.stringify(state) : asText(state, Date.now()));
      }),
    );
}

interface UnlockOptions {
  readonly reason: string;
  readonly json?: boolean;
}

const LONGEST_REASON = 200;

function unlockCommand(): Command {
  return new Command("unlock")
    .description(
      `Give strangers ${UNLOCK_GUESSES} more guesses at codes of a number that has used up its own, for a day.`,
    )
    .argument("<phone>", "a phone number, as a person writes it")
    .requiredOption("--reason <text>", "why, for the audit trail: 1 to 200 characters")
    .option("--json", "print the outcome as JSON")
    .addHelpText(
      "after",
      "\nWorks once a day and three times in 30 days for a number. It resets nothing. Servers may keep running." +
        '\n\nExample:\n  phonekey numbers unlock +8613800138000 --reason "ticket 4711: shown their passport"',
    )
    .action((written: string, { reason, json = false }: UnlockOptions, command: Command) => {
      const why = reason.trim();
      if (why.length === 0 || why.length > LONGEST_REASON || /\p{C}/u.test(why)) {
        command.error("error: --reason must be 1 to 200 characters, without control characters");
      }
      return withNumber(command, written, async (tools, phone) => {
        const outcome = await tools.unlock(phone, why);
        console.log(json ? JSON.stringify(outcome) : sentenceOf(outcome));
        if (outcome.status !== "unlocked") process.exitCode = 1;
      });
    });
}

async function withNumber(
  command: Command,
  written: string,
  act: (tools: NumberTools, phone: Phone) => Promise<void>,
): Promise<void> {
  const config = settings();
  const phone = numberOf(config, written);
  if (!phone) command.error("error: this is not a phone number");
  await withTools(numberTools(config), (tools) => act(tools, phone));
}

function sentenceOf(outcome: Unlocked): string {
  if (outcome.status === "unlocked") {
    return `Strangers have ${UNLOCK_GUESSES} more guesses, for a day. They need a new code; if one is out, that may take up to ten minutes.`;
  }
  if (outcome.status === "not_spent") return "Nothing to unlock: strangers have guesses left.";
  return `Not unlocked: a number can be unlocked once a day and three times in 30 days, next from ${timeOf(outcome.retryAt)}.`;
}

function asText(state: NumberState, now: number): string {
  const { phone, strangers, devices, heldUntil, isOptedOut, testUntil, unlocks } = state;
  return [
    phone,
    ...(testUntil === undefined ? [] : [`a test number until ${timeOf(testUntil)}: it gets no message`]),
    ...sideLines("strangers", strangers, now),
    ...sideLines("known devices", devices, now),
    ...messageLines(state),
    ...(heldUntil === undefined ? [] : [`the sender takes nothing for it before ${timeOf(heldUntil)}`]),
    ...(isOptedOut
      ? ["opted out of what was not asked for; codes, and what there is a day to stop, still come"]
      : []),
    ...unlocks.map(({ at, reason }) => `${timeOf(at)}  unlocked: ${JSON.stringify(reason)}`),
  ].join("\n");
}

function messageLines({ messages, lastMessageAt }: NumberState): string[] {
  if (lastMessageAt === undefined) return ["messages: none on record"];
  const counts = Object.entries(messages) as [Outcome, number][];
  return [
    ...counts.map(([outcome, count]) => `messages: ${count} ${OUTCOMES[outcome]}`),
    `messages: the last one ${timeOf(lastMessageAt)}`,
  ];
}

function sideLines(who: string, side: Side, now: number): string[] {
  const { wrongGuesses, isSpent, unlocked, guesses, nextMessage } = side;
  const spent = isSpent ? ", spent" : "";
  const extra = unlocked > 0 ? `, ${unlocked} left of an unlock` : "";
  const free =
    guesses.atMost > 0
      ? `${guesses.atMost} free at ${guesses.codeLength} digits`
      : `none free before ${timeOf(guesses.from)}`;
  const { at, heldBy } = nextMessage;
  const next = at > now && heldBy ? `from ${timeOf(at)} (limit \`${heldBy}\`)` : "now";
  return [
    `${who}: ${counted(wrongGuesses, "wrong guess", "wrong guesses")} in 30 days${spent}; ${free}${extra}`,
    `${who}: next message ${next}`,
  ];
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
