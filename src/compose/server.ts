import type { Server } from "node:http";
import type { Composed } from "../compose.ts";
import { createHttpServer } from "../http/server.ts";

export { loadNow } from "../http/late.ts";

/** The HTTP server of a composed Phonekey, not listening yet. Event functions have none, and load nothing of it. */
export function serverOf({ app, log, metrics, arrive }: Composed): Server {
  return createHttpServer(app, { log, metrics }, arrive);
}
