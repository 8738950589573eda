import { type DestinationStream, destination, type Logger, pino } from "pino";

/**
 * A log of JSON lines. Callers pass no phone, code or token. A library's error may still contain some, so texts are
 * scrubbed before they are written (T33).
 *
 * @param output takes each line; standard output by default
 */
export function createLog(level: string, output: DestinationStream = standardOutput()): Logger {
  return pino({ level, base: null, serializers: { err: describeError } }, output);
}

/** How long a line waits for others at most. */
const GATHERED_MS = 50;
/** For each line the library counts again how many bytes wait, so the more bytes wait, the more a line costs. */
const GATHERED_BYTES = 4_096;

/**
 * Standard output, many lines at a time: a write for each would take a twentieth of a sign-in. Waiting lines are
 * written when the process ends; `kill -9` loses the last moment.
 */
export function gatheredOutput(): DestinationStream {
  return standardOutput({ minLength: GATHERED_BYTES, periodicFlush: GATHERED_MS });
}

/** What waits beyond this is lost. */
const MOST_WAITING_BYTES = 16 * 1_048_576;

/**
 * If the log cannot be written, because a disk is full, the process goes on, and the log resumes when it can be
 * written.
 */
function standardOutput(options: { minLength?: number; periodicFlush?: number } = {}): DestinationStream {
  const output: ReturnType<typeof destination> & { sync?: boolean } = destination({
    dest: 1,
    maxLength: MOST_WAITING_BYTES,
    ...options,
  });
  const flush = output.flushSync.bind(output);
  let isFailing = false;
  output.on("error", () => {
    isFailing = true;
  });
  output.on("write", () => {
    isFailing = false;
  });
  // Called when the process ends. If writing fails, the library would try for ever; one write shows whether it works.
  output.flushSync = () => {
    output.sync = true;
    output.flush();
    output.sync = false;
    if (!isFailing) flush();
  };
  return output;
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: DescribedError;
}

const MOST_CAUSES = 4;

function describeError(error: unknown, depth = 0): DescribedError {
  const { name, message, stack = "", cause } = error instanceof Error ? error : new Error(String(error));
  return {
    type: name,
    message: scrub(message),
    stack: scrub(stack),
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: describeError(cause, depth + 1) }),
  };
}

/** Hides runs of digits as long as a phone or a code, and texts that look like a token or a key. */
function scrub(text: string): string {
  return text.replace(/[A-Za-z0-9_-]{32,}(\.[A-Za-z0-9_-]+)*/g, "[secret]").replace(/\+?\d{6,}/g, "[number]");
}
