import { execFile } from "node:child_process";
import { relative } from "node:path";
import { promisify } from "node:util";
import { rolldown } from "rolldown";
import { beforeAll, expect, test } from "vitest";
import config from "../../../rolldown.config.ts";

/** Loads the late files, or not; then imports each of these files while all descriptors are taken, also those that come free. */
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

/** For each module that is imported late, the file of the build that it is loaded from. */
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

/** Loaded before a server listens, together with the stores of its settings. */
const STORES = /^src\/adapters\/(redis|sql)\/|\/mysql2\//;

/** Needs much memory and few people use it: loaded when somebody does. */
const HEAVY = /@simplewebauthn\/|@zxcvbn-ts\//;

test("the modules that a server loads on first use are in no file of the build, which another version could remove", () => {
  expect([...late.keys()].filter((module) => HEAVY.test(module))).toEqual([]);
});

const settings = (senders: string, kind: string) =>
  JSON.stringify({ senders: senders.split(",").map((name) => ({ name })), challenges: { kind } });

test.each([
  ["console", "altcha", /tencent/],
  ["webhook,tencent", "off", /altcha|-common\//],
  ["console", "tencent", /altcha|-sms\//],
])(
  "a server (%s, %s) without free descriptors has all modules, since it loads them before it listens",
  async (senders, kind, unneeded) => {
    const isLater = (module: string) => [STORES, unneeded].some((pattern) => pattern.test(module));
    const modules = [...late.keys()].filter((module) => !isLater(module));
    // The same name in each version: a running server looks for it even after it was loaded.
    expect(late.get("src/http/api/operations/meta.ts")).toBe("./dist/http-api-operations-meta.js");
    const files = modules.map((module) => late.get(module) ?? "");
    const all = (outcome: string) => files.map(() => outcome);
    expect(await load(`await loadNow(${settings(senders, kind)})`, files)).toEqual(all("loaded"));
    expect(await load("void loadNow", files)).toEqual(all("failed"));
  },
);
