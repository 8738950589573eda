// A stand-in for Tencent Cloud's SMS API on this machine: `npm run tencent-stub`, or with `-- --help`.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { ROOT } from "./lib/run.js";

const USE =
  "npm run tencent-stub -- [--port 9020] [--callback http://localhost:8080/callbacks/tencent/SECRET/status]";
const OPTIONS = {
  port: { type: "string", default: "9020" },
  callback: { type: "string" },
  help: { type: "boolean", default: false },
};

async function main() {
  const values = read();
  if (!values) return 2;
  if (values.help) {
    console.log(USE);
    return 0;
  }
  try {
    await run(values);
    return 0;
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    console.error(`another program listens on port ${values.port}; name a free one with --port`);
    return 1;
  }
}

/** The options, or undefined after saying what is wrong with them. */
function read() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const { port, callback } = values;
    if (!/^\d+$/.test(port) || port > 65_535) throw new Error("--port is a number from 0 to 65535");
    if (callback !== undefined && !URL.canParse(callback)) throw new Error("--callback is an address");
    return values;
  } catch (error) {
    console.error(`error: ${error.message}\n\nUsage: ${USE}`);
    return undefined;
  }
}

/** The stand-in is one of the tests' and written in TypeScript. */
async function run({ port, callback }) {
  const path = join(ROOT, "test/support/tencent/stub.ts");
  const { module } = await runnerImport(path, { configFile: false, logLevel: "error" });
  const stub = await module.startStub({ port: Number(port), callback, say: (text) => console.log(text) });
  console.log(greeting(stub.environment));
  createInterface({ input: process.stdin }).on("line", (line) => {
    if (line.trim()) stub.obey(line.trim());
  });
}

function greeting(environment) {
  const lines = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
  return [
    "A stand-in for Tencent Cloud is running. In another terminal:",
    "",
    ...lines,
    "  npm start",
    "",
    "Messages appear here. Type a code of the API, such as FailedOperation.PhoneNumberInBlacklist, and the next message",
    "is refused with it; hang, cut, down and garbage are what can happen on the way.",
    "",
  ].join("\n");
}

process.exitCode = await main();
