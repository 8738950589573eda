import type { Context, ErrorHandler, Handler } from "hono";
import { type Refusal, UnavailableError } from "../../core/refusals.ts";
import { UnsavedUserError } from "../../core/session/sign-in.ts";
import type { App } from "../app.ts";
import type { Env, HttpDeps } from "../context.ts";
import { say } from "../functions/answer.ts";
import { refuseRequest } from "../refuse-request.ts";

/** Answers with a page if a browser follows a link, and otherwise in the shape of the door. */
async function answer(c: Context<Env>, deps: HttpDeps, refusal: Refusal): Promise<Response> {
  const isApi = c.get("door") !== undefined || c.req.path.startsWith("/v1/");
  const takesPages = !isApi && (c.req.header("accept") ?? "").includes("text/html");
  if (!takesPages) return refuseRequest(c, refusal);
  const { messagePageFor } = await import("../pages/errors.ts");
  return await messagePageFor(c, deps, refusal);
}

export function answerNotFound(deps: HttpDeps): (c: Context<Env>) => Promise<Response> {
  return (c) => answer(c, deps, { code: "not_found" });
}

export function answerTooLarge(deps: HttpDeps): (c: Context<Env>) => Promise<Response> {
  return (c) => answer(c, deps, { code: "request_too_large" });
}

/** Answers 405 with the methods in `Allow` if the address takes other methods, and 404 if it takes none. */
export function answerWrongMethod(deps: HttpDeps, app: App): Handler<Env> {
  return async (c) => {
    // Split once: a path may have thousands of parts, and there are a hundred routes.
    const parts = c.req.path.split("/");
    const methods = new Set(
      app.routes
        .filter((route) => route.method !== "ALL" && matches(route.path, parts))
        .map((route) => route.method),
    );
    // Every route of GET answers HEAD, too.
    if (methods.has("GET")) methods.add("HEAD");
    if (methods.size === 0) return await answer(c, deps, { code: "not_found" });
    c.get("headers").allow = [...methods].join(", ");
    return await answer(c, deps, { code: "method_not_allowed" });
  };
}

function matches(route: string, parts: readonly string[]): boolean {
  const pattern = route.split("/");
  return (
    pattern.length === parts.length &&
    pattern.every((part, at) => (part.startsWith(":") ? parts[at] !== "" : part === parts[at]))
  );
}

/**
 * Logs anything that was thrown together with its cause, and answers without it: 503 if a store or another part cannot
 * be reached (promise 7), 500 for anything else, which is a fault of ours.
 */
export function answerFault(deps: HttpDeps): ErrorHandler<Env> {
  return async (error, c) => {
    const requestId = c.get("requestId");
    const route = c.req.routePath;
    if (error instanceof UnavailableError) {
      deps.log.warn({ requestId, route, err: error }, "unavailable");
      if (error instanceof UnsavedUserError && c.get("door") === "functions") return say(c, "notSaved");
      return await answer(c, deps, { code: "unavailable", retryAfterSeconds: error.retryAfterSeconds });
    }
    if (isCutOff(c, error)) {
      deps.log.info({ requestId, route }, "client went away");
      return await answer(c, deps, { code: "request_timeout" });
    }
    deps.log.error({ requestId, route, err: error }, "fault");
    return await answer(c, deps, { code: "internal_error" });
  };
}

/**
 * Reading the body failed because the client closed the connection. That is no fault of ours, and anybody can cause it.
 */
function isCutOff(c: Context<Env>, error: Error): boolean {
  return c.env?.incoming?.readableAborted === true && "code" in error && error.code === "ECONNRESET";
}
