import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Loads what is loaded late, or not; then takes all descriptors, and loads the pages. */
const script = (before: string) => `
import { openSync } from "node:fs";
import { loadNow } from "./dist/http/lazy.js";
${before};
try {
  for (;;) openSync("/dev/null");
} catch {}
await import("./dist/http/pages/index.js").then(() => console.log("loaded"), (error) => console.log(error.code));
`;

async function loads(before: string): Promise<string> {
  const command = `ulimit -n 1000 && exec "${process.execPath}" --input-type=module -e "$SCRIPT"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", command], {
    env: { ...process.env, SCRIPT: script(before) },
  });
  return stdout.trim();
}

test("a server that has no descriptor left has its pages all the same, since it loaded them before it listened", async () => {
  expect(await loads("await loadNow()")).toBe("loaded");
  expect(await loads("void loadNow")).toBe("EMFILE");
});
