import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../../test/support/ports.ts";
import type { Installation } from "./installation.ts";

/** A server process on an installation. */
export interface Phonekey {
  readonly url: string;
  stop(): Promise<void>;
}

/** What counts by address or by time would refuse the one caller that all of this comes from. */
const FREELY = {
  LIMIT_ADDRESS_SENDS: "unlimited",
  LIMIT_ADDRESS_CHECKS: "unlimited",
  LIMIT_PHONE_SENDS: "unlimited",
  RESEND_SECONDS: "1",
  LOG_LEVEL: "warn",
};

/** Rejects when it ends before it listens. */
export async function startPhonekey({ server, secret }: Installation): Promise<Phonekey> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-scale-"));
  const port = await freePort();
  const { host, port: databasePort, user, database } = server;
  const child = spawn(process.execPath, [resolve("bin/phonekey.js"), "serve"], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      ...FREELY,
      PORT: String(port),
      DATABASE_URL: `mysql://${user}@${host}:${databasePort}/${database}`,
      PHONEKEY_SECRETS: secret,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await listening(child);
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill("SIGTERM");
      await once(child, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  let printed = "";
  await new Promise<void>((done, failed) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (printed.includes("Phonekey is running")) done();
    });
    child.once("close", () => failed(new Error(`the server did not start: ${printed}`)));
  });
}
