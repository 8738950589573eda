import { spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder, absolute. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The argument list that runs an installed package's program with this Node.js: works on every system,
 * where the links in `node_modules/.bin` are shell scripts on some.
 */
export function program(packageName, ...args) {
  const folder = join(ROOT, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = typeof bin === "string" ? bin : (bin[packageName.split("/").at(-1)] ?? Object.values(bin)[0]);
  return [process.execPath, join(folder, file), ...args];
}

/** Runs a command that speaks for itself on this terminal; resolves with its exit code, 1 if it was killed or never ran. */
export function run([file, ...args], { env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    child.once("error", (error) => {
      console.error(`${file}: ${error.message}`);
      resolve(1);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** Runs a command and keeps what it says: resolves with `{code, output}`, both streams in one text. */
export function capture([file, ...args], { env = {} } = {}) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(file, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.once("error", (error) => resolve({ code: 1, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Whether the module with this `import.meta.url` is the one that Node.js was started with. */
export function isMain(url) {
  const started = process.argv[1];
  return started !== undefined && fileURLToPath(url) === realpathSync(started);
}
