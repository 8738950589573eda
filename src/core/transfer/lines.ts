import { ok, type Result, refuse } from "../refusals.ts";

const NEWLINE = 0x0a;

/** One line of a file, numbered from 1, without its line end. */
export interface Line {
  readonly number: number;
  readonly text: Result<string, "invalid_request">;
}

/**
 * Cuts a stream of UTF-8 into lines, and holds no more of it at a time than one line may have. A line that is longer,
 * or no UTF-8, is refused by itself: those after it are read on. Blank lines are left out but counted.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Line> {
  const gather = createGatherer(mostBytes);
  let number = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      gather.add(chunk.subarray(from, end));
      from = end + 1;
      number += 1;
      const text = gather.take();
      if (!isBlank(text)) yield { number, text };
    }
    gather.add(chunk.subarray(from));
  }
  const text = gather.take();
  if (!isBlank(text)) yield { number: number + 1, text };
}

/** Puts the pieces of one line together, and drops them once it is too long. */
function createGatherer(mostBytes: number) {
  let pieces: Uint8Array[] = [];
  let length = 0;
  return {
    add(piece: Uint8Array) {
      length += piece.length;
      if (length > mostBytes) pieces = [];
      else if (piece.length > 0) pieces.push(piece);
    },
    /** The line so far; the next piece begins a new one. */
    take(): Line["text"] {
      const line = length > mostBytes ? undefined : Buffer.concat(pieces);
      pieces = [];
      length = 0;
      if (!line) return refuse("invalid_request", { detail: `must have at most ${mostBytes} bytes` });
      return decoded(line);
    },
  };
}

/** A byte order mark at the start is no part of the text. */
function decoded(line: Uint8Array): Line["text"] {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return refuse("invalid_request", { detail: "must be UTF-8" });
  }
}

function isBlank(text: Line["text"]): boolean {
  return text.ok && text.value.trim() === "";
}
