import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "../ports.ts";

/** A MariaDB server of the tests' own: own data, own socket, own port, nothing of the system's. Its root has no password. */
export interface MariadbServer {
  readonly port: number;
  readonly socketPath: string;
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port and the same data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * Written for every commit and left to the system to sync: survives `kill -9`, and is quick. Half of a migration's time the
 * disk would be waited for: each table that is made or changed is synced by itself.
 */
const UNSYNCED = ["--innodb-flush-log-at-trx-commit=2", "--debug-no-sync"];

/**
 * @param program the path of `mariadbd`
 * @param more further options of the server, in place of those that have it never wait for the disk
 */
export async function startMariadb(
  program: string,
  more: readonly string[] = UNSYNCED,
): Promise<MariadbServer> {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-mariadb-"));
  const port = await freePort();
  const socketPath = join(folder, "s.sock");
  install(program, folder);
  let child = await spawnMariadb(program, { folder, port, socketPath, more });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return {
    port,
    socketPath,
    kill,
    async restart() {
      await kill();
      child = await spawnMariadb(program, { folder, port, socketPath, more });
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server refuses to run as root unless it is told to. */
const USER = `--user=${userInfo().username}`;

function install(program: string, folder: string): void {
  const installer = join(dirname(program), "../bin/mariadb-install-db");
  const args = [
    `--datadir=${join(folder, "data")}`,
    // As below: another server that starts now would remove what the installation keeps in a folder that they share.
    `--tmpdir=${folder}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ];
  execFileSync(installer, ["--no-defaults", ...args, USER], { stdio: "pipe" });
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly socketPath: string;
  readonly more: readonly string[];
}

async function spawnMariadb(
  program: string,
  { folder, port, socketPath, more }: Place,
): Promise<ChildProcess> {
  const log = join(folder, "error.log");
  const args = [
    "--no-defaults",
    USER,
    `--datadir=${join(folder, "data")}`,
    `--socket=${socketPath}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    // At its start a server removes what other servers have in a folder for temporary tables that they share.
    `--tmpdir=${folder}`,
    `--pid-file=${join(folder, "pid")}`,
    `--log-error=${log}`,
    "--innodb-buffer-pool-size=128M",
    "--max-connections=400",
    "--skip-name-resolve",
    ...more,
  ];
  const child = spawn(program, args, { stdio: "ignore" });
  const deadline = Date.now() + 30_000;
  while (!isReady(log, child.pid)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`MariaDB did not start: ${textOf(log).slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

/** The log goes on after a restart: what counts is what this process wrote. */
function isReady(log: string, pid: number | undefined): boolean {
  const own = textOf(log).split(`as process ${pid}`)[1];
  return own?.includes("ready for connections") ?? false;
}

function textOf(log: string): string {
  try {
    return readFileSync(log, "utf8");
  } catch {
    return "";
  }
}
