import type { Context } from "hono";
import type { Env } from "./context.ts";

/** The media type of a request's body, in lower case and without parameters; undefined if none is named. */
export function mediaTypeOf(c: Context<Env>): string | undefined {
  return c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
}
