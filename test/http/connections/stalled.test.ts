import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import type { App } from "../../../src/http/app.ts";
import { createHttpServer } from "../../../src/http/server.ts";
import { until } from "../../process/raw.ts";
import { listen } from "../../support/listen.ts";

const LOOPBACK = "127.0.0.1";
/** A busy machine may stand still for less than this. */
const STALLED_MS = 500;
/** More than the buffers between two sockets of one machine hold. */
const MUCH = "a".repeat(32 * 1_024 * 1_024);

/** A server with short timeouts. `/much` answers more than is read, `/slow` after several times the timeout. */
async function open() {
  const fetch = async (request: Request) => {
    if (request.url.endsWith("/much")) return new Response(MUCH);
    if (request.url.endsWith("/quick")) return new Response("quick");
    await wait(4 * STALLED_MS);
    return new Response("slow");
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const app = { fetch } as unknown as App;
  const server = createHttpServer(app, { log, metrics: { countRequest: () => {} } });
  server.timeout = STALLED_MS;
  server.keepAliveTimeout = STALLED_MS;
  return { server, port: await listen(server) };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

it("keeps a connection whose client waits for a slow answer, even if a later answer is ready", async () => {
  const { port } = await open();
  const client = connect(port, LOOPBACK);
  onTestFinished(() => void client.destroy());
  client.write(`${get("/slow")}${get("/quick")}`);
  let received = "";
  client.on("data", (data) => {
    received += data;
  });
  await once(client, "close");
  expect(received).toMatch(/\r\n\r\nslowHTTP.*\r\n\r\nquick$/s);
});

it("ends a connection that nobody reads, even if a later request of it is being answered", async () => {
  const { server, port } = await open();
  const taken = once(server, "connection");
  const client = connect(port, LOOPBACK).pause();
  onTestFinished(() => void client.destroy());
  client.write(`${get("/much")}${get("/slow")}`);
  const [socket] = await taken;
  await until(() => socket.destroyed);
});
