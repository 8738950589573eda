import type { Context } from "hono";
import type { Env, HttpDeps } from "../context.ts";
import { answerNotFound } from "../middleware/errors.ts";

/** Serves a file of the build. Paths are looked up in a list made at start: no path ever reaches the disk. */
export async function serveStatic(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const file = deps.assets.read(c.req.path);
  if (!file) return await answerNotFound(deps)(c);
  return c.body(file.body, 200, {
    "content-type": file.type,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "public, max-age=86400",
    "cross-origin-resource-policy": "cross-origin",
  });
}
