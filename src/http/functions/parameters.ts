import type { Context } from "hono";
import type { Env } from "../context.ts";
import { decodeUtf8, parseJson } from "../json.ts";

type Entries = readonly (readonly [name: string, value: unknown])[];

/**
 * The parameters with these names, from the query of a GET or the body of a POST. As in the demo, an empty parameter
 * counts as absent. Undefined if a parameter is given twice or is no text, or if nothing can be read at all: the
 * meaning is never guessed.
 */
export async function readParameters<N extends string>(
  c: Context<Env>,
  names: readonly N[],
): Promise<Partial<Record<N, string>> | undefined> {
  const entries = await readEntries(c);
  if (!entries) return undefined;
  const texts: Partial<Record<N, string>> = {};
  for (const name of names) {
    const [value, ...more] = entries.filter(([key]) => key === name).map(([, given]) => given ?? "");
    if (more.length > 0 || (value !== undefined && typeof value !== "string")) return undefined;
    if (value) texts[name] = value;
  }
  return texts;
}

/**
 * The demo reads each body as a form, whatever its `Content-Type` says, and clients send several types: `fetch` sends
 * `text/plain`, mini programs send `application/json`. So the beginning of a body decides what it is.
 */
async function readEntries(c: Context<Env>): Promise<Entries | undefined> {
  const sent = c.req.method === "GET" ? new URL(c.req.url).search.slice(1) : await c.req.arrayBuffer();
  try {
    const text = typeof sent === "string" ? sent : decodeUtf8(sent);
    return text.trimStart().startsWith("{") ? Object.entries(parseJson(text) as object) : formEntries(text);
  } catch {
    return undefined;
  }
}

/** Throws for percent signs that encode nothing or no UTF-8: a replacement would be a value that nobody sent. */
function formEntries(text: string): Entries {
  decodeURIComponent(text);
  return [...new URLSearchParams(text)];
}
