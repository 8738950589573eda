import type { MiddlewareHandler } from "hono";
import { cors as honoCors } from "hono/cors";
import type { Env } from "../context.ts";

/**
 * Lets the web origins in `ALLOWED_ORIGINS`, compared exactly, call the native API. Cookies are never sent along (T46).
 */
export function cors(allowedOrigins: readonly string[]): MiddlewareHandler<Env> {
  const fromBrowsers: MiddlewareHandler<Env> = honoCors({
    origin: (origin) => (allowedOrigins.includes(origin) ? origin : undefined),
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: ["authorization", "content-type", "idempotency-key", "accept-language"],
    exposeHeaders: ["retry-after", "x-request-id"],
    maxAge: 600,
  });
  return (c, next) => {
    if (c.req.header("origin") !== undefined) return fromBrowsers(c, next);
    // Most callers are no web pages and need only this header. Hono's own middleware sets it before there is an answer,
    // which turns every answer into a stream and takes longer than all other middleware together.
    c.get("headers").vary = "Origin";
    return next();
  };
}
