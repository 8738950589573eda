import type { Context } from "hono";
import type { Env } from "./context.ts";

/**
 * An answer with all its headers at once: set one by one on what a route answered, they took longer than anything else
 * at this door.
 */
export function answerWith(
  c: Context<Env>,
  body: string,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  const response = new Response(body, { status, headers: Object.assign({}, c.get("headers"), headers) });
  c.set("complete", response);
  return response;
}
