import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit as limit } from "hono/body-limit";
import type { Env } from "../context.ts";
import { refuseRequest } from "../refuse-request.ts";

/** Far more than any request of ours needs; a larger one is refused before it is read (T44). */
const MAX_BODY_BYTES = 16 * 1024;

export const bodyLimit: MiddlewareHandler<Env> = limit({
  maxSize: MAX_BODY_BYTES,
  onError: (c: Context<Env>) => refuseRequest(c, { code: "request_too_large" }),
});
