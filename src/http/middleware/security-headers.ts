import type { Context, MiddlewareHandler } from "hono";
import type { Env, HttpSettings } from "../context.ts";

/**
 * The headers that every answer carries; a route may set stricter or, for public files, other ones itself. The id of the
 * request is among them.
 */
export function securityHeaders({
  publicUrl,
  scf,
}: Pick<HttpSettings, "publicUrl" | "scf">): MiddlewareHandler<Env> {
  // The URLs of functions have no other scheme.
  const isEncrypted = publicUrl?.startsWith("https:") ?? scf !== undefined;
  const defaults: Record<string, string> = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), otp-credentials=(self)",
    // With `no-referrer` a browser sends `Origin: null` on our own form posts, and the origin check would refuse them.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(isEncrypted && { "strict-transport-security": "max-age=31536000" }),
  };
  return async (c, next) => {
    c.set("headers", { "x-request-id": c.get("requestId"), ...defaults });
    await next();
    if (c.res !== c.get("complete")) complete(c);
  };
}

function complete(c: Context<Env>): void {
  const { headers } = c.res;
  for (const [name, value] of Object.entries(c.get("headers"))) {
    if (!headers.has(name)) headers.set(name, value);
  }
}
