/** Is in all hostile input that is sent, and must be in no answer. */
export const CANARY = "CANARY-7f3a";

export const WRONG_TYPES: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["true", true],
  ["a number", 123456],
  ["a fraction", 1.5],
  ["a list", [CANARY]],
  ["a list of lists", [[[[CANARY]]]]],
  ["an object", { $gt: CANARY }],
  ["an object with toString and valueOf", { toString: CANARY, valueOf: 1 }],
  ["an empty text", ""],
];

export const BAD_TEXTS: readonly (readonly [string, string])[] = [
  ["NUL", `\u0000${CANARY}`],
  ["a lone surrogate", `\ud800${CANARY}`],
  ["CR and LF", `${CANARY}\r\nX-Injected: 1`],
  ["SQL", `${CANARY}' OR '1'='1' -- `],
  ["a path", `../../../${CANARY}`],
  ["an escape sequence", `\u001b]0;${CANARY}\u0007`],
  ["5000 characters", CANARY.repeat(500)],
];

export const NO_JSON_OBJECT: readonly (readonly [string, string | Buffer])[] = [
  ["empty", ""],
  ["a space", " "],
  ["no JSON", `{${CANARY}`],
  ["JSON cut off", `{"phone":"${CANARY}"`],
  ["two documents", `{} {"phone":"${CANARY}"}`],
  ["a comment", `{} // ${CANARY}`],
  ["NaN", "NaN"],
  ["null", "null"],
  ["true", "true"],
  ["a number", "12345678901234567890"],
  ["a text", JSON.stringify(CANARY)],
  ["a list", JSON.stringify([{ phone: CANARY }])],
  ["8000 levels of lists", `${"[".repeat(8_000)}${"]".repeat(8_000)}`],
  ["8000 levels without an end", "[".repeat(8_000)],
  ["2000 levels of objects", `${'{"phone":'.repeat(1_500)}1${"}".repeat(1_500)}`],
  ["UTF-16", Buffer.from(JSON.stringify({ phone: CANARY }), "utf16le")],
  ["no UTF-8", Buffer.from(`{"name":"${CANARY}\xff"}`, "latin1")],
  ["gzip", Buffer.from("H4sIAAAAAAAAA6tWyk9WslIyMVCqBQC2K7TQDAAAAA==", "base64")],
];

/** A body that comes in pieces of one kilobyte and does not say how long it is. */
export function chunks(kilobytes: number): ReadableStream<Uint8Array> {
  let left = kilobytes;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      left -= 1;
      controller.enqueue(new TextEncoder().encode("x".repeat(1024)));
    },
  });
}
