import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Env } from "../../../src/http/context.ts";
import { mayReadMetrics } from "../../../src/http/metrics.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ask, bearer, LOOPBACK, open, TOKEN } from "./support.ts";

/** What an answer says, apart from what no two requests have in common. */
async function shapeOf(response: Response) {
  const { requestId, ...body } = (await response.json()) as { requestId: string };
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  return { status: response.status, headers, body, hasId: requestId !== "" };
}

describe("/metrics is there for", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ env: { METRICS_TOKEN: TOKEN, TRUSTED_PROXIES: "127.0.0.1,198.51.100.1" } });
  });
  afterAll(() => world.close());

  it.each<[string, Record<string, string>, string]>([
    ["whoever shows the token", bearer(), "203.0.113.7"],
    ["whoever writes Bearer in small letters", { authorization: `bearer ${TOKEN}` }, "203.0.113.7"],
    ["this machine", {}, LOOPBACK],
    ["this machine by IPv6", { host: "[::1]:8080" }, "::1"],
    ["this machine by a mapped address", {}, "::ffff:127.0.0.1"],
    ["the token by a proxy", { ...bearer(), "x-forwarded-for": "203.0.113.7" }, LOOPBACK],
  ])("%s", async (_, headers, from) => {
    const response = await ask(world, headers, from);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toContain("process_cpu_seconds_total");
  });

  it.each<[string, Record<string, string>, string]>([
    ["a caller from elsewhere", {}, "203.0.113.7"],
    ["a caller from next door", {}, "10.0.0.7"],
    ["a wrong token", bearer(`${TOKEN}x`), "203.0.113.7"],
    ["a token of the same length", bearer(TOKEN.replace(/.$/, "x")), "203.0.113.7"],
    ["an empty token", { authorization: "Bearer " }, "203.0.113.7"],
    ["the token as another scheme's", { authorization: `Basic ${TOKEN}` }, "203.0.113.7"],
    ["the token and more", bearer(`${TOKEN} x`), "203.0.113.7"],
    ["somebody forwarded as this machine", { "x-forwarded-for": LOOPBACK }, "203.0.113.7"],
    ["somebody forwarded as this machine by our proxy", { "x-forwarded-for": LOOPBACK }, "198.51.100.1"],
    ["somebody whom a proxy on this machine forwards", { "x-forwarded-for": "203.0.113.7" }, LOOPBACK],
    ["somebody forwarded as this machine by a proxy on it", { "x-forwarded-for": LOOPBACK }, LOOPBACK],
    ["somebody forwarded in the standard's way", { forwarded: "for=127.0.0.1" }, LOOPBACK],
    ["somebody who says that he is this machine", { "x-real-ip": LOOPBACK }, "203.0.113.7"],
    ["a name that points at this machine", { host: "evil.example" }, LOOPBACK],
    ["a name that begins like this machine's", { host: "localhost.evil.example" }, LOOPBACK],
    ["somebody whom a proxy of another make forwards", { via: "1.1 proxy" }, LOOPBACK],
    ["somebody whom a content delivery network forwards", { "true-client-ip": "203.0.113.7" }, LOOPBACK],
  ])("not %s: it is answered as any unknown path", async (_, headers, from) => {
    const [got, nowhere] = [await ask(world, headers, from), await ask(world, headers, from, "/nowhere")];
    expect(got.status).toBe(404);
    expect(await shapeOf(got)).toEqual(await shapeOf(nowhere));
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("nobody by %s", async (method) => {
    const by = (path: string, headers = {}) => Promise.resolve(world.request(path, { method, headers }));
    expect(await shapeOf(await by("/metrics"))).toEqual(await shapeOf(await by("/nowhere")));
    expect((await by("/metrics", bearer())).status).toBe(405);
  });
});

it("is not there for a caller without a token where none is set, whatever he shows", async () => {
  const world = await open({ METRICS_TOKEN: "" });
  for (const token of ["undefined", "null", "x"]) expect((await ask(world, bearer(token))).status).toBe(404);
  expect((await ask(world, {}, LOOPBACK)).status).toBe(200);
});

it("is not there for what a platform's own header came with, though the platform is on this machine", async () => {
  const world = await open({ CLIENT_IP_HEADER: "x-edge-client" });
  expect((await ask(world, { "x-edge-client": LOOPBACK }, LOOPBACK)).status).toBe(404);
  expect((await ask(world, {}, LOOPBACK)).status).toBe(200);
});

it("is not there on SCF without the token: the other end of each connection is the platform", async () => {
  const settings = { metricsToken: TOKEN, scf: { appId: "1250000000" } };
  const app = new Hono<Env>().get("*", (c) => c.json(mayReadMetrics(c, settings)));
  const near = { incoming: { socket: { remoteAddress: LOOPBACK } } };
  const isThere = async (headers: Record<string, string>) =>
    await (
      await app.request(
        "http://localhost:9000/metrics",
        { headers: { host: "localhost:9000", ...headers } },
        near,
      )
    ).json();
  expect(await isThere({})).toBe(false);
  expect(await isThere(bearer())).toBe(true);
});
