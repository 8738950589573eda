import type { Context } from "hono";
import type { Env } from "./context.ts";

/**
 * Makes an answer together with all its headers, those of `securityHeaders` included. Setting them one by one on a
 * finished answer takes longer than everything else that this door does.
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
