import { Command } from "commander";
import { numberOf } from "../compose/tools/numbers.ts";
import { settings } from "./settings.ts";

interface InboxAnswer {
  readonly messages: readonly { to: string; text: string; sentAt: string }[];
}

const PATIENCE_MS = 5_000;

export function inboxCommand(): Command {
  return new Command("inbox")
    .description("Show the development inbox of the server on this machine.")
    .argument("[phone]", "only messages to this phone")
    .option("--json", "print the messages as JSON")
    .addHelpText("after", "\nExample:\n  phonekey inbox +8613800138000")
    .action(async (written: string | undefined, options: { json?: boolean }, command: Command) => {
      const config = settings();
      const phone = written === undefined ? undefined : numberOf(config, written);
      if (written !== undefined && !phone) command.error("error: this is not a phone number");
      const answer = await readInbox(config.server.port, phone);
      console.log(options.json ? JSON.stringify(answer) : asText(answer));
    });
}

async function readInbox(port: number, phone: string | undefined): Promise<InboxAnswer> {
  const url = new URL(`http://127.0.0.1:${port}/dev/inbox.json`);
  if (phone) url.searchParams.set("phone", phone);
  const patience = new AbortController();
  // This timer keeps the process alive. A request that is cut off does not, and the process would end without a
  // message.
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const response = await fetch(url, { signal: patience.signal }).catch((cause: unknown) => {
      throw new Error(`no server answers on port ${port}; start one with \`npm start\``, { cause });
    });
    if (response.headers.get("content-type")?.startsWith("application/problem+json"))
      throw new Error("that server has no development inbox; it runs in production");
    const answer = (await response.json().catch(() => undefined)) as Partial<InboxAnswer> | undefined;
    if (Array.isArray(answer?.messages)) return answer as InboxAnswer;
    throw new Error(`what answers on port ${port} is not Phonekey; set PORT to the port of the server`);
  } finally {
    clearTimeout(timer);
  }
}

function asText({ messages }: InboxAnswer): string {
  if (messages.length === 0) return "No messages yet.";
  return messages.map(({ to, text, sentAt }) => `${sentAt}  ${to}\n${text}\n`).join("\n");
}
