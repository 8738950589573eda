import { Command } from "commander";
import { type PhoneRecord, recordOf, reportInWords } from "../compose/tools/messages.ts";
import { outcomeOf } from "../compose/tools/records.ts";
import type { Message } from "../core/delivery/ports.ts";
import type { Locale } from "../core/locale.ts";
import { OUTCOMES } from "./outcomes.ts";
import { settings } from "./settings.ts";

export function messagesCommand(): Command {
  return new Command("messages")
    .description(
      "Show what became of the last messages to a phone, for support. Never shows what was in them.",
    )
    .argument("<phone>", "a phone number, as a person writes it")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  phonekey messages +8613800138000")
    .action(async (phone: string, { json = false }: { json?: boolean }, command: Command) => {
      const config = settings();
      const record = await recordOf(config, phone);
      if (!record) command.error("error: this is not a phone number");
      console.log(json ? JSON.stringify(asJson(record)) : asText(record, config.pages.defaultLocale));
    });
}

function asJson({ messages, ...rest }: PhoneRecord): object {
  const shown = messages.map(
    ({ sealedPhone: _sealed, phoneTag: _tag, idempotency: _key, verificationId: _id, ...message }) => message,
  );
  return { messages: shown, ...rest };
}

function asText({ messages, replies, isOptedOut }: PhoneRecord, locale: Locale): string {
  const lines = messages.map((message) => lineOf(message, locale));
  return [
    ...(lines.length > 0 ? lines : ["No message to this phone is on record."]),
    ...replies.map(({ at, text }) => `${timeOf(at)}  replied: ${printable(text)}`),
    ...(isOptedOut ? ["Opted out of what was not asked for; codes still come."] : []),
  ].join("\n");
}

/** A stranger wrote the text, so none of its control characters may reach the terminal. */
function printable(text: string): string {
  return JSON.stringify(text.replace(/\p{C}/gu, " "));
}

function lineOf(message: Message, locale: Locale): string {
  const { reportCode, providerCode, sender, providerId, requestId } = message;
  const why = reportCode ? `: ${reportInWords(reportCode, locale)} (${reportCode})` : "";
  const code = providerCode ? ` (${providerCode})` : "";
  const ids = [sender, providerId, requestId].filter((id) => id !== undefined).join(" ");
  const became = OUTCOMES[outcomeOf(message)];
  return `${timeOf(message.createdAt)}  ${message.purpose}  ${became}${why}${code}${ids && `  [${ids}]`}`;
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
