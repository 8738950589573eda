import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createHttpServer } from "../../../src/http/server.ts";
import { until } from "../../process/raw.ts";
import { listen } from "../../support/listen.ts";
import { createWorld } from "../../support/world.ts";

const LOOPBACK = "127.0.0.1";
/** How many starts one address has without a challenge. */
const FREE = 10;
const TRIES = 15;

async function open() {
  const world = await createWorld({ env: { GUARD_MODE: "off" } });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const server = createHttpServer(world.app, { log, metrics: { countRequest: () => {} } });
  onTestFinished(() => world.close());
  const answered = () => world.logged.filter((line) => "route" in line).length;
  return { world, server, answered, port: await listen(server) };
}

/** Sends a start for another phone each time, and resets the connection without reading the answer. */
function sendAndReset(socket: Socket, n: number): void {
  const body = JSON.stringify({ phone: `+861380013${1_000 + 7 * n}` });
  const head = ["POST /v1/verifications HTTP/1.1", "Host: localhost", "Content-Type: application/json"];
  socket.write([...head, `Content-Length: ${body.length}`, "", body].join("\r\n"));
  socket.resetAndDestroy();
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, LOOPBACK);
  await once(socket, "connect");
  return socket;
}

// After a reset the kernel no longer tells the peer's address, but still hands out the bytes that came (T35).
it("counts a request against its client's address even if the connection is reset right after it", async () => {
  const { world, server, answered, port } = await open();
  for (let n = 0; n < TRIES; n += 1) {
    const taken = once(server, "connection");
    const socket = await connected(port);
    await taken;
    sendAndReset(socket, n);
    await until(() => answered() === n + 1);
  }
  expect(world.sms.sent).toHaveLength(FREE);
});

it("serves nothing on connections that were reset before they were accepted", async () => {
  const { world, server, port } = await open();
  let gone = 0;
  server.prependListener("connection", (socket) => void socket.once("close", () => (gone += 1)));
  // Accepts no connection before all have been reset: this process waits for the other one to end.
  const calls = `for (let n = 0; n < ${TRIES}; n += 1) {
    const socket = require("node:net").connect(${port}, "${LOOPBACK}", () => sendAndReset(socket, n));
  }`;
  const { status, stderr } = spawnSync(process.execPath, ["-e", `${sendAndReset}\n${calls}`]);
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: "" });
  await until(() => gone === TRIES);
  expect(world.sms.sent).toEqual([]);
});
