import { execFile } from "node:child_process";
import { relative } from "node:path";
import { promisify } from "node:util";
import { rolldown } from "rolldown";
import { beforeAll, expect, test } from "vitest";
import config from "../../../rolldown.config.ts";

/** Loads the late files, or not; then each of these, with all descriptors taken: also those that come free in a moment. */
const script = (before: string, files: readonly string[]) => `
import { openSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { loadNow } from "./dist/server.js";
${before};
async function takeDescriptors() {
  let last;
  try {
    for (;;) last = openSync("/dev/null");
  } catch {}
  if (last === undefined) return;
  await setTimeout(10);
  await takeDescriptors();
}
for (const file of ${JSON.stringify(files)}) {
  await takeDescriptors();
  await import(file).then(() => console.log("loaded"), () => console.log("failed"));
}
`;

async function load(before: string, files: readonly string[]): Promise<readonly string[]> {
  const command = `ulimit -n 1000 && exec "${process.execPath}" --input-type=module -e "$SCRIPT"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", command], {
    env: { ...process.env, SCRIPT: script(before, files) },
  });
  return stdout.trim().split("\n");
}

/** By each module that is imported late, the file of the build that it is loaded from. */
let late: ReadonlyMap<string, string>;

beforeAll(async () => {
  const build = await rolldown({ ...config, logLevel: "silent" });
  const { output } = await build.generate(config.output);
  await build.close();
  late = new Map(
    output.flatMap((file) =>
      file.type === "chunk" && file.isDynamicEntry && file.facadeModuleId
        ? [[relative(".", file.facadeModuleId), `./dist/${file.fileName}`]]
        : [],
    ),
  );
});

/** Loaded before a server listens, with the stores of its settings. */
const STORES = /^src\/adapters\/(redis|sql)\/|\/mysql2\//;

/** Much memory, for what few are asked for: loaded when somebody is. */
const HEAVY = /@simplewebauthn\/|@zxcvbn-ts\//;

test("what a server loads when somebody first needs it is no file of the build, which another version's takes away", () => {
  expect([...late.keys()].filter((module) => HEAVY.test(module))).toEqual([]);
});

const settings = (senders: string, kind: string) =>
  JSON.stringify({ senders: senders.split(",").map((name) => ({ name })), challenges: { kind } });

test.each([
  ["console", "altcha", /tencent/],
  ["webhook,tencent", "off", /altcha|-common\//],
  ["console", "tencent", /altcha|-sms\//],
])(
  "a server (%s, %s) that has no descriptor left has what it needs all the same, since it loaded that before it listened",
  async (senders, kind, unneeded) => {
    const isLater = (module: string) => [STORES, unneeded].some((pattern) => pattern.test(module));
    const modules = [...late.keys()].filter((module) => !isLater(module));
    // By the same name in each version: a server that runs looks for it even once it has loaded it.
    expect(late.get("src/http/api/operations/meta.ts")).toBe("./dist/http-api-operations-meta.js");
    const files = modules.map((module) => late.get(module) ?? "");
    const all = (outcome: string) => files.map(() => outcome);
    expect(await load(`await loadNow(${settings(senders, kind)})`, files)).toEqual(all("loaded"));
    expect(await load("void loadNow", files)).toEqual(all("failed"));
  },
);
