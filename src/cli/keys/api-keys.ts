import { Command, InvalidArgumentError, Option } from "commander";
import { apiKeyTools, type Made } from "../../compose/tools/api-keys.ts";
import { networks, returnAddresses } from "../../config/formats/addresses.ts";
import { type Format, filled, list, oneOf, wholeNumber } from "../../config/formats/format.ts";
import { limit } from "../../config/formats/limits.ts";
import { type Amount, amount } from "../../config/formats/money.ts";
import { BACKEND_NAME, whyOver } from "../../core/backend/api-key.ts";
import type { ApiKey } from "../../core/backend/ports.ts";
import { counted } from "../../core/counted.ts";
import { LONGEST_BACKEND_MS } from "../../core/protection/limits/settings.ts";
import { HOUR_MS } from "../../core/time.ts";
import { PURPOSES, ruleOf } from "../../core/verification/purpose.ts";
import { settings } from "../settings.ts";
import { withTools } from "../tools.ts";

const DAYS = wholeNumber(1, 730);
const SENDS = "600/1h,5000/24h";
/** The others are those of users who are signed in. */
const STARTABLE = PURPOSES.filter((purpose) => ["anybody", "backend"].includes(ruleOf(purpose).startedBy));

/** Keys that companies' backends show to the API. They are not the keys that are wrapped in the database. */
export function apiKeysCommand(): Command {
  return new Command("api")
    .description("Manage the API keys of your backends. Each is shown once, and stored as a hash.")
    .addHelpText("after", "\nExample:\n  phonekey keys api create shop --purposes verify_identity")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions {
  readonly purposes: ApiKey["purposes"];
  readonly networks: ApiKey["networks"];
  readonly sends: ApiKey["sends"];
  readonly returnTo: ApiKey["returnTo"];
  readonly spendHour?: Amount;
  readonly spendDay?: Amount;
  readonly tells: ApiKey["tells"];
  readonly days: number;
  readonly json?: true;
}

function createCommand(): Command {
  return new Command("create")
    .description("Make a backend's first API key and print it. It cannot be printed again.")
    .argument("<name>", "the backend's name, and the audience of its proofs: a-z, 0-9 and -", backendName)
    .requiredOption("--purposes <list>", `what it may start: ${STARTABLE.join(", ")}`, as(filled(purposes)))
    .addOption(
      new Option("--networks <list>", "where its requests may come from, such as 192.0.2.0/24")
        .argParser(as(filled(networks)))
        .default([], "anywhere"),
    )
    .addOption(
      new Option("--sends <limit>", "how many messages it may ask for, or unlimited")
        .argParser(sends)
        .default(sends(SENDS), SENDS),
    )
    .option("--spend-hour <amount>", "what these messages may cost in any hour, such as 20 CNY", as(amount))
    .option("--spend-day <amount>", "what these messages may cost in any 24 hours", as(amount))
    .addOption(
      new Option(
        "--return-to <list>",
        "where Phonekey's pages may send people back to: exact https addresses",
      )
        .argParser(as(filled(returnAddresses)))
        .default([], "nowhere"),
    )
    .addOption(
      new Option("--tells <what>", "what proofs say about a phone: its number, or only its tag")
        .choices(["phone", "tag"])
        .default("phone"),
    )
    .option("--days <days>", "how long it is valid", as(DAYS), 365)
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  phonekey keys api create shop --purposes verify_identity --networks 192.0.2.0/24",
    )
    .action(async (backend: string, { json, spendHour, spendDay, ...terms }: CreateOptions) => {
      const config = settings();
      const { currency } = config.protection.prices;
      const spend = {
        ...(spendHour && { hour: inCurrency(currency, spendHour) }),
        ...(spendDay && { day: inCurrency(currency, spendDay) }),
      };
      const made = await withTools(apiKeyTools(config), (tools) =>
        tools.create({ client: backend, ...terms, spend }),
      );
      if (!made) throw new Error(`${backend} has an API key; rotate or revoke it`);
      print(made, json);
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("List API keys by name and terms, never the keys themselves.")
    .option("--json", "print them as JSON")
    .addHelpText("after", "\nExample:\n  phonekey keys api list")
    .action(async ({ json }: { readonly json?: true }) => {
      const keys = await withTools(apiKeyTools(settings()), (tools) => tools.list());
      if (json)
        console.log(JSON.stringify(keys.map(({ hash: _, ...key }) => ({ ...key, state: stateOf(key) }))));
      else if (keys.length === 0) console.error("There are no API keys.");
      else for (const key of keys) console.log(lineOf(key));
    });
}

function rotateCommand(): Command {
  return new Command("rotate")
    .description("Make a new API key with the terms of the newest one; the old ones stay valid for a while.")
    .argument("<name>", "the backend's name", backendName)
    .option("--overlap <hours>", "how long the old ones stay valid", as(wholeNumber(0, 720)), 24)
    .option("--days <days>", "how long the new one is valid", as(DAYS), 365)
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  phonekey keys api rotate shop --overlap 48")
    .action(async (backend: string, options: { overlap: number; days: number; json?: true }) => {
      const { days, overlap, json } = options;
      const made = await withTools(apiKeyTools(settings()), (tools) =>
        tools.rotate(backend, { days, overlapMs: overlap * HOUR_MS }),
      );
      if (!made) throw new Error(`${backend} has no API key to rotate; create one`);
      print(made, json);
    });
}

function revokeCommand(): Command {
  return new Command("revoke")
    .description("End all API keys of a backend at once.")
    .argument("<name>", "the backend's name", backendName)
    .option("--json", "print the outcome as JSON")
    .addHelpText("after", "\nExample:\n  phonekey keys api revoke shop")
    .action(async (backend: string, { json }: { readonly json?: true }) => {
      const count = await withTools(apiKeyTools(settings()), (tools) => tools.revoke(backend));
      if (count === 0) throw new Error(`${backend} has no valid API key`);
      if (json) console.log(JSON.stringify({ client: backend, revoked: count }));
      else console.log(`Revoked ${counted(count, "API key")} of ${backend}.`);
    });
}

/** Only the key goes to standard output, so that it can be piped into a store of secrets. */
function print({ secret, kept }: Made, json?: true): void {
  const { client, id, expiresAt } = kept;
  if (json) {
    console.log(JSON.stringify({ key: secret, id, client, expiresAt }));
    return;
  }
  console.error(
    `API key of ${client}, good until ${new Date(expiresAt).toISOString()}. It is shown this once:`,
  );
  console.log(secret);
}

function lineOf(key: ApiKey): string {
  const until = new Date(key.expiresAt).toISOString().slice(0, 10);
  const from = key.networks.length > 0 ? `  from ${key.networks.join(",")}` : "";
  return `${key.client.padEnd(20)}${stateOf(key).padEnd(9)}until ${until}  ${key.purposes.join(",")}${from}`;
}

function stateOf(key: Pick<ApiKey, "expiresAt" | "revokedAt">): string {
  return whyOver(key, Date.now()) ?? "good";
}

const purposes = list(oneOf(STARTABLE), `one or more of ${STARTABLE.join(", ")}`);

function backendName(text: string): string {
  if (BACKEND_NAME.test(text)) return text;
  throw new InvalidArgumentError("It must be 2 to 63 of a-z, 0-9 and -, beginning with a letter.");
}

function sends(text: string): ApiKey["sends"] {
  const windows = as(limit)(text);
  if (windows.every(({ windowMs }) => windowMs <= LONGEST_BACKEND_MS)) return windows;
  throw new InvalidArgumentError("Its windows must be 24 hours at most.");
}

function inCurrency(currency: string, spending: Amount): number {
  if (spending.currency === currency) return spending.micros;
  throw new Error(`SMS_PRICES is in ${currency}: name the budgets of keys in it, too`);
}

/** Reads an option as a setting is read. */
function as<T>(format: Format<T>): (text: string) => T {
  return (text) => {
    const parsed = format.read(text);
    if (parsed.ok) return parsed.value;
    const { problem } = parsed;
    throw new InvalidArgumentError(problem.startsWith("entry ") ? `Its ${problem}.` : `It ${problem}.`);
  };
}
