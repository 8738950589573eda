import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { FREELY } from "../process/client.ts";
import { databaseFile, rowsOf } from "../process/database.ts";
import { startServer, workingFolder } from "../support/server.ts";
import { breakUnderLoad, isLong } from "./run.ts";
import { type Ground, knownToDatabase } from "./stage.ts";

const LASTS_MS = isLong ? 8_000 : 1_500;
const DISK = "12m";

/** One process on a SQLite file in this folder. */
async function startGround(folder: string): Promise<Ground> {
  const server = await startServer({ folder, env: { ...FREELY, LOG_LEVEL: "warn" } });
  const rows: Ground["rows"] = async (sql, ...values) => rowsOf(folder, sql, ...values);
  return {
    servers: [server],
    attacked: new Set(),
    redisLostAt: 0,
    rows,
    known: (ids) => knownToDatabase(rows, ids),
  };
}

async function stop({ servers }: Ground): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

/** A disk of the test's own, if this user may mount one. */
function mountDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

/** Writes until nothing more fits on the disk. */
function fillUp(file: string): void {
  for (const bytes of [2 ** 20, 2 ** 12]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // Full for pieces of this size.
    }
  }
}

describe("promises hold under load on SQLite:", () => {
  let disk: string | undefined;
  beforeAll(() => {
    disk = mountDisk();
  });
  afterAll(() => {
    if (!disk) return;
    // Lazily, since after a failed test its process is still there.
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true });
  });

  test("the disk is full", async (context) => {
    if (!disk) return context.skip("this user may not mount a disk");
    const ground = await startGround(disk);
    const filler = join(disk, "filler");
    await breakUnderLoad(ground, "SQLite", {
      name: "Disk full",
      strike: () => fillUp(filler),
      lastsMs: LASTS_MS,
      heal: () => rmSync(filler),
      isFelt: true,
    });
    await stop(ground);
  });

  test.runIf(spawnSync("prlimit", ["--version"]).status === 0)("its files may not grow", async () => {
    const ground = await startGround(workingFolder());
    const [server] = ground.servers;
    const allow = (bytes: string) => {
      execFileSync("prlimit", ["--pid", String(server?.pid), `--fsize=${bytes}:unlimited`]);
    };
    await breakUnderLoad(ground, "SQLite", {
      name: "Files may not grow (RLIMIT_FSIZE)",
      strike: () => allow(String(statSync(`${databaseFile(server?.folder ?? "")}-wal`).size)),
      lastsMs: LASTS_MS,
      heal: () => allow("unlimited"),
      isFelt: true,
    });
    await stop(ground);
  });
});
