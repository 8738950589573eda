import type { MiddlewareHandler } from "hono";
import type { Env, HttpDeps } from "../context.ts";
import { clientAddressKey } from "./client-address.ts";
import { negotiateLocale } from "./locale.ts";

/** Gives every request an id of ours, its language and its client's address, and logs how it went. */
export function requestContext(deps: HttpDeps): MiddlewareHandler<Env> {
  return async (c, next) => {
    const startedAt = deps.clock.now();
    const requestId = deps.random.uuid(startedAt);
    c.set("requestId", requestId);
    c.set("locale", negotiateLocale(c.req.header("accept-language"), deps.settings.defaultLocale));
    const peer = c.env?.incoming?.socket?.remoteAddress;
    c.set("addressKey", clientAddressKey(peer, (name) => c.req.header(name), deps.settings) ?? "");
    await next();
    c.res.headers.set("x-request-id", requestId);
    const { method } = c.req;
    const ms = deps.clock.now() - startedAt;
    deps.log.info({ requestId, method, route: c.req.routePath, status: c.res.status, ms }, "request");
  };
}
