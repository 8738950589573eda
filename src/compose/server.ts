import type { Server } from "node:http";
import type { Composed } from "../compose.ts";
import { createHttpServer } from "../http/server.ts";

export { loadNow } from "../http/lazy.ts";

/** The HTTP server of a composed Phonekey, not listening yet. In a file of its own: event functions load no server. */
export function serverOf({ app, log, metrics, arrive }: Composed): Server {
  return createHttpServer(app, { log, metrics }, arrive);
}
