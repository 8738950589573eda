import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long running requests may take to finish after the server was told to stop: senders have twelve seconds. */
export const STOP_MS = 15_000;

/**
 * Watches a server's connections, so that stopping it waits only for requests. Node.js would also wait for connections
 * on which nothing was sent yet, and for those that are kept open after their last answer.
 *
 * @returns stops the server: it accepts nothing new, lets running requests finish for 15 seconds, and resolves when
 *   every connection is closed
 */
export function prepareStop(server: Server): () => Promise<void> {
  const running = new Map<Socket, Set<ServerResponse>>();
  let isStopping = false;
  const closeIfIdle = (socket: Socket) => {
    if (isStopping && running.get(socket)?.size === 0) socket.destroySoon();
  };
  server.on("connection", (socket: Socket) => {
    running.set(socket, new Set());
    socket.once("close", () => running.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    const responses = running.get(socket);
    responses?.add(response);
    response.once("close", () => {
      responses?.delete(response);
      closeIfIdle(socket);
    });
  });
  return async () => {
    isStopping = true;
    const closed = once(server, "close");
    server.close();
    for (const [socket, responses] of running) {
      for (const response of responses) response.shouldKeepAlive = false;
      closeIfIdle(socket);
    }
    const cut = setTimeout(() => server.closeAllConnections(), STOP_MS);
    await closed;
    clearTimeout(cut);
  };
}
