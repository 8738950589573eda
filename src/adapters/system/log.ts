import { type Logger, pino } from "pino";

/**
 * A log of JSON lines. Callers hand it no phone, code or token; what a library puts into an error is scrubbed all the
 * same before it is written (T33).
 *
 * @param write takes each line; standard output by default
 */
export function createLog(level: string, write?: (line: string) => void): Logger {
  const options = { level, base: null, serializers: { err: describeError } };
  return write ? pino(options, { write }) : pino(options);
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

/** Hides runs of digits as long as a phone or a code, and what looks like a token or a key. */
function scrub(text: string): string {
  return text.replace(/[A-Za-z0-9_-]{32,}(\.[A-Za-z0-9_-]+)*/g, "[secret]").replace(/\+?\d{6,}/g, "[number]");
}
