import type { Context, MiddlewareHandler } from "hono";
import type { Env, HttpSettings } from "../context.ts";

/**
 * Sets the headers that every answer carries, including the request's id, unless the route has set its own: pages set
 * stricter ones, public files others.
 */
export function securityHeaders({
  publicUrl,
  scf,
}: Pick<HttpSettings, "publicUrl" | "scf">): MiddlewareHandler<Env> {
  // Function URLs of SCF are always https.
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
