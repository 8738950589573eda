import { Command } from "commander";
import { migrateDatabase } from "../compose.ts";
import { settings } from "./settings.ts";

export function migrateCommand(): Command {
  return new Command("migrate")
    .description("Bring the database up to date. A SQLite file is copied first.")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  phonekey migrate")
    .action(async (options: { json?: boolean }) => {
      const { applied, backup } = await migrateDatabase(settings());
      if (options.json) console.log(JSON.stringify({ applied, backup }));
      else console.log(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "Nothing to do.");
      if (backup && !options.json) console.log(`The database was copied to ${backup} before.`);
    });
}
