import { spawn } from "node:child_process";
import { buildIfStale } from "./build-if-stale.js";
import { program, ROOT } from "./lib/run.js";

if (!(await buildIfStale())) process.exit(1);

const children = [
  program("typescript", "-p", "tsconfig.json", "--watch", "--preserveWatchOutput"),
  program("rolldown", "--config", "--watch", "--logLevel", "warn"),
  program("vite", "build", "--watch", "--logLevel", "warn"),
  [process.execPath, "--watch", "--watch-preserve-output", "dist/cli.js", "serve"],
].map(start);

/**
 * One that ends ends all: a watcher that died unseen would leave the developer with an old program. Each leads a
 * process group, so that what it started in turn ends with it.
 */
function start([file, ...args]) {
  const child = spawn(file, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], detached: true });
  child.once("exit", (code) => stop(code ?? 1));
  return child;
}

function stop(code) {
  process.exitCode ??= code;
  for (const { pid } of children) signalGroup(pid);
}

function signalGroup(pid) {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => stop(0));
