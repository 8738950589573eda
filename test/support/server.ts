import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { assertNoCanary } from "./canaries.ts";
import { freePort } from "./ports.ts";

const BIN = fileURLToPath(new URL("../../bin/phonekey.js", import.meta.url));
const START_MS = 60_000;

export type Variables = Readonly<Record<string, string>>;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Phonekey server in a process of its own. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** Its working folder. */
  readonly folder: string;
  readonly pid: number;
  /** What it printed so far, on both streams. */
  output(): string;
  /** The lines of its log that are errors. */
  faults(): string[];
  /** Resolves once it has ended, however that came. */
  readonly ended: Promise<Ended>;
  /** Sends the signal and waits for the end. Throws when a canary was printed. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Ends it at once, as `kill -9` does. Throws when a canary was printed. */
  kill(): Promise<Ended>;
}

export interface StartOptions {
  readonly env?: Variables;
  /** An existing working folder: the server goes on with the data in it. */
  readonly folder?: string;
  /** A restarted server has to have the same one: it is part of the issuer of its tokens. */
  readonly port?: number;
}

const running = new Set<ChildProcess>();
const folders: string[] = [];

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** An empty folder that is removed after the last test of the file. */
export function workingFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-process-"));
  folders.push(folder);
  return folder;
}

/** Starts `phonekey serve` and resolves once it listens; rejects with what it printed when it ends before. */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const { env = {}, folder = workingFolder(), port = await freePort() } = options;
  const { child, printed, ended } = launch(["serve"], folder, { ...env, PORT: String(port) });
  await listening(child, printed, ended);
  const output = () => printed.stdout + printed.stderr;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const result = await ended;
    assertNoCanary(output());
    return result;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    folder,
    pid: child.pid ?? 0,
    output,
    faults: () => output().split("\n").filter(isFault),
    ended,
    stop: (signal = "SIGTERM") => end(signal),
    kill: () => end("SIGKILL"),
  };
}

/** Runs a command of `phonekey` to its end. */
export async function phonekey(
  args: readonly string[],
  options: Omit<StartOptions, "port"> = {},
): Promise<Ended> {
  return await launch(args, options.folder ?? workingFolder(), options.env ?? {}).ended;
}

let migrated: Promise<string> | undefined;

/** A working folder as `phonekey migrate` leaves it: that runs once for each file, and is copied. */
export async function migratedFolder(): Promise<string> {
  migrated ??= migrate();
  const folder = workingFolder();
  cpSync(await migrated, folder, { recursive: true });
  return folder;
}

async function migrate(): Promise<string> {
  const folder = workingFolder();
  const { code, stderr } = await phonekey(["migrate"], { folder });
  if (code !== 0) throw new Error(stderr);
  return folder;
}

/** A command of `phonekey` that is still running. */
export function startCommand(args: readonly string[], options: Omit<StartOptions, "port"> = {}) {
  const { child, ended } = launch(args, options.folder ?? workingFolder(), options.env ?? {});
  return { ended, kill: (signal: NodeJS.Signals = "SIGKILL") => child.kill(signal) };
}

interface Printed {
  stdout: string;
  stderr: string;
}

/** Starts it with only `PATH` of the environment that the tests run in. */
function launch(args: readonly string[], folder: string, env: Variables) {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const printed: Printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed.stderr += text;
  });
  const ended = once(child, "close").then(([code, signal]): Ended => {
    running.delete(child);
    return { code, signal, ...printed };
  });
  return { child, printed, ended };
}

async function listening(child: ChildProcess, printed: Printed, ended: Promise<Ended>): Promise<void> {
  const deadline = AbortSignal.timeout(START_MS);
  const announced = new Promise<"listens">((resolve) => {
    const look = () => printed.stdout.includes("Phonekey is running") && resolve("listens");
    child.stdout?.on("data", look);
  });
  const late = once(deadline, "abort").then(() => "late" as const);
  const what = await Promise.race([announced, ended, late]);
  if (what === "listens") return;
  child.kill("SIGKILL");
  throw new Error(`the server did not start:\n${printed.stdout}${printed.stderr}`);
}

/** Pino's numbers: 50 is an error. */
function isFault(line: string): boolean {
  return /^\{"level":[56]0,/.test(line);
}
