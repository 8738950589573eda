import { Command } from "commander";
import { openSmsLogin, transferTools } from "../../compose/tools/transfer.ts";
import { mysqlUrl } from "../../config/formats/database-url.ts";
import { settings } from "../settings.ts";
import { withTools } from "../tools.ts";
import { runImport } from "./transfers.ts";

export function importCommand(): Command {
  return new Command("import")
    .description("Import users from another system's database.")
    .addHelpText(
      "after",
      "\nExample:\n  phonekey import smslogin --database mysql://reader:secret@10.0.0.5/demo",
    )
    .addCommand(smsLoginCommand());
}

interface SmsLoginOptions {
  readonly database: string;
  readonly table: string;
  readonly json?: boolean;
}

function smsLoginCommand(): Command {
  return new Command("smslogin")
    .description("Import the users of the tutorial's demo (qcloudsms/smsLogin) from its table.")
    .requiredOption(
      "--database <url>",
      "the demo's database, mysql://user:password@host/name; it is only read",
    )
    .option("--table <name>", "its table", "info")
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nUsers keep their userId. Nobody is merged: if several users have one phone, the lowest userId wins, the rest" +
        "\nare reported. Safe to interrupt: run it again and it continues." +
        "\n\nExample:\n  phonekey import smslogin --database mysql://reader:secret@10.0.0.5/demo",
    )
    .action(async ({ database, table, json = false }: SmsLoginOptions, command: Command) => {
      // Not used as the option's parser, whose error would show the password.
      const server = mysqlUrl.read(database);
      if (!server.ok) command.error(`error: --database ${server.problem}`);
      const source = await openSmsLogin({ server: server.value, table });
      try {
        const total = await source.count();
        await withTools(transferTools(settings()), (tools) =>
          runImport((watch) => tools.importSmsLogin(source, watch), {
            json,
            share: ({ read }) => (total > 0 ? read / total : undefined),
          }),
        );
      } finally {
        source.close();
      }
    });
}
