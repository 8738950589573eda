import { Command } from "commander";
import { apiKeyTools } from "../compose/tools/api-keys.ts";
import { transferTools } from "../compose/tools/transfer.ts";
import type { Config } from "../config.ts";
import { whyOver } from "../core/backend/api-key.ts";
import { counted } from "../core/counted.ts";
import type { RestoredCounts } from "../core/maintenance/restored.ts";
import { openInput } from "./files.ts";
import { createProgress } from "./progress.ts";
import { settings } from "./settings.ts";
import { printSteps } from "./steps.ts";
import { withTools } from "./tools.ts";

interface RestoredOptions {
  readonly erasures?: string;
  readonly endApiKeys?: boolean;
  readonly json?: boolean;
}

export function restoredCommand(): Command {
  return new Command("restored")
    .description("Run once after a backup was restored, before the servers start.")
    .option(
      "--erasures <file>",
      "ids of users who were erased since the backup, one per line, or what `users erase --json` printed",
    )
    .option(
      "--end-api-keys",
      "also end the API keys of all backends: one that was revoked since the backup is valid again",
    )
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nEnds all sessions, makes all devices unknown, takes back changes of number that wait, and for 30 days counts the" +
        "\nwrong guesses of every phone as used up, so codes get longer. Safe to interrupt and to repeat.\n\nExample:\n  phonekey restored --erasures erased.txt",
    )
    .action((options: RestoredOptions) => putRight(options));
}

async function putRight({ erasures, endApiKeys = false, json = false }: RestoredOptions): Promise<void> {
  const chunks = erasures === undefined ? none() : (await openInput(erasures)).chunks;
  const config = settings();
  const done = {};
  const steps = async () => {
    const counts = await putUsersRight(config, chunks);
    Object.assign(done, counts);
    if (counts.unreadable > 0) process.exitCode = 1;
    if (!json) tellCounts(counts);
    await putKeysRight(config, endApiKeys, (backends) => {
      Object.assign(done, { backends, endedApiKeys: endApiKeys });
      if (!json && backends.length > 0) console.log(keysLine(backends, endApiKeys));
    });
  };
  await (json ? printSteps(done, steps()) : steps());
}

async function putUsersRight(config: Config, erasures: AsyncIterable<Uint8Array>): Promise<RestoredCounts> {
  const progress = createProgress("sessions");
  return await withTools(transferTools(config), (tools) =>
    tools.afterRestore(erasures, (count) => progress.show(count)),
  ).finally(() => progress.clear());
}

function tellCounts({ sessions, phoneChanges, erased, unknown, unreadable }: RestoredCounts): void {
  console.log(
    `Ended ${counted(sessions, "session")} and took back ${counted(phoneChanges, "change of number", "changes of number")}. ` +
      `Erased ${counted(erased, "user")} again; ${counted(unknown, "id of the list was", "ids of the list were")} not found.`,
  );
  if (unreadable > 0)
    console.error(
      `${counted(unreadable, "line of the list has", "lines of the list have")} no id, so nobody was erased there.`,
    );
}

/**
 * Tells the backends whose keys are valid, or were until this ended them. Tells those that were ended also if a later one
 * fails, because a second run does not find them again.
 */
async function putKeysRight(
  config: Config,
  ends: boolean,
  tell: (backends: readonly string[]) => void,
): Promise<void> {
  await withTools(apiKeyTools(config), async (tools) => {
    const good = (await tools.list()).filter((key) => !whyOver(key, Date.now()));
    const backends = [...new Set(good.map(({ client }) => client))];
    if (!ends) return tell(backends);
    const ended: string[] = [];
    try {
      for (const client of backends) {
        await tools.revoke(client);
        ended.push(client);
      }
    } finally {
      tell(ended);
    }
  });
}

function keysLine(backends: readonly string[], isEnded: boolean): string {
  const names = backends.join(", ");
  if (isEnded) return `Ended the API keys of ${names}: make new ones with \`phonekey keys api create\`.`;
  return `The API keys of ${names} are valid, even those that were revoked since the backup: revoke or rotate them.`;
}

async function* none(): AsyncGenerator<Uint8Array> {}
