import { describe, expect, test } from "vitest";
import { freePort } from "../../support/ports.ts";
import { type RunningServer, startServer, workingFolder } from "../../support/server.ts";
import { bearer, createClient, newPhone } from "../client.ts";
import { rowsOf } from "../database.ts";
import { EXPECT, isRunning, openRaw, statusesOf, until } from "../raw.ts";

/** A request to start a verification whose last byte has not been sent yet. */
async function halfSent({ port }: RunningServer) {
  const body = JSON.stringify({ phone: newPhone() });
  const socket = await openRaw(port);
  const head = [
    "POST /v1/verifications HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    EXPECT,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body.slice(0, -1)}`);
  await until(() => isRunning(socket));
  return { socket, finish: () => socket.write(body.slice(-1)) };
}

describe.concurrent("a server that gets", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s finishes requests in progress, takes no new connection, and exits with 0",
    async (signal) => {
      const place = { folder: workingFolder(), port: await freePort() };
      const server = await startServer(place);
      const client = createClient(server);
      const { accessToken, user } = await client.signIn(newPhone());
      const idle = await openRaw(server.port);
      const running = await halfSent(server);

      const stopped = server.stop(signal);
      await until(async () => !(await canConnect(server)));
      const askedAt = performance.now();
      running.finish();
      await until(() => running.socket.received().endsWith("}"));
      expect(statusesOf({ text: running.socket.received(), closedAfterMs: 0 })).toEqual([100, 201]);
      expect(await stopped).toMatchObject({ code: 0, signal: null, stderr: "" });
      // Neither the kept-alive connections of `client` nor the idle one delay it: they would be cut after 15 seconds.
      expect(performance.now() - askedAt).toBeLessThan(12_000);
      idle.destroy();

      // The database was closed properly: the file without its log is whole.
      expect(rowsOf(server.folder, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
      const again = await startServer(place);
      const me = await createClient(again).get("/v1/me", bearer(accessToken));
      expect(me).toMatchObject({ status: 200, body: { id: user.id } });
      await again.stop();
    },
  );
});

async function canConnect({ port }: RunningServer): Promise<boolean> {
  try {
    (await openRaw(port)).destroy();
    return true;
  } catch {
    return false;
  }
}
