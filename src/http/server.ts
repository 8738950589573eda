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
import { headerFault, MAX_HEADER_BYTES } from "./header-limits.ts";
import { plainProblem } from "./problem.ts";
import type { Arrive } from "./scf/arrival.ts";
import { takeIn } from "./scf/web.ts";

/** Limits that hold before a request reaches a route (T43, T44). Times in milliseconds. */
const LIMITS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  noDelay: true,
  // Node would answer without a body. Instead `answerUnroutable` answers with a problem document.
  requireHostHeader: false,
};
const MAX_CONNECTIONS = 10_000;
/**
 * How long a connection may stand still, for example if a client does not read its answer. It may be twice that:
 * Node.js restarts the time once if anything was sent meanwhile.
 */
const STALLED_MS = 15_000;
/** How long a client may take to read our last answer and close its side. */
const LINGER_MS = 2_000;

/** Where the server reports requests that reach no route. */
interface ServerDeps {
  readonly log: Log;
  readonly metrics: Pick<Metrics, "countRequest">;
}

/** The route under which such requests are counted. */
const ROUTE = "none";

/**
 * The Node.js server in front of the routes. It does not listen yet.
 *
 * @param arrive on SCF: removes from each request what the platform added, and tells the client's address
 */
export function createHttpServer(
  app: Pick<App, "fetch">,
  { log, metrics }: ServerDeps,
  arrive?: Arrive,
): Server {
  const count = (code: RefusalCode, method = "") =>
    metrics.countRequest({ route: ROUTE, method, status: REFUSALS[code].status, refusal: code });
  const refuse = ({ method }: IncomingMessage, response: ServerResponse, code: RefusalCode) => {
    count(code, method);
    answerAtOnce(response, code);
  };
  const route: Parameters<typeof getRequestListener>[0] = arrive
    ? (request, { incoming }) => app.fetch(request, takeIn(incoming as IncomingMessage, arrive))
    : app.fetch;
  const handle = getRequestListener(route, { errorHandler: (error) => answerUnroutable(error, log, count) });
  const underWay = new WeakMap<Socket, ServerResponse>();
  const server = createServer(LIMITS, (request, response) => {
    underWay.set(request.socket, response);
    const code = headerFault(namesOf(request));
    if (code) refuse(request, response, code);
    else void handle(request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Node would silently drop headers beyond a certain number, including the forwarding header that a proxy added last
  // (T35). Here `headerFault` refuses too many headers, and `maxHeaderSize` bounds their size.
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
 * Makes Node remember the address of a connection's other end while the kernel still knows it. After a reset the kernel
 * still delivers the received data, but no longer knows the address. So a client that sends and resets at once would
 * have no address, and no limits by address (T35).
 */
function knowPeer(socket: Socket): void {
  if (!socket.remoteAddress) socket.destroy();
}

/**
 * Ends a connection on which nothing happens (T43), unless the client waits for us: it has received all that was sent
 * so far.
 */
function endStalled(socket: Socket, underWay: ServerResponse | undefined): void {
  const isOurTurn = underWay?.writableFinished === false && socket.writableLength === 0;
  if (!isOurTurn) socket.destroy();
}

function namesOf({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 0);
}

function answerAtOnce(response: ServerResponse, code: RefusalCode): void {
  const { status, headers, body } = plainProblem({ code });
  response.writeHead(status, headers).end(body);
}

/** Answers a request whose target or `Host` is no valid URL. Errors of routes never come here: the app answers them. */
function answerUnroutable(error: unknown, log: Log, count: (code: RefusalCode) => void): Response {
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

/** Answers a request that Node cannot parse with a problem document. Node's own answers have no body. */
function answerUnreadable(code: RefusalCode, socket: Socket, underWay: ServerResponse | undefined): void {
  const hasBegun = underWay?.headersSent && !underWay.writableFinished;
  if (!socket.writable || hasBegun) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = plainProblem({ code });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", body].join("\r\n"));
  // Without this a client that never closes its side would keep the connection.
  socket.setTimeout(LINGER_MS, () => socket.destroy());
}
