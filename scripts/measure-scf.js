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

const EMPTY = "empty Node.js";
const EVENT = "event function: `index.js` loaded";
const DEMO = "the demo: whole SDK of Tencent Cloud loaded";
/** Ends as soon as the answer is there, whatever is still open. */
const FIRST_EVENT = `require("./index.js").main_handler({ httpMethod: "GET", path: "/healthz" })
  .then(({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))`;

/** What is measured, by its name: each resolves with milliseconds. */
function timings(folder) {
  const timings = {
    [EMPTY]: () => runFor(["-e", ""], folder),
    [EVENT]: () => runFor(["-e", 'require("./index.js")'], folder),
    "event function: first answer, `/healthz`": () => runFor(["-e", FIRST_EVENT], folder),
    "web function: first answer, `/healthz`": () => firstAnswer(folder, "/healthz"),
  };
  if (DATABASE_URL)
    timings["web function: first answer that needs the stores, `/readyz`"] = () =>
      firstAnswer(folder, "/readyz");
  if (existsSync(join(PEERS, "node_modules/tencentcloud-sdk-nodejs")))
    timings[DEMO] = () => runFor(["-e", 'require("tencentcloud-sdk-nodejs")'], PEERS);
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
    print(new Map(all.map(({ name, times }) => [name, times])));
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each with what it takes beyond an empty start, round by round: what else the machine did befell both. */
function print(times) {
  const beyond = (own) => own.map((ms, round) => ms - times.get(EMPTY)[round]);
  for (const [name, own] of times)
    console.log(`| ${name} | ${spread(own)} | ${name === EMPTY ? "" : spread(beyond(own))} |`);
  const demo = times.has(DEMO) && beyond(times.get(DEMO));
  const share = demo && beyond(times.get(EVENT)).map((ms, round) => ms / demo[round]);
  if (share) console.log(`| the event function's loading, to the demo's | | ${median(share).toFixed(2)} |`);
  console.log(`| size of the package | ${(statSync(PACKAGE).size / 1e6).toFixed(2)} MB | |`);
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
  const { status } = spawnSync(process.execPath, args, { cwd, env: { PATH: process.env.PATH, ...SETTINGS } });
  if (status !== 0) throw new Error(`${args[1]} ended with ${status}`);
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
  return `${Math.round(median(all))} ms (${Math.round(Math.min(...all))} to ${Math.round(Math.max(...all))})`;
}

function median(all) {
  return all.toSorted((a, b) => a - b)[Math.floor((all.length - 1) / 2)];
}

process.exitCode = (await measure()) ? 0 : 1;
