// A stand-in for Tencent Cloud's SMS API on this machine: `npm run tencent-stub`, or with `-- --help`.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { ROOT } from "./lib/run.js";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9020" },
    callback: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(
    "npm run tencent-stub -- [--port 9020] [--callback http://localhost:8080/callbacks/tencent/SECRET/status]",
  );
} else {
  await run();
}

/** The stand-in is one of the tests' and written in TypeScript. */
async function run() {
  const path = join(ROOT, "test/support/tencent/stub.ts");
  const { module } = await runnerImport(path, { configFile: false, logLevel: "error" });
  const { port, callback } = values;
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
