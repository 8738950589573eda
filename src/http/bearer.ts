import type { Context } from "hono";
import type { Env } from "./context.ts";

/** The token of `Authorization: Bearer …` (RFC 6750); undefined where there is none, or something else. */
export function bearerToken(c: Context<Env>): string | undefined {
  const [scheme, token, ...rest] = (c.req.header("authorization") ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && token && rest.length === 0 ? token : undefined;
}
