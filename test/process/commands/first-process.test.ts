import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../support/listen.ts";
import { workingFolder } from "../../support/server.ts";

const PROGRAM = join(import.meta.dirname, "../../../bin/phonekey.js");
/** As in a container. */
const ALONE = ["--pid", "--fork", "--kill-child"];
const isPossible = spawnSync("unshare", [...ALONE, "true"]).status === 0;

/** By its id outside: a signal to `unshare` itself would not be passed on. */
function terminateFirst(container: ChildProcess): void {
  const { pid } = container;
  const first = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
  // If it has ended there is none; 0 would mean this process and its whole group.
  expect(first).toBeGreaterThan(0);
  process.kill(first, "SIGTERM");
}

test.runIf(isPossible)("a command that is the first process of a container ends by a signal", async () => {
  const silent = createServer();
  const port = await listen(silent);
  const container = spawn("unshare", [...ALONE, process.execPath, PROGRAM, "inbox"], {
    cwd: workingFolder(),
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: "ignore",
  });
  onTestFinished(() => void container.kill("SIGKILL"));
  await once(silent, "connection");
  terminateFirst(container);
  expect(await once(container, "close")).toEqual([143, null]);
});

test.runIf(isPossible)("a server that is the first process is stopped by a signal", async () => {
  const container = spawn("unshare", [...ALONE, process.execPath, PROGRAM, "serve"], {
    cwd: workingFolder(),
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void container.kill("SIGKILL"));
  for await (const text of container.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false }))
    if (String(text).includes("Phonekey is running")) break;
  container.stdout.resume();
  terminateFirst(container);
  expect(await once(container, "close")).toEqual([0, null]);
});
