import { readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../support/server.ts";
import { createClient, newPhone } from "../client.ts";
import { EXPECT, isRunning, openMany, openRaw, problemIn, sendRaw, statusesOf, until } from "../raw.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
});

/** A request whose body is an object, with these headers. */
function post(body: string, ...headers: readonly string[]): string {
  return ["POST /v1/verifications HTTP/1.1", "Host: localhost", ...headers, "", body].join("\r\n");
}

const JSON_TYPE = "Content-Type: application/json";

describe.concurrent("a client that is slow on purpose (T43)", () => {
  test("headers that drip are cut off after 10 seconds with 408", async () => {
    const answer = await sendRaw(server.port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", {
      drip: "a",
      forMs: 25_000,
    });
    expect(problemIn(answer)).toMatchObject({ code: "request_timeout", status: 408 });
    expect(answer.closedAfterMs).toBeGreaterThan(8_000);
    expect(answer.closedAfterMs).toBeLessThan(20_000);
  });

  test("a body that drips is cut off after 15 seconds with 408", async () => {
    const start = post('{"phone":"', JSON_TYPE, "Content-Length: 5000");
    const answer = await sendRaw(server.port, start, { drip: "1", forMs: 30_000 });
    expect(statusesOf(answer)).toEqual([408]);
    expect(problemIn(answer)).toMatchObject({ code: "request_timeout" });
    expect(answer.closedAfterMs).toBeLessThan(25_000);
  });

  test("1,000 silent connections do not keep others from being answered, and are closed", async () => {
    const openedAt = performance.now();
    const sockets = await openMany(server.port, 1_000);
    const client = createClient(server);
    expect((await client.signIn(newPhone())).created).toBe(true);
    // As long as none of them has been open for 10 seconds.
    if (performance.now() - openedAt < 9_000) expect(sockets.filter((socket) => socket.closed)).toEqual([]);
    await until(() => sockets.every((socket) => socket.closed), 30_000);
    for (const socket of sockets) expect(socket.received()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("1,000 half requests do not keep others from being answered", async () => {
    const half = post('{"phone":"', JSON_TYPE, "Content-Length: 5000");
    const sockets = await openMany(server.port, 1_000);
    for (const socket of sockets) socket.write(half);
    expect((await createClient(server).signIn(newPhone())).created).toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  test("a server that stops waits at most 15 seconds for a request that does not end", async () => {
    const own = await startServer();
    const socket = await openRaw(own.port);
    socket.write(post('{"phone":"', JSON_TYPE, "Content-Length: 5000", EXPECT));
    await until(() => isRunning(socket));
    const startedAt = performance.now();
    expect(await own.stop()).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeGreaterThan(13_000);
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    socket.destroy();
  });

  test.skipIf(process.platform !== "linux")(
    "a client that never closes its side does not keep its connection",
    async () => {
      const own = await startServer();
      const before = openSockets(own);
      const socket = await openRaw(own.port, { allowHalfOpen: true });
      await until(() => openSockets(own) === before + 1);
      socket.write("HELLO\r\n\r\n");
      await until(() => socket.received().startsWith("HTTP/1.1 400 "));
      await until(() => openSockets(own) === before);
      socket.destroy();
      await own.stop();
    },
  );

  test.skipIf(process.platform !== "linux")(
    "a client that never reads does not keep its connection",
    async () => {
      const own = await startServer();
      const before = openSockets(own);
      const asks = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40);
      const sockets = Array.from({ length: 20 }, () => connect({ port: own.port, onread: READS_NOTHING }));
      for (const socket of sockets) socket.on("error", () => {});
      await until(() => openSockets(own) === before + sockets.length);
      // Not earlier: a server that answers the first ones accepts the others later.
      for (const socket of sockets) socket.write(asks);
      await until(() => openSockets(own) === before, 50_000);
      for (const socket of sockets) socket.destroy();
      await own.stop();
    },
    90_000,
  );
});

/** Reads no more after the first packet. */
const READS_NOTHING = { buffer: Buffer.alloc(1_024), callback: () => false };

/** How many sockets a process has open, according to Linux. */
function openSockets({ pid }: RunningServer): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => isSocket(`/proc/${pid}/fd/${fd}`)).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    return false;
  }
}

function closed(socket: Awaited<ReturnType<typeof openRaw>>): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

describe.concurrent("a request that cannot be read (T44)", () => {
  const host = "Host: localhost\r\n";
  const get = "GET /healthz HTTP/1.1\r\n";
  const second = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
  const unreadable: Readonly<Record<string, string>> = {
    "no request line": "HELLO\r\n\r\n",
    "an unknown method": `TRACK / HTTP/1.1\r\n${host}\r\n`,
    "an unknown version": `GET / HTTP/9.9\r\n${host}\r\n`,
    "the start of TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/2 without being asked": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no Host": `${get}\r\n`,
    "an empty Host": `${get}Host:\r\n\r\n`,
    "an invalid Host": `${get}Host: a b/c\r\n\r\n`,
    "two Hosts": `${get}${host}Host: evil.example\r\n\r\n`,
    "a target that is no URL": `GET http://[bad/ HTTP/1.1\r\n${host}\r\n`,
    "a target without a path": `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
    "a NUL in a header": `${get}${host}X: a\0b\r\n\r\n`,
    "a header without a name": `${get}${host}: x\r\n\r\n`,
    "a space before the colon": `${get}${host}X : x\r\n\r\n`,
    "lines that end with LF alone": "GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "an unknown expectation": `${get}${host}Expect: a-miracle\r\n\r\n`,
    "Content-Length and Transfer-Encoding": post(
      `0\r\n\r\n${second}`,
      JSON_TYPE,
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
    ),
    "Transfer-Encoding and Content-Length": post(
      `0\r\n\r\n${second}`,
      JSON_TYPE,
      "Transfer-Encoding: chunked",
      "Content-Length: 5",
    ),
    "two Content-Lengths": post(`{}   ${second}`, JSON_TYPE, "Content-Length: 2", "Content-Length: 5"),
    "a Content-Length with a sign": post(`{}${second}`, JSON_TYPE, "Content-Length: +2"),
    "a Transfer-Encoding that ends unchunked": post(
      `0\r\n\r\n${second}`,
      JSON_TYPE,
      "Transfer-Encoding: chunked, identity",
    ),
    "an unknown Transfer-Encoding": post(`0\r\n\r\n${second}`, JSON_TYPE, "Transfer-Encoding: xchunked"),
    "a chunk of an invalid size": post(`zz\r\n\r\n${second}`, JSON_TYPE, "Transfer-Encoding: chunked"),
  };

  test.each(Object.entries(unreadable))(
    "%s: one 400 as a problem document, and the connection is closed",
    async (_what, bytes) => {
      const answer = await sendRaw(server.port, bytes, { forMs: 10_000 });
      expect(problemIn(answer)).toMatchObject({ code: "invalid_request", status: 400 });
      // Only one: what was smuggled behind it is not taken for a request.
      expect(statusesOf(answer)).toEqual([400]);
      expect(answer.closedAfterMs).toBeDefined();
    },
  );

  test.each([
    ["one huge header", `${get}${host}X: ${"a".repeat(20_000)}\r\n\r\n`],
    ["a huge target", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${host}\r\n`],
    ["huge cookies", `${get}${host}${`Cookie: ${"a".repeat(4_000)}\r\n`.repeat(5)}\r\n`],
    ["300 headers", `${get}${host}${Array.from({ length: 300 }, (_, n) => `X${n}: 1\r\n`).join("")}\r\n`],
  ])("%s: 431 as a problem document, and the connection is closed", async (_what, bytes) => {
    const answer = await sendRaw(server.port, bytes, { forMs: 10_000 });
    expect(statusesOf(answer)).toEqual([431]);
    expect(problemIn(answer)).toMatchObject({ code: "headers_too_large" });
    expect(answer.closedAfterMs).toBeDefined();
  });

  // Node.js drops headers beyond a maximum: such as the forwarding header of a proxy that adds it last.
  test("a forwarding header behind 90 others is seen", async () => {
    const many = Array.from({ length: 90 }, (_, n) => `X${n}: 1\r\n`).join("");
    const ask = (last: string) =>
      sendRaw(server.port, `GET /dev/inbox.json HTTP/1.1\r\n${host}Connection: close\r\n${many}${last}\r\n`, {
        forMs: 10_000,
      });
    expect(statusesOf(await ask(""))).toEqual([200]);
    expect(statusesOf(await ask("X-Forwarded-For: 203.0.113.9\r\n"))).toEqual([404]);
  });
});

describe.concurrent("a body that is not what it should be (T44)", () => {
  const close = "Connection: close";

  test("too long by its Content-Length: 413 before it is sent", async () => {
    const answer = await sendRaw(server.port, post("", JSON_TYPE, "Content-Length: 100000000", close));
    expect(statusesOf(answer)).toEqual([413]);
    expect(problemIn(answer)).toMatchObject({ code: "request_too_large" });
  });

  test("too long by its chunks: 413 while the rest is still being sent", async () => {
    const socket = await openRaw(server.port);
    const chunk = `5000\r\n${"a".repeat(0x5000)}\r\n`;
    socket.write(post(chunk, JSON_TYPE, "Transfer-Encoding: chunked"));
    await until(() => socket.received().startsWith("HTTP/1.1 413 "));
    for (let n = 0; n < 200 && socket.writable; n++) socket.write(chunk);
    socket.destroy();
    expect((await createClient(server).get("/readyz")).status).toBe(200);
  });

  test("compressed: refused without being unpacked", async () => {
    const bomb = gzipSync(`{"phone":"${"1".repeat(5_000_000)}"}`).toString("latin1");
    const headers = [JSON_TYPE, "Content-Encoding: gzip", close];
    const answer = await sendRaw(server.port, post(bomb, ...headers, `Content-Length: ${bomb.length}`));
    expect(problemIn(answer)).toMatchObject({ code: "invalid_request", field: "body" });
    const small = gzipSync(JSON.stringify({ phone: newPhone() })).toString("latin1");
    const other = await sendRaw(server.port, post(small, ...headers, `Content-Length: ${small.length}`));
    expect(problemIn(other)).toMatchObject({ code: "invalid_request", field: "body" });
  });

  test("nested 8,000 deep: refused", async () => {
    const deep = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
    const answer = await sendRaw(server.port, post(deep, JSON_TYPE, `Content-Length: ${deep.length}`, close));
    expect(problemIn(answer)).toMatchObject({ code: "invalid_request" });
  });

  test("cut off in its middle, a hundred times: the server goes on answering", async () => {
    const sockets = await openMany(server.port, 100);
    for (const [index, socket] of sockets.entries()) {
      socket.write(post('{"phone":"+86138', JSON_TYPE, "Content-Length: 300"));
      setTimeout(() => (index % 2 ? socket.resetAndDestroy() : socket.destroy()), index);
    }
    await Promise.all(sockets.map(closed));
    expect((await createClient(server).get("/readyz")).status).toBe(200);
  });
});

test("requests in one packet are answered in their order", async () => {
  const one = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const bytes = one("/readyz") + one("/healthz") + one("/nowhere") + one("/healthz", "Connection: close\r\n");
  const answer = await sendRaw(server.port, bytes, { forMs: 10_000 });
  expect(statusesOf(answer)).toEqual([200, 200, 404, 200]);
  expect(answer.text.indexOf("ready")).toBeLessThan(answer.text.indexOf('"ok"'));
});

test("after all these requests the server has logged no fault, and signs people in", async () => {
  const client = createClient(server);
  expect((await client.signIn(newPhone())).created).toBe(true);
  expect(server.faults()).toEqual([]);
});
