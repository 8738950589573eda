import { Command, InvalidArgumentError } from "commander";
import { transferTools } from "../../compose/tools/transfer.ts";
import { counted } from "../../core/counted.ts";
import { createOutput, type OutputFile, openInput, standardOutput } from "../files.ts";
import { type Interrupt, onInterrupt } from "../interrupt.ts";
import { createProgress } from "../progress.ts";
import { settings } from "../settings.ts";
import { withTools } from "../tools.ts";
import { eraseCommand, exportOne, signOutCommand } from "./accounts.ts";
import { inviteCommand } from "./invite.ts";
import { runImport } from "./transfers.ts";

export function usersCommand(): Command {
  return new Command("users")
    .description(
      "Import and export users, invite people, hand out everything about one person, sign them out, or erase them.",
    )
    .addHelpText("after", "\nExample:\n  phonekey users export --file users.ndjson")
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(signOutCommand())
    .addCommand(eraseCommand())
    .addCommand(inviteCommand());
}

interface ExportOptions {
  readonly file?: string;
  readonly json?: boolean;
  readonly user?: string;
}

function exportCommand(): Command {
  return new Command("export")
    .description(
      "Write all users as newline-delimited JSON, or everything about one person. Holds full phone numbers.",
    )
    .option(
      "--user <user>",
      "only this user, by id or phone number: everything that is kept about them, as JSON",
    )
    .option("--file <path>", "a new file that only you may read (default: standard output)", fileName)
    .option("--json", "print the summary as JSON (on standard error without --file)")
    .addHelpText(
      "after",
      "\nExamples:\n  phonekey users export --file users.ndjson" +
        "\n  phonekey users export --user 019a1b2c-0000-7000-8000-000000000000 --file person.json",
    )
    .action((options: ExportOptions) =>
      options.user === undefined ? exportTo(options) : exportOne(options.user, options.file),
    );
}

/** An empty path, as from an empty shell variable, must not print full numbers on the terminal. */
function fileName(path: string): string {
  if (path === "") throw new InvalidArgumentError("It is empty.");
  if (path === "-") throw new InvalidArgumentError("Leave --file out for standard output.");
  return path;
}

async function exportTo({ file, json = false }: ExportOptions): Promise<void> {
  const say = file ? console.log : console.error;
  console.error("This export holds full phone numbers: guard it like the database.");
  const config = settings();
  const interrupt = onInterrupt();
  const { exported, unreadable, interrupted } = await withTools(transferTools(config), async (tools) => {
    const total = process.stderr.isTTY ? await tools.countUsers() : 0;
    const output = file ? await createOutput(file) : standardOutput();
    return await writeAll(tools.exportUsers(), output, { total, interrupt });
  }).finally(interrupt.forget);
  if (json) say(JSON.stringify({ exported, unreadable, interrupted }));
  else if (interrupted)
    say(`Interrupted after ${counted(exported, "user")}.${file ? " No file is left." : ""}`);
  else say(`Exported ${counted(exported, "user")}.`);
  if (interrupted || unreadable > 0) process.exitCode = 1;
}

interface Exported {
  readonly exported: number;
  readonly unreadable: number;
  readonly interrupted: boolean;
}

type Pages = AsyncIterable<{ readonly lines: readonly string[]; readonly unreadable: readonly string[] }>;

async function writeAll(
  pages: Pages,
  output: OutputFile,
  { total, interrupt }: { readonly total: number; readonly interrupt: Interrupt },
): Promise<Exported> {
  const progress = createProgress("users");
  let [exported, unreadable] = [0, 0];
  try {
    for await (const page of pages) {
      if (interrupt.isAsked()) break;
      await output.write(page.lines.join(""));
      exported += page.lines.length;
      unreadable += page.unreadable.length;
      if (page.unreadable.length > 0) progress.clear();
      for (const id of page.unreadable)
        console.error(`user ${id}: left out: it has no phone number, or its number cannot be decrypted`);
      progress.show(exported, total > 0 ? exported / total : undefined);
    }
    const interrupted = interrupt.isAsked();
    await (interrupted ? output.abandon() : output.finish());
    return { exported, unreadable, interrupted };
  } catch (error) {
    await output.abandon();
    throw error;
  } finally {
    progress.clear();
  }
}

function importCommand(): Command {
  return new Command("import")
    .description("Import users from newline-delimited JSON, as `phonekey users export` writes it.")
    .argument("<file>", "the file, or - for standard input")
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nUsers who already exist are neither merged nor changed. Safe to interrupt: run it again and it continues." +
        "\n\nExamples:\n  phonekey users import users.ndjson\n  phonekey users import - < users.ndjson",
    )
    .action(async (path: string, { json = false }: { json?: boolean }) => {
      const input = await openInput(path);
      await withTools(transferTools(settings()), (tools) =>
        runImport((watch) => tools.importUsers(input.chunks, watch), { json, share: input.share }),
      );
    });
}
