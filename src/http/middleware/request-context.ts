import type { Context, MiddlewareHandler } from "hono";
import type { Client } from "../../core/verification/client.ts";
import type { Env, HttpDeps } from "../context.ts";
import { clientAddress, whyUnknown } from "./client-address.ts";
import { negotiateLocale } from "./locale.ts";

/** Gives every request an id, its language and its client's address. Counts and logs it after it was answered. */
export function requestContext(deps: HttpDeps): MiddlewareHandler<Env> {
  const warnOfProxy = proxyWarning(deps);
  return async (c, next) => {
    const startedAt = deps.clock.now();
    const requestId = deps.random.uuid(startedAt);
    const header = (name: string) => c.req.header(name);
    const peer = c.env?.incoming?.socket?.remoteAddress;
    c.set("requestId", requestId);
    c.set("locale", negotiateLocale(header("accept-language"), deps.settings.defaultLocale));
    const address = clientAddress(peer, header, deps.settings);
    c.set("addressKey", address?.key ?? "");
    c.set("address", address?.text ?? "");
    if (!address) warnOfProxy(peer, header);
    await next();
    const { method } = c.req;
    const ms = deps.clock.now() - startedAt;
    const answered = { method, route: c.req.routePath, status: c.res.status };
    const refusal = c.get("refusal");
    deps.metrics.countRequest({ ...answered, ...(refusal && { refusal }) });
    const backend = c.get("backend");
    deps.log.info({ requestId, ...(backend && { backend }), ...answered, ms }, "request");
  };
}

/** The client's address, as use cases take it; empty if no source of it can be trusted. */
export function fromOf(c: Context<Env>): Pick<Client, "addressKey" | "address"> {
  const { addressKey, address } = c.var;
  return addressKey ? { addressKey, address } : {};
}

/** Warns once that address limits are off for some requests, and why. */
function proxyWarning({ log, settings }: HttpDeps) {
  let warned = false;
  return (peer: string | undefined, header: (name: string) => string | undefined) => {
    const why = warned ? undefined : whyUnknown(peer, header, settings);
    if (!why) return;
    warned = true;
    log.warn({}, `${why}: limits by address are off for such requests`);
  };
}
