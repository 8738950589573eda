import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Command } from "commander";
import { loadNow, serverOf } from "../../compose/server.ts";
import { assertMigrated, type Composed, compose, migrateDatabase } from "../../compose.ts";
import type { Config } from "../../config.ts";
import { settings } from "../settings.ts";
import { listen } from "./listening.ts";
import { prepareStop } from "./stopping.ts";
import { startTicking } from "./ticking.ts";

export function serveCommand(): Command {
  return new Command("serve")
    .description("Start the server.")
    .addHelpText("after", "\nExample:\n  PORT=3000 phonekey serve")
    .action(() => serve(settings({ makesSecret: true })));
}

/** Starts the server and runs until it is told to stop. */
async function serve(config: Config): Promise<void> {
  await Promise.all([prepareDatabase(config), loadNow(config)]);
  const composed = await compose(config);
  const server = serverOf(composed);
  const stop = prepareStop(server);
  try {
    await listen(server, config.server);
  } catch (error) {
    // Parts that stay open would keep a process alive that failed to start.
    await composed.close();
    throw error;
  }
  announce(config, composed, (server.address() as AddressInfo).port);
  const ticking = startTicking(composed);
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  await Promise.all([ticking.stop(), stop()]);
  await composed.close();
}

/** Outside production the program migrates the schema itself. In production an operator decides when. */
async function prepareDatabase(config: Config): Promise<void> {
  if (config.mode === "development") {
    await migrateDatabase(config);
    return;
  }
  await assertMigrated(config);
}

function announce(config: Config, composed: Composed, port: number): void {
  const origin = config.server.publicUrl ?? `http://localhost:${port}`;
  const lines = [`Phonekey is running (${config.mode}).`, "", `  Sign-in page       ${origin}/sign-in`];
  if (composed.hasInbox) lines.push(`  Development inbox  ${`http://localhost:${port}`}/dev/inbox`);
  lines.push(`  API documents      ${origin}/docs`, "");
  console.log(lines.join("\n"));
}
