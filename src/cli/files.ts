import { once } from "node:events";
import {
  createReadStream,
  fstatSync,
  open as openDescriptor,
  type WriteStream,
  writeFileSync,
} from "node:fs";
import { access, constants, open, rename, rm, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { promisify } from "node:util";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  ENOTDIR: "its folder is not there",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EISDIR: "it is a folder",
  ENXIO: "it is a socket",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EPIPE: "nobody reads it any more",
};

/** The reason in plain words, or the library's own sentence if we know none better. */
function why(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const code = "code" in error ? String(error.code) : "";
  return REASONS[code] ?? error.message;
}

/** What is missing for a new file is its folder. */
function whyNotWritten(error: unknown): string {
  return error instanceof Error && "code" in error && error.code === "ENOENT"
    ? (REASONS.ENOTDIR ?? "")
    : why(error);
}

export interface InputFile {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** How much of it was read, 0 to 1; undefined if its size is not known. */
  share(): number | undefined;
}

/** @param path `-` is standard input. Rejects with a sentence if the file cannot be read. */
export async function openInput(path: string): Promise<InputFile> {
  if (path === "-") return { chunks: process.stdin, share: () => undefined };
  const failed = (error: unknown) => new Error(`cannot read ${path}: ${why(error)}`, { cause: error });
  // A file that cannot be read is reported before any work is done for it.
  const found = await look(path).catch((error: unknown) => Promise.reject(failed(error)));
  const { size } = found;
  let read = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      const source = found.isFIFO() ? await openPipe(path) : createReadStream(path);
      for await (const chunk of source as AsyncIterable<Uint8Array>) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw failed(error);
    }
  }
  return { chunks: chunks(), share: () => (size > 0 ? read / size : undefined) };
}

/** Rejects as its reading would. */
async function look(path: string) {
  await access(path, constants.R_OK);
  const found = await stat(path);
  if (found.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
  return found;
}

/** Opens a named pipe as a socket: reading it as a file that nobody writes to would keep the process alive. */
async function openPipe(path: string): Promise<Socket> {
  const fd = await promisify(openDescriptor)(path, "r");
  return new Socket({ fd, readable: true, writable: false });
}

export interface OutputFile {
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** Gives the file its final name. Until then no file of that name exists. */
  finish(): Promise<void>;
  /** Leaves nothing of it. */
  abandon(): Promise<void>;
}

/**
 * A file that only this user may read, and that exists either complete or not at all: a failure leaves nothing.
 *
 * Rejects with a sentence if it exists already or cannot be written.
 */
export async function createOutput(path: string): Promise<OutputFile> {
  const partial = `${path}.partial`;
  const failed = (error: unknown) =>
    new Error(`cannot write ${path}: ${whyNotWritten(error)}`, { cause: error });
  const attempt = <T>(act: () => Promise<T>) =>
    act().catch((error: unknown) => Promise.reject(failed(error)));
  if (await exists(path)) throw new Error(`cannot write ${path}: it exists already`);
  await attempt(() => rm(partial, { force: true }));
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const file = await attempt(() => open(partial, flags, 0o600));
  const { ino } = await file.stat();
  // It is not ours if another process, given the same name, has removed ours as a leftover and made its own.
  const isOurs = () =>
    stat(partial).then(
      (there) => there.ino === ino,
      () => false,
    );
  const abandon = async () => {
    if (await isOurs()) await rm(partial, { force: true });
    await file.close().catch(() => {});
  };
  const orNothing = (act: () => Promise<void>) =>
    attempt(act).catch(async (error: unknown) => {
      await abandon();
      throw error;
    });
  return {
    // Does not use `file.write`, which on a disk that is nearly full may write a part and resolve.
    write: (text) => orNothing(() => file.appendFile(text)),
    finish: () =>
      orNothing(async () => {
        await file.sync();
        if (!(await isOurs())) throw new Error("another process writes it, too");
        await file.close();
        await rename(partial, path);
      }),
    abandon,
  };
}

/** Standard output. What was written cannot be taken back. */
export function standardOutput(): OutputFile {
  const out: NodeJS.WriteStream | WriteStream = process.stdout;
  let lost: Error | undefined;
  out.on("error", (error) => {
    lost = lostOutput(error);
  });
  const isFile = fstatSync(STDOUT).isFile();
  return {
    async write(text) {
      // See `watchStandardOutput`: the stream does not report that a disk is full.
      if (isFile) return writeWhole(text);
      if (!lost && !out.write(text))
        await Promise.race([once(out, "drain"), once(out, "close")]).catch(() => {});
      if (lost) throw lost;
    },
    finish: async () => {},
    abandon: async () => {},
  };
}

/**
 * Writes everything that is printed completely, or reports the loss. If standard output is a file, Node's own stream
 * reports a text as written even if a disk that is nearly full took only a part of it.
 *
 * @param onLost told what went wrong
 */
export function watchStandardOutput(onLost: (error: unknown) => void): void {
  process.stdout.on("error", onLost);
  if (!fstatSync(STDOUT).isFile()) return;
  process.stdout.write = (text: string | Uint8Array) => {
    try {
      writeFileSync(STDOUT, text);
    } catch (error) {
      onLost(error);
    }
    return true;
  };
}

const STDOUT = 1;

function writeWhole(text: string): void {
  try {
    writeFileSync(STDOUT, text);
  } catch (error) {
    throw lostOutput(error);
  }
}

/** Reports that printed text did not arrive. */
export function lostOutput(error: unknown): Error {
  return new Error(`cannot write standard output: ${why(error)}`, { cause: error });
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
