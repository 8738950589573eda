import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Command } from "commander";
import { type Composed, compose, migrateDatabase, pendingMigrations, serverOf } from "../compose.ts";
import type { Config } from "../config.ts";
import { settings } from "./settings.ts";

/** How long requests that are running may take to finish when the server is told to stop. */
const STOP_MS = 10_000;

export function serveCommand(): Command {
  return new Command("serve")
    .description("Start the server.")
    .addHelpText("after", "\nExample:\n  PORT=3000 phonekey serve")
    .action(() => serve(settings()));
}

/** Starts the server and runs until it is told to stop. */
async function serve(config: Config): Promise<void> {
  await prepareDatabase(config);
  const composed = await compose(config);
  const server = serverOf(composed);
  server.listen(config.server.port, config.server.host);
  await once(server, "listening");
  announce(config, composed, (server.address() as AddressInfo).port);
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  await stop(server, composed);
}

/** Outside production the schema follows the program; in production an operator decides when. */
async function prepareDatabase(config: Config): Promise<void> {
  if (config.mode === "development") {
    await migrateDatabase(config);
    return;
  }
  const pending = await pendingMigrations(config);
  if (pending.length > 0) throw new Error("the database is not up to date; run `phonekey migrate` first");
}

function announce(config: Config, composed: Composed, port: number): void {
  const origin = config.server.publicUrl ?? `http://localhost:${port}`;
  const lines = [`Phonekey is running (${config.mode}).`, "", `  Sign-in page       ${origin}/sign-in`];
  if (composed.hasInbox) lines.push(`  Development inbox  ${`http://localhost:${port}`}/dev/inbox`);
  lines.push(`  API documents      ${origin}/docs`, "");
  console.log(lines.join("\n"));
}

/** Takes no new connections, lets running requests finish, and closes the stores last. */
async function stop(server: Server, composed: Composed): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), STOP_MS);
  await closed;
  clearTimeout(cut);
  await composed.close();
}
