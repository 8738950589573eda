const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Throws for bytes that are no UTF-8: a replacement would be stored as a value that nobody sent. */
export function decodeUtf8(bytes: ArrayBuffer): string {
  return UTF8.decode(bytes);
}

/**
 * Throws for text that is no JSON, and for an object with a repeated key (RFC 7493, section 2.3): it is unknown which
 * of the two values was meant.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (keysWritten(text) !== keysIn(value)) throw new SyntaxError("a key is given twice");
  return value;
}

/**
 * How many keys a JSON text has: each is a string before a colon. Only for valid JSON: on other text it could take long
 * (T45).
 */
function keysWritten(text: string): number {
  let keys = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon) keys += 1;
  return keys;
}

function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, each) => sum + keysIn(each), own);
}
