import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A way to a server that can fail as networks do. */
export interface TcpProxy {
  readonly port: number;
  /** From now on nothing passes, on open connections and on new ones, and no end is notified. */
  freeze(): void;
  /** What was held back goes on its way. */
  thaw(): void;
  /** Nothing passes any more on the connections that are open, and no end is notified; new ones pass. */
  swallow(): void;
  /** From now on everything arrives so much later, in each direction. */
  delay(ms: number): void;
  /** Closes all connections, and from now on every new one. */
  cut(): void;
  /** New connections pass again. */
  mend(): void;
  /** New connections go to another port, as when a name moves; those that are open stay. */
  move(port: number): void;
  close(): void;
}

/** Sees what passes on one connection, in pieces as the network brings them. */
export interface Tap {
  sent(data: Buffer): void;
  received(data: Buffer): void;
}

/** @param tap makes one for each connection */
export async function startProxy(
  to: { readonly host: string; readonly port: number },
  tap?: () => Tap,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const state = { isFrozen: false, isCut: false, delayMs: 0, port: to.port };
  const server = createServer((near) => {
    if (state.isCut) {
      near.destroy();
      return;
    }
    const far = connect({ ...to, port: state.port });
    const tapped = tap?.();
    for (const [from, into, see] of [
      [near, far, tapped?.sent],
      [far, near, tapped?.received],
    ] as const) {
      sockets.add(from);
      const later = createQueue(() => state.delayMs);
      from.on("data", (data) => {
        see?.(data);
        later(() => into.write(data));
      });
      from.on("end", () => later(() => into.end()));
      from.on("error", () => into.destroy());
      from.on("close", () => sockets.delete(from));
      if (state.isFrozen) from.pause();
      if (state.isCut) from.destroy();
    }
  });
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      state.isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      state.isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    swallow() {
      for (const socket of sockets) {
        for (const event of ["data", "end"]) socket.removeAllListeners(event);
        socket.resume();
      }
    },
    delay(ms) {
      state.delayMs = ms;
    },
    cut() {
      state.isCut = true;
      destroyAll();
    },
    mend() {
      state.isCut = false;
    },
    move(port) {
      state.port = port;
    },
    close() {
      server.close();
      destroyAll();
    },
  };
}

/** Does things in the order in which they came, each at the earliest so long after it came. */
function createQueue(delayMs: () => number): (act: () => void) => void {
  let last: Promise<void> | undefined;
  return (act) => {
    const ms = delayMs();
    if (ms === 0 && !last) return act();
    const before = last ?? Promise.resolve();
    const due = performance.now() + ms;
    const mine = before.then(() => sleep(Math.max(0, due - performance.now()))).then(act);
    last = mine;
    void mine.then(() => {
      if (last === mine) last = undefined;
    });
  };
}
