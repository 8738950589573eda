import type { Context, MiddlewareHandler } from "hono";
import type { Env, HttpSettings } from "../context.ts";
import { originOf } from "../origin.ts";
import { answerRefusal, sayRefused } from "./answer.ts";

/** Marks a request as belonging to this door. Refuses other methods, and web pages of foreign origins. */
export function functionsDoor(settings: HttpSettings): MiddlewareHandler<Env> {
  const methods = settings.functions.allowGet ? ["POST", "GET"] : ["POST"];
  return async (c, next) => {
    c.set("door", "functions");
    if (!methods.includes(c.req.method)) return answerRefusal(c, { code: "method_not_allowed" });
    if (isForeign(c, settings)) return sayRefused(c, "foreignOrigin", "forbidden_origin");
    return await next();
  };
}

/**
 * Whether a page of another origin makes its visitor's browser call. Such a page would spend messages from the
 * addresses of all its visitors. Clients that are no browsers send neither header. A browser omits `Origin` if a page
 * loads an address as an image, a script or a link, but then it says so in `Sec-Fetch-Site` (W3C Fetch Metadata).
 */
function isForeign(c: Context<Env>, settings: HttpSettings): boolean {
  const origin = c.req.header("origin");
  if (origin !== undefined) return ![originOf(c, settings), ...settings.allowedOrigins].includes(origin);
  return !["same-origin", "none", undefined].includes(c.req.header("sec-fetch-site"));
}
