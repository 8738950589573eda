import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose, migrateDatabase } from "../../../src/compose.ts";
import { type RunningServer, startServer, workingFolder } from "../../support/server.ts";
import { createWorld, testConfig } from "../../support/world.ts";
import { createClient, FREELY, newPhone } from "../client.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ env: FREELY });
});
afterAll(async () => {
  await server.stop();
});

/** Unlike `fetch`, lets the test choose `Host`. */
function statusOf(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, path, headers }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });
}

const NO_ASSETS = { script: "/assets/test.js", style: "/assets/test.css", read: () => undefined };
const NO_LOG = { info: () => {}, warn: () => {}, error: () => {} };

const PATHS = ["/dev/inbox", "/dev/inbox.json"];

describe.each(PATHS)("%s", (path) => {
  test.each(["localhost", "localhost:8080", "127.0.0.1", "127.8.9.10:1", "[::1]", "[::1]:8080"])(
    "answers for the Host %s",
    async (host) => {
      expect(await statusOf(path, { host })).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:8080",
    "0.0.0.0",
    "192.168.1.5",
    "[::2]",
    "localhost@evil.example",
  ])("refuses the Host %s (DNS rebinding)", async (host) => {
    expect(await statusOf(path, { host })).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-for", ""],
    ["x-forwarded-host", "localhost"],
    ["x-forwarded-proto", "https"],
    ["via", "1.1 proxy"],
    ["cf-connecting-ip", "203.0.113.9"],
    ["x-real-ip", "::1"],
    ["forwarded", "for=127.0.0.1"],
  ])("is 404 behind a proxy: %s", async (name, value) => {
    expect(await statusOf(path, { host: "localhost", [name]: value })).toBe(404);
  });

  test("is 404 for another machine", async () => {
    const world = await createWorld({ inbox: true });
    for (const from of [
      "203.0.113.7",
      "192.168.1.5",
      "10.0.0.1",
      "::2",
      "::ffff:203.0.113.7",
      "1270.0.0.1",
    ]) {
      const answer = await world.request(path, { from, headers: { host: "localhost" } });
      expect([from, answer.status]).toEqual([from, 404]);
    }
    for (const from of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      const answer = await world.request(path, { from, headers: { host: "localhost" } });
      expect([from, answer.status]).toEqual([from, 200]);
    }
    await world.close();
  });

  test("is 404 in production", async () => {
    // The settings would refuse production with the console sender; composed without that check, it is 404.
    const development = testConfig(workingFolder());
    await migrateDatabase(development);
    for (const [mode, status] of [
      ["development", 200],
      ["production", 404],
    ] as const) {
      const { app, close } = await compose({ ...development, mode }, { assets: NO_ASSETS, log: NO_LOG });
      const bindings = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };
      const answer = await app.request(path, { headers: { host: "localhost" } }, bindings);
      expect([mode, answer.status]).toEqual([mode, status]);
      await close();
    }
  });
});

describe("/dev/inbox.json", () => {
  const read = (query: string) =>
    createClient(server).get<{ messages: { to: string; text: string; purpose: string; sentAt: string }[] }>(
      `/dev/inbox.json${query}`,
    );

  test("shows the newest message first, with the documented fields only", async () => {
    const client = createClient(server);
    const [first, second] = [newPhone(), newPhone()];
    await client.start(first);
    await client.start(second);
    const { status, headers, body } = await read("");
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body.messages.slice(0, 2).map(({ to }) => to)).toEqual([second, first]);
    expect(Object.keys(body.messages[0] ?? {}).toSorted()).toEqual(["purpose", "sentAt", "text", "to"]);
    expect(body.messages[0]?.sentAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test.each([
    ["percent-encoded", (phone: string) => phone.replace("+", "%2B")],
    ["a bare plus", (phone: string) => phone],
    ["as a national number", (phone: string) => phone.slice(3)],
    ["without the plus", (phone: string) => phone.slice(1)],
  ])("finds the messages of a phone: %s", async (_how, write) => {
    const client = createClient(server);
    const [phone, other] = [newPhone(), newPhone()];
    await client.start(phone);
    await client.start(other);
    const { body } = await read(`?phone=${write(phone)}`);
    expect(body.messages.map(({ to }) => to)).toEqual([phone]);
  });

  test("finds nothing for a phone without messages, or for an invalid one", async () => {
    await createClient(server).start(newPhone());
    expect((await read(`?phone=${newPhone()}`)).body.messages).toEqual([]);
    expect((await read("?phone=nobody")).body.messages).toEqual([]);
  });
});
