import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { buildScf, PACKAGE } from "./build-scf.js";
import { ROOT } from "./lib/run.js";

/** Each is measured in turns, so that what else the machine does befalls all alike. */
const ROUNDS = 10;
const SECRET = "q7Yl0VnJmTzE3wKxB1sRdUoPcA9gHfI2";
/** A database that is not there, where none is named: what is measured first needs none. */
const { DATABASE_URL, STATE_URL } = process.env;
const SETTINGS = {
  NODE_ENV: "development",
  PHONEKEY_SECRETS: SECRET,
  DATABASE_URL: DATABASE_URL ?? "mysql://root@127.0.0.1:1/none",
  ...(STATE_URL && { STATE_URL }),
};
/** Where the benchmark's peers are installed, if they are. */
const PEERS = join(ROOT, "bench/peers");

/** What is measured, by its name: each resolves with milliseconds. */
function timings(folder) {
  const timings = {
    "empty Node.js": () => runFor(["-e", ""], folder),
    "event function: `index.js` loaded": () => runFor(["-e", 'require("./index.js")'], folder),
    "web function: first answer, `/healthz`": () => firstAnswer(folder, "/healthz"),
  };
  if (DATABASE_URL)
    timings["web function: first answer that needs the stores, `/readyz`"] = () =>
      firstAnswer(folder, "/readyz");
  if (existsSync(join(PEERS, "node_modules/tencentcloud-sdk-nodejs")))
    timings["the demo: whole SDK of Tencent Cloud loaded"] = () =>
      runFor(["-e", 'require("tencentcloud-sdk-nodejs")'], PEERS);
  return timings;
}

/** Prints the package's size, and how long its entries take to load and to answer for the first time. */
async function measure() {
  if (!(await buildScf())) return false;
  const folder = mkdtempSync(join(tmpdir(), "phonekey-measure-"));
  try {
    unpack(folder);
    const all = Object.entries(timings(folder)).map(([name, time]) => ({ name, time, times: [] }));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { time, times } of all) times.push(await time());
    }
    for (const { name, times } of all) console.log(`| ${name} | ${spread(times)} |`);
    console.log(`| size of the package | ${(statSync(PACKAGE).size / 1e6).toFixed(2)} MB |`);
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
async function firstAnswer(folder, path) {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(join(folder, "scf_bootstrap"), {
    env: { PATH: process.env.PATH, ...SETTINGS, PORT: String(port), LOG_LEVEL: "silent" },
    stdio: "ignore",
  });
  while (!(await isListening(port)));
  const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
  const ms = performance.now() - startedAt;
  child.kill("SIGKILL");
  if (status !== 200) throw new Error(`${path} was answered with ${status}`);
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
