import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { freePort } from "../support/ports.ts";
import { unzip } from "../support/zip.ts";

/** The package, which the set-up of the test project built. */
export const PACKAGE = join(import.meta.dirname, "../../dist/phonekey-scf.zip");
const PLATFORM = join(import.meta.dirname, "platform.cjs");
/** Instances run as `nobody` if this process may change its user. */
const USER: SpawnOptions = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const cleanups: (() => void)[] = [];
afterAll(() => {
  for (const cleanUp of cleanups.splice(0).reverse()) cleanUp();
});

/** The package, unpacked where its user cannot write. */
export function unpackedPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-scf-"));
  cleanups.push(() => {
    for (const path of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
      chmodSync(join(folder, path), 0o755);
    }
    rmSync(folder, { recursive: true });
  });
  unzip(readFileSync(PACKAGE), folder);
  return folder;
}

/** Variables of a function, without those of the environment of the tests. */
export type Variables = Readonly<Record<string, string>>;

function start(
  file: string,
  args: readonly string[],
  folder: string,
  env: Variables,
  stdio: SpawnOptions["stdio"],
) {
  const child = spawn(file, args, { cwd: "/", env: { PATH: process.env.PATH, ...env }, ...USER, stdio });
  cleanups.push(() => child.kill("SIGKILL"));
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  return { child, output: () => printed, folder };
}

export interface WebInstance {
  readonly url: string;
  readonly child: ChildProcess;
  output(): string;
}

/** A web function, started by its own bootstrap. Resolves once it listens. */
export async function startWeb(folder: string, env: Variables): Promise<WebInstance> {
  const port = await freePort();
  const { child, output } = start(join(folder, "scf_bootstrap"), [], folder, { ...env, PORT: String(port) }, [
    "ignore",
    "pipe",
    "pipe",
  ]);
  const url = `http://127.0.0.1:${port}`;
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(output());
    await sleep(20);
  }
  return { url, child, output };
}

/** Sends no request, so that nothing is logged. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const isThere = await Promise.race([once(socket, "connect").then(() => true), once(socket, "close")]).catch(
    () => false,
  );
  socket.destroy();
  return isThere === true;
}

interface Told {
  readonly loaded?: readonly string[];
  readonly answer?: unknown;
  readonly context?: Record<string, unknown>;
  readonly thrown?: string;
  readonly drained?: true;
  readonly endedMidAnswer?: true;
}

/** What can be seen of one invocation from outside. */
export interface Invoked {
  readonly answer: unknown;
  readonly thrown: string | undefined;
  readonly context: Record<string, unknown>;
  /** The modules that were loaded by then, as of the instance. */
  readonly loaded: readonly string[];
  /** From the event to the empty event loop. */
  readonly ms: number;
  /** From the answer to the empty event loop. */
  readonly lingersMs: number;
}

export interface EventInstance {
  readonly child: ChildProcess;
  /** The modules that were loaded before the first event, by their paths in the package. */
  readonly loaded: readonly string[];
  /** One event. Resolves when the event loop is empty; rejects when the process ended before. */
  invoke(event: unknown, context?: object): Promise<Invoked>;
  output(): string;
}

/** An instance of an event function. */
export async function startEvent(folder: string, handler: string, env: Variables): Promise<EventInstance> {
  const { child, output } = start(process.execPath, [PLATFORM, folder, handler], folder, env, [
    "pipe",
    "pipe",
    "pipe",
    "pipe",
  ]);
  const lines = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]();
  const next = async (): Promise<Told> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the instance ended: ${output()}`);
    return JSON.parse(value) as Told;
  };
  const { loaded = [] } = await next();
  await next();
  return {
    child,
    loaded,
    output,
    async invoke(event, context = {}) {
      const startedAt = performance.now();
      child.stdin?.write(`${JSON.stringify({ event, context })}\n`);
      const told = await next();
      if (told.endedMidAnswer) throw new Error("the event loop was empty before the answer");
      const toldAt = performance.now();
      await next();
      return {
        answer: told.answer,
        thrown: told.thrown,
        context: told.context ?? {},
        loaded: told.loaded ?? [],
        ms: performance.now() - startedAt,
        lingersMs: performance.now() - toldAt,
      };
    },
  };
}

/** Stops a process as a platform freezes one, for as long as `during` takes. */
export async function frozen(child: ChildProcess, during: () => Promise<unknown>): Promise<void> {
  child.kill("SIGSTOP");
  try {
    await during();
  } finally {
    child.kill("SIGCONT");
  }
}

/** Ends a process and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "close");
}
