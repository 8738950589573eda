import type { Context } from "hono";
import type { Env } from "./context.ts";

/** The token of `Authorization: Bearer …` (RFC 6750); undefined if the header is missing or has another form. */
export function bearerToken(c: Context<Env>): string | undefined {
  const [scheme, token, ...rest] = (c.req.header("authorization") ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && token && rest.length === 0 ? token : undefined;
}
