import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { REFUSALS, type RefusalCode } from "../core/refusals.ts";
import type { App } from "./app.ts";
import type { Log, Metrics } from "./context.ts";
import { plainProblem } from "./problem.ts";
import type { Arrive } from "./scf/arrival.ts";
import { takeIn } from "./scf/web.ts";
import { MAX_HEADER_BYTES, unfit } from "./unfit.ts";

/** Bounds that hold before a request reaches a route (T43, T44). */
const LIMITS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  noDelay: true,
  // Node would answer without a body; `unroutable` answers like everywhere else.
  requireHostHeader: false,
};
const MAX_CONNECTIONS = 10_000;
/** How long a client may take nothing of an answer that has begun, twice that at most: Node.js looks once whether more went out. */
const STALLED_MS = 15_000;
/** How long a client has to read our last word and close. */
const LINGER_MS = 2_000;

/** What the server tells of requests that reach no route. */
interface ServerDeps {
  readonly log: Log;
  readonly metrics: Pick<Metrics, "countRequest">;
}

/** Where a request without a route stands in the counts. */
const ROUTE = "none";

/**
 * The Node.js server in front of the routes. It does not listen yet.
 *
 * @param arrive where the server is a web function of SCF: takes the platform's part out of each request
 */
export function createHttpServer(app: App, { log, metrics }: ServerDeps, arrive?: Arrive): Server {
  const count = (code: RefusalCode, method = "") =>
    metrics.countRequest({ route: ROUTE, method, status: REFUSALS[code].status, refusal: code });
  const refuse = ({ method }: IncomingMessage, response: ServerResponse, code: RefusalCode) => {
    count(code, method);
    answerUnfit(response, code);
  };
  const route: Parameters<typeof getRequestListener>[0] = arrive
    ? (request, { incoming }) => app.fetch(request, takeIn(incoming as IncomingMessage, arrive))
    : app.fetch;
  const handle = getRequestListener(route, { errorHandler: (error) => unroutable(error, log, count) });
  const underWay = new WeakMap<Socket, ServerResponse>();
  const server = createServer(LIMITS, (request, response) => {
    underWay.set(request.socket, response);
    const code = unfit(namesOf(request));
    if (code) refuse(request, response, code);
    else void handle(request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Beyond this number Node drops headers in silence, a forwarding header that a proxy added last among them (T35).
  // `unfit` counts them instead; their size is bounded anyway.
  server.maxHeadersCount = 0;
  server.on("connection", knowPeer);
  server.setTimeout(STALLED_MS, (socket) => endStalled(socket, underWay.get(socket)));
  server.on("checkExpectation", (request, response) => refuse(request, response, "invalid_request"));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    log.info({ problem: error.code ?? "unknown" }, "request that could not be read");
    const code = UNREADABLE[error.code ?? ""] ?? "invalid_request";
    count(code);
    answerUnreadable(code, socket, underWay.get(socket));
  });
  return server;
}

/**
 * Has Node remember whose connection this is. Asked once it was reset, the kernel does not say, and hands out what came by it all
 * the same: whoever sends and resets would have no address, and so no limits by address (T35).
 */
function knowPeer(socket: Socket): void {
  if (!socket.remoteAddress) socket.destroy();
}

/** Ends a connection on which nothing happens (T43), unless the other took all that we said and waits for more. */
function endStalled(socket: Socket, underWay: ServerResponse | undefined): void {
  const isOurTurn = underWay?.writableFinished === false && socket.writableLength === 0;
  if (!isOurTurn) socket.destroy();
}

function namesOf({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 0);
}

function answerUnfit(response: ServerResponse, code: RefusalCode): void {
  const { status, headers, body } = plainProblem({ code });
  response.writeHead(status, headers).end(body);
}

/** A target or `Host` that makes no URL. Whatever a route throws, the app has answered itself. */
function unroutable(error: unknown, log: Log, count: (code: RefusalCode) => void): Response {
  const code = error instanceof RequestError ? "invalid_request" : "internal_error";
  if (code === "internal_error") log.error({ err: error }, "fault outside the routes");
  count(code);
  const { body, ...init } = plainProblem({ code });
  return new Response(body, init);
}

const UNREADABLE: Readonly<Record<string, RefusalCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Node's own answers to what it cannot read have no body; ours are problem documents like all others. */
function answerUnreadable(code: RefusalCode, socket: Socket, underWay: ServerResponse | undefined): void {
  const hasBegun = underWay?.headersSent && !underWay.writableFinished;
  if (!socket.writable || hasBegun) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = plainProblem({ code });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", body].join("\r\n"));
  // A client that never closes its own side would keep the connection.
  socket.setTimeout(LINGER_MS, () => socket.destroy());
}
