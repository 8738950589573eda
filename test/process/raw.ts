import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface RawAnswer {
  readonly text: string;
  /** From the first byte sent until the server closed; undefined if it had not closed in time. */
  readonly closedAfterMs: number | undefined;
}

/** The statuses in the answer, in their order. */
export function statusesOf({ text }: RawAnswer): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** With this header a server says that it has read the others: from then on the request is in progress. */
export const EXPECT = "Expect: 100-continue";

export function isRunning(socket: { received(): string }): boolean {
  return socket.received().startsWith("HTTP/1.1 100 ");
}

/** The problem document in the answer. */
export function problemIn({ text }: RawAnswer): { code?: string; status?: number } {
  expectHeader(text, /content-type: application\/problem\+json/i);
  return JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as { code: string; status: number };
}

function expectHeader(text: string, header: RegExp): void {
  if (!header.test(text)) throw new Error(`no ${header} in ${JSON.stringify(text.slice(0, 300))}`);
}

/**
 * Sends bytes as they are and resolves with the answer when the server closes, or when time is up.
 *
 * @param drip bytes to send one by one, one each second, for as long as the connection lives
 */
export function sendRaw(
  port: number,
  bytes: string,
  { drip = "", forMs = 10_000 }: { readonly drip?: string; readonly forMs?: number } = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const finish = (closedAfterMs: number | undefined) => {
      clearInterval(dripping);
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closedAfterMs });
    };
    let dripped = 0;
    const dripping = setInterval(() => {
      const byte = drip[dripped % drip.length];
      dripped += 1;
      if (byte && socket.writable) socket.write(byte);
    }, 1_000);
    const timer = setTimeout(() => finish(undefined), forMs);
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    // A reset after the answer is an end like any other.
    socket.on("error", () => {});
    socket.on("close", () => finish(performance.now() - startedAt));
    socket.write(Buffer.from(bytes, "latin1"));
  });
}

/**
 * A connection to use step by step.
 *
 * @param more.allowHalfOpen keeps the client's side open when the server closes its side
 */
export async function openRaw(
  port: number,
  more: { readonly allowHalfOpen?: boolean } = {},
): Promise<Socket & { received(): string }> {
  const socket = connect({ port, host: "127.0.0.1", ...more });
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("error", reject);
  });
  return Object.assign(socket, { received: () => text });
}

/** Opens this many, a few at a time, since the kernel drops some of those that overflow the server's queue. */
export async function openMany(port: number, count: number): Promise<Awaited<ReturnType<typeof openRaw>>[]> {
  const sockets: Awaited<ReturnType<typeof openRaw>>[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => openRaw(port));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

/** Waits until something holds; throws when it does not in time. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not become so within ${withinMs} ms: ${holds}`);
    await sleep(20);
  }
}
