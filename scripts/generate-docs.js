// Writes docs/configuration.md and docs/errors.md from the built code; run `npm run build` first.
// With --check it writes nothing and exits 1 when a file is not what the code says.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generatedDocs } from "../dist/docs.js";

const check = process.argv.includes("--check");

for (const { path, text } of generatedDocs()) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!check) writeFileSync(file, text);
  else if (read(file) !== text) {
    console.error(`${path} is out of date; run: npm run build && npm run docs`);
    process.exitCode = 1;
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
