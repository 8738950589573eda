import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import { type SentTest, type TestMessage, testMessage } from "../../compose/tools/send-test.ts";
import { REFUSALS } from "../../core/refusals.ts";
import { PURPOSES, type Purpose } from "../../core/verification/purpose.ts";
import { settings } from "../settings.ts";

interface SendTestOptions {
  readonly to: string;
  readonly purpose: Purpose;
  readonly sender?: string;
  readonly yes?: true;
  readonly json?: true;
}

export function sendTestCommand(): Command {
  return new Command("send-test")
    .description("Send one real message through a configured sender. It is charged.")
    .requiredOption("--to <phone>", "your own phone number")
    .addOption(
      new Option("--purpose <purpose>", "the purpose whose template is used")
        .choices(PURPOSES)
        .default(PURPOSES[0]),
    )
    .option("--sender <name>", "one of several in SMS_SENDER; the first if left out")
    .option("--yes", "do not ask first")
    .option("--json", "print the outcome as JSON")
    .addHelpText(
      "after",
      "\nThe code in it opens nothing. Phonekey's limits do not count it; the provider's do. The exit code is 0 if the" +
        "\nprovider accepted it.\n\nExample:\n  phonekey tencent send-test --to 13800138000",
    )
    .action(async (options: SendTestOptions, command: Command) => await sendTest(options, command));
}

async function sendTest({ to, yes, json, ...wanted }: SendTestOptions, command: Command): Promise<void> {
  const message = testMessage(settings(), to, wanted);
  if (typeof message === "string") command.error(`error: --to: ${REFUSALS[message].en}`);
  if (!message) throw new Error("SMS_SENDER is `console`, which sends nothing; name another");
  if (!yes && !(await isWanted(message, command))) {
    console.error("Nothing was sent.");
    process.exitCode = 1;
    return;
  }
  const sent = await message.send();
  console.log(
    json ? JSON.stringify({ to: message.to, sender: message.sender, ...sent }) : asText(message, sent),
  );
  if (sent.status !== "accepted") process.exitCode = 1;
}

async function isWanted({ to, sender }: TestMessage, command: Command): Promise<boolean> {
  if (!process.stdin.isTTY) command.error("error: nobody is there to ask; add --yes");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`Send one message to ${to} by ${sender}? It is charged. [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

const OUTCOMES: Readonly<Record<SentTest["status"], string>> = {
  accepted: "accepted; it should be there within seconds",
  bad_number: "the number is refused",
  throttled: "the provider sends no more to this number for now",
  rejected: "refused",
  unavailable: "not sent: the provider cannot be reached",
  unknown: "no answer: it may be on its way",
};

function asText({ to, sender }: TestMessage, sent: SentTest): string {
  const { status, providerCode, providerId, requestId, fee, says, tookMs } = sent;
  const facts = [
    ["code", providerCode],
    ["message", providerId],
    ["request", requestId],
    ["fee", fee],
  ] as const;
  return [
    `${sender} to ${to}: ${OUTCOMES[status]} (${(tookMs / 1000).toFixed(1)} s)`,
    ...(says ? [says] : []),
    ...facts.filter(([, fact]) => fact !== undefined).map(([name, fact]) => `  ${name.padEnd(9)}${fact}`),
  ].join("\n");
}
