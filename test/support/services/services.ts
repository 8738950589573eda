import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";
import { startMariadb } from "./mariadb.ts";

/** Where the tests find the MariaDB that this run started. */
export interface MariadbAddress {
  readonly program: string;
  readonly port: number;
  readonly socketPath: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Absent with `SKIP_SERVICES=1` if there is no MariaDB. */
    mariadb: MariadbAddress | undefined;
  }
}

/** Starts once for each run what the tests share, and ends it afterwards. */
export default async function setup(project: TestProject) {
  const program = findMariadb();
  if (program === undefined) {
    if (process.env.SKIP_SERVICES !== "1") {
      throw new Error(
        "MariaDB is missing (Debian and Ubuntu: apt-get install mariadb-server); or set SKIP_SERVICES=1",
      );
    }
    console.warn("\nSKIPPED: all tests on MariaDB, because it is missing and SKIP_SERVICES=1 is set.\n");
    project.provide("mariadb", undefined);
    return;
  }
  const server = await startMariadb(program);
  project.provide("mariadb", { program, port: server.port, socketPath: server.socketPath });
  return () => server.stop();
}

function findMariadb(): string | undefined {
  const named = process.env.MARIADBD_PATH;
  if (named) return isExecutable(named) ? named : undefined;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return ["mariadbd", "mysqld"]
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
