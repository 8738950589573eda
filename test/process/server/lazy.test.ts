import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Loads what is loaded late, or not; then takes all descriptors, and loads these modules. */
const script = (before: string, modules: readonly string[]) => `
import { openSync } from "node:fs";
import { loadNow } from "./dist/compose/server.js";
${before};
try {
  for (;;) openSync("/dev/null");
} catch {}
for (const name of ${JSON.stringify(modules)})
  await import(name).then(() => console.log("loaded"), () => console.log("failed"));
`;

async function load(before: string, modules: readonly string[]): Promise<readonly string[]> {
  const command = `ulimit -n 1000 && exec "${process.execPath}" --input-type=module -e "$SCRIPT"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", command], {
    env: { ...process.env, SCRIPT: script(before, modules) },
  });
  return stdout.trim().split("\n");
}

/** What the server's handlers import when they are first asked. */
const ofHandlers = readdirSync("src/http", { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file))
  .flatMap((file) => {
    const imports = readFileSync(join("src/http", file), "utf8").matchAll(/(?<!typeof )import\("(.+?)"\)/g);
    const built = (name: string) => `./${join("dist/http", dirname(file), name.replace(/tsx?$/, "js"))}`;
    return [...imports].map(([, name = ""]) => (name.startsWith(".") ? built(name) : name));
  });

const settings = (senders: string, kind: string) =>
  JSON.stringify({ senders: senders.split(","), challenges: { kind } });

test.each([
  ["console", "altcha", ["altcha-lib", "altcha-lib/algorithms/pbkdf2", "prom-client", "qr"]],
  ["webhook,tencent", "off", ["tencentcloud-sdk-nodejs-sms", "./dist/adapters/tencent/connections.js"]],
  ["console", "tencent", ["tencentcloud-sdk-nodejs-common", "./dist/adapters/tencent/connections.js"]],
])(
  "a server (%s, %s) that has no descriptor left has what it needs all the same, since it loaded that before it listened",
  async (senders, kind, libraries) => {
    const modules = [...new Set([...ofHandlers, ...libraries])];
    expect(modules).toContain("./dist/http/api/meta.js");
    const all = (outcome: string) => modules.map(() => outcome);
    expect(await load(`await loadNow(${settings(senders, kind)})`, modules)).toEqual(all("loaded"));
    expect(await load("void loadNow", modules)).toEqual(all("failed"));
  },
);
