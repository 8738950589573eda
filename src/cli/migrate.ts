import { Command } from "commander";
import { migrateDatabase } from "../compose.ts";
import { createProgress } from "./progress.ts";
import { settings } from "./settings.ts";

export function migrateCommand(): Command {
  return new Command("migrate")
    .description("Bring the database up to date. A SQLite file is copied first.")
    .option(
      "--contract",
      "also remove what only the previous version uses; run it once no process of that version is left",
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  phonekey migrate")
    .action(async (options: { json?: boolean; contract?: boolean }) => {
      const progress = createProgress("migrations");
      const { applied, backup } = await migrateDatabase(settings({ makesSecret: true }), {
        contract: options.contract === true,
        onApplied: (done, of) => progress.show(done, done / of),
      }).finally(() => progress.clear());
      if (options.json) console.log(JSON.stringify({ applied, backup }));
      else console.log(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "Nothing to do.");
      if (backup && !options.json) console.log(`The database was copied to ${backup} before.`);
    });
}
