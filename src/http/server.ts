import { createServer, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { REFUSALS, type RefusalCode } from "../core/refusals.ts";
import type { App } from "./app.ts";
import type { Log } from "./context.ts";
import { problemOf } from "./problem.ts";

/** Bounds that hold before a request reaches a route (T43, T44). */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  noDelay: true,
};
const MAX_CONNECTIONS = 10_000;
const MAX_HEADERS = 100;

/** The Node.js server in front of the routes. It does not listen yet. */
export function createHttpServer(app: App, log: Log): Server {
  const server = createServer(LIMITS, getRequestListener(app.fetch));
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    log.info({ problem: error.code ?? "unknown" }, "request that could not be read");
    answerUnreadable(error.code, socket);
  });
  return server;
}

const UNREADABLE: Readonly<Record<string, RefusalCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Node's own answers to what it cannot read have no body; ours are problem documents like all others. */
function answerUnreadable(reason: string | undefined, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const code = UNREADABLE[reason ?? ""] ?? "invalid_request";
  const { status } = REFUSALS[code];
  const body = JSON.stringify(problemOf({ code }, "en", "none"));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
