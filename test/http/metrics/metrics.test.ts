import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Env } from "../../../src/http/context.ts";
import { mayReadMetrics } from "../../../src/http/metrics.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ask, bearer, LOOPBACK, open, TOKEN } from "./support.ts";

/** An answer without its request id. */
async function shapeOf(response: Response) {
  const { requestId, ...body } = (await response.json()) as { requestId: string };
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  return { status: response.status, headers, body, hasId: requestId !== "" };
}

describe("/metrics", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ env: { METRICS_TOKEN: TOKEN, TRUSTED_PROXIES: "127.0.0.1,198.51.100.1" } });
  });
  afterAll(() => world.close());

  it.each<[string, Record<string, string>, string]>([
    ["a caller with the token", bearer(), "203.0.113.7"],
    ["the token after `bearer` in small letters", { authorization: `bearer ${TOKEN}` }, "203.0.113.7"],
    ["this machine", {}, LOOPBACK],
    ["this machine by IPv6", { host: "[::1]:8080" }, "::1"],
    ["this machine by a mapped address", {}, "::ffff:127.0.0.1"],
    ["the token through a proxy", { ...bearer(), "x-forwarded-for": "203.0.113.7" }, LOOPBACK],
  ])("answers %s", async (_, headers, from) => {
    const response = await ask(world, headers, from);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toContain("process_cpu_seconds_total");
  });

  it.each<[string, Record<string, string>, string]>([
    ["a caller without the token", {}, "203.0.113.7"],
    ["a caller of the private network without the token", {}, "10.0.0.7"],
    ["a wrong token", bearer(`${TOKEN}x`), "203.0.113.7"],
    ["a token of the same length", bearer(TOKEN.replace(/.$/, "x")), "203.0.113.7"],
    ["an empty token", { authorization: "Bearer " }, "203.0.113.7"],
    ["the token after another scheme", { authorization: `Basic ${TOKEN}` }, "203.0.113.7"],
    ["the token with more after it", bearer(`${TOKEN} x`), "203.0.113.7"],
    ["a caller with X-Forwarded-For of loopback", { "x-forwarded-for": LOOPBACK }, "203.0.113.7"],
    ["a trusted proxy with X-Forwarded-For of loopback", { "x-forwarded-for": LOOPBACK }, "198.51.100.1"],
    ["a client that a proxy on this machine forwards", { "x-forwarded-for": "203.0.113.7" }, LOOPBACK],
    ["a client that a proxy on this machine forwards as loopback", { "x-forwarded-for": LOOPBACK }, LOOPBACK],
    ["a request from loopback with Forwarded", { forwarded: "for=127.0.0.1" }, LOOPBACK],
    ["a caller with X-Real-IP of loopback", { "x-real-ip": LOOPBACK }, "203.0.113.7"],
    ["a request from loopback with a foreign Host", { host: "evil.example" }, LOOPBACK],
    ["a Host from loopback that begins with localhost", { host: "localhost.evil.example" }, LOOPBACK],
    ["a request from loopback with Via", { via: "1.1 proxy" }, LOOPBACK],
    ["a request from loopback with True-Client-IP", { "true-client-ip": "203.0.113.7" }, LOOPBACK],
  ])("answers %s like an unknown path", async (_, headers, from) => {
    const [got, nowhere] = [await ask(world, headers, from), await ask(world, headers, from, "/nowhere")];
    expect(got.status).toBe(404);
    expect(await shapeOf(got)).toEqual(await shapeOf(nowhere));
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("answers %s 404, and 405 with the token", async (method) => {
    const by = (path: string, headers = {}) => Promise.resolve(world.request(path, { method, headers }));
    expect(await shapeOf(await by("/metrics"))).toEqual(await shapeOf(await by("/nowhere")));
    expect((await by("/metrics", bearer())).status).toBe(405);
  });
});

it("/metrics is 404 for other machines if METRICS_TOKEN is not set, whatever token they show", async () => {
  const world = await open({ METRICS_TOKEN: "" });
  for (const token of ["undefined", "null", "x"]) expect((await ask(world, bearer(token))).status).toBe(404);
  expect((await ask(world, {}, LOOPBACK)).status).toBe(200);
});

it("/metrics is 404 for a request from loopback that has the CLIENT_IP_HEADER", async () => {
  const world = await open({ CLIENT_IP_HEADER: "x-edge-client" });
  expect((await ask(world, { "x-edge-client": LOOPBACK }, LOOPBACK)).status).toBe(404);
  expect((await ask(world, {}, LOOPBACK)).status).toBe(200);
});

it("/metrics on SCF needs the token even from loopback: each connection comes from the platform", async () => {
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
