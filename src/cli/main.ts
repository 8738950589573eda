import { Command, CommanderError } from "commander";
import { VERSION } from "../compose.ts";
import { doctorCommand } from "./doctor.ts";
import { describeFailure } from "./failure.ts";
import { lostOutput, watchStandardOutput } from "./files.ts";
import { inboxCommand } from "./inbox.ts";
import { endBySignals } from "./interrupt.ts";
import { keysCommand } from "./keys/keys.ts";
import { messagesCommand } from "./messages.ts";
import { migrateCommand } from "./migrate.ts";
import { numbersCommand } from "./numbers.ts";
import { restoredCommand } from "./restored.ts";
import { serveCommand } from "./serve/serve.ts";
import { tencentCommand } from "./tencent/tencent.ts";
import { tickCommand } from "./tick/tick.ts";
import { importCommand } from "./users/import.ts";
import { usersCommand } from "./users/users.ts";

/** Exit codes: 0 done, 1 failed, 2 wrong use. */
const program = new Command("phonekey")
  .description("Phone sign-in that you run yourself.")
  .version(VERSION)
  .addHelpText("after", "\nExample:\n  phonekey serve")
  .showHelpAfterError()
  .exitOverride()
  .addCommand(serveCommand())
  .addCommand(migrateCommand())
  .addCommand(keysCommand())
  .addCommand(tickCommand())
  .addCommand(doctorCommand())
  .addCommand(usersCommand())
  .addCommand(importCommand())
  .addCommand(restoredCommand())
  .addCommand(inboxCommand())
  .addCommand(messagesCommand())
  .addCommand(numbersCommand())
  .addCommand(tencentCommand());

for (const command of withSubcommands(program)) command.exitOverride().showHelpAfterError();

watchOutput();
endBySignals();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/**
 * A command whose output is lost has failed. `console.log` hides that error, and a stream without a listener throws it.
 */
function watchOutput(): void {
  let lost: unknown;
  watchStandardOutput((error) => {
    lost = error;
  });
  process.stderr.on("error", () => {});
  process.once("exit", () => {
    if (!lost || process.exitCode) return;
    console.error(describeFailure(lostOutput(lost)));
    process.exitCode = 1;
  });
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  console.error(describeFailure(error));
  return 1;
}
