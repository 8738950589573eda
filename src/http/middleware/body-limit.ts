import type { MiddlewareHandler } from "hono";
import { bodyLimit as limit } from "hono/body-limit";
import type { Env, HttpDeps } from "../context.ts";
import { answerTooLarge } from "./errors.ts";

/** Far more than any request of ours needs; a larger one is refused before it is read (T44). */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * Refuses bodies of more than 16 KiB. Without chunks a body is exactly as long as `Content-Length` says (RFC 9112,
 * section 6.3), and bodies of GET and HEAD are never read. So only chunked bodies have to be counted as a stream, which
 * takes longer than reading them.
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
