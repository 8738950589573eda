import type { MiddlewareHandler } from "hono";
import { bodyLimit as limit } from "hono/body-limit";
import type { Env, HttpDeps } from "../context.ts";
import { answerTooLarge } from "./errors.ts";

/** Far more than any request of ours needs; a larger one is refused before it is read (T44). */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * No more is read than `Content-Length` says where nothing is chunked (RFC 9112, section 6.3), and of GET and HEAD nothing: the
 * body need not be made a stream to be counted, which takes longer than to read it.
 */
export function bodyLimit(deps: HttpDeps): MiddlewareHandler<Env> {
  const refuse = answerTooLarge(deps);
  const whileReading = limit({ maxSize: MAX_BODY_BYTES, onError: refuse });
  return async (c, next) => {
    const length = BODILESS.includes(c.req.method) ? "0" : c.req.header("content-length");
    if (length === undefined || c.req.header("transfer-encoding") !== undefined) {
      return await whileReading(c, next);
    }
    if (Number(length) > MAX_BODY_BYTES) return await refuse(c);
    await next();
  };
}

const BODILESS = ["GET", "HEAD"];
