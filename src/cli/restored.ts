import { Command } from "commander";
import { openInput } from "./files.ts";
import { createProgress } from "./progress.ts";
import { withTransferTools } from "./transfers.ts";

interface RestoredOptions {
  readonly erasures?: string;
  readonly json?: boolean;
}

export function restoredCommand(): Command {
  return new Command("restored")
    .description("Put the database right after a backup of it was played back, before the servers start.")
    .option(
      "--erasures <file>",
      "ids of users who were erased since the backup, one a line; they are erased again",
    )
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nEnds all sessions, makes all devices strangers, and for 30 days gives codes as if every phone had spent its" +
        "\nwrong guesses. Safe to interrupt and to repeat.\n\nExample:\n  phonekey restored --erasures erased.txt",
    )
    .action((options: RestoredOptions) => putRight(options));
}

async function putRight({ erasures, json = false }: RestoredOptions): Promise<void> {
  const chunks = erasures === undefined ? none() : (await openInput(erasures)).chunks;
  const progress = createProgress("sessions");
  const counts = await withTransferTools((tools) =>
    tools.afterRestore(chunks, (count) => progress.show(count)),
  );
  progress.clear();
  const { sessions, erased, unknown } = counts;
  if (json) console.log(JSON.stringify(counts));
  else
    console.log(
      `Ended ${sessions} sessions. Erased ${erased} users again; ${unknown} of the list are not here.`,
    );
}

async function* none(): AsyncGenerator<Uint8Array> {}
