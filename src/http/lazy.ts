import type { Handler } from "hono";
import type { Env, HttpDeps } from "./context.ts";

/** Loads at once what the handlers below otherwise load with their first request. */
export async function loadHandlers(): Promise<void> {
  await Promise.all([
    import("./api/definitions.ts"),
    import("./api/operations/meta.ts"),
    import("./api/openapi.ts"),
    import("./api/schemas/challenges.ts"),
    import("./pages/index.ts"),
    import("./pages/errors.ts"),
    import("./pages/docs.ts"),
    import("bowser"),
  ]);
}

/**
 * A handler that the first request for it loads and makes. So a function that is started for one request does not wait
 * for code that this request never runs.
 */
export function lazy(make: () => Promise<Handler<Env>>): Handler<Env> {
  let making: Promise<Handler<Env>> | undefined;
  const made = () => {
    // After a failure the next request tries again.
    making ??= make().catch((error: unknown) => {
      making = undefined;
      throw error;
    });
    return making;
  };
  return async (c, next) => (await made())(c, next);
}

type Pages = typeof import("./pages/index.ts");

/** Makes page handlers by name. The first request for any of them loads them all. */
export function lazyPages(deps: HttpDeps): (name: keyof Pages) => Handler<Env> {
  return (name) =>
    lazy(async () => {
      const pages = await import("./pages/index.ts");
      return (c) => pages[name](c, deps);
    });
}
