import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { buildScf, PACKAGE } from "./build-scf.js";

/** Each is measured in turns, so that what else the machine does befalls all alike. */
const ROUNDS = 10;
const SECRET = "q7Yl0VnJmTzE3wKxB1sRdUoPcA9gHfI2";
/** A database that is not there: what is measured needs none. */
const SETTINGS = {
  NODE_ENV: "development",
  PHONEKEY_SECRETS: SECRET,
  DATABASE_URL: "mysql://root@127.0.0.1:1/none",
};

/** Prints the package's size, and how long its entries take to load and to answer for the first time. */
async function measure() {
  if (!(await buildScf())) return false;
  const folder = mkdtempSync(join(tmpdir(), "phonekey-measure-"));
  try {
    unpack(folder);
    const times = { "empty Node.js": [], "index.js loaded": [], "web function, first /healthz": [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      times["empty Node.js"].push(runFor(["-e", ""], folder));
      times["index.js loaded"].push(runFor(["-e", 'require("./index.js")'], folder));
      times["web function, first /healthz"].push(await firstAnswer(folder));
    }
    for (const [name, all] of Object.entries(times)) console.log(`${name}: ${spread(all)}`);
    console.log(`package: ${(statSync(PACKAGE).size / 1e6).toFixed(2)} MB`);
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function unpack(folder) {
  for (const [path, content] of Object.entries(unzipSync(readFileSync(PACKAGE)))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  chmodSync(join(folder, "scf_bootstrap"), 0o755);
}

function runFor(args, cwd) {
  const startedAt = performance.now();
  spawnSync(process.execPath, args, { cwd, env: { PATH: process.env.PATH, ...SETTINGS } });
  return performance.now() - startedAt;
}

/** From the start of the process to the first answer. */
async function firstAnswer(folder) {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(join(folder, "scf_bootstrap"), {
    env: { PATH: process.env.PATH, ...SETTINGS, PORT: String(port), LOG_LEVEL: "silent" },
    stdio: "ignore",
  });
  while (!(await isListening(port)));
  await fetch(`http://127.0.0.1:${port}/healthz`);
  const ms = performance.now() - startedAt;
  child.kill("SIGKILL");
  return ms;
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (isThere) => {
      socket.destroy();
      setTimeout(resolve, isThere ? 0 : 2, isThere);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function spread(all) {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]);
  return `${at(0.5)} ms (${at(0)} to ${at(1)})`;
}

process.exitCode = (await measure()) ? 0 : 1;
