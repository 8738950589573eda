import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import type { Env } from "../../../src/http/context.ts";
import { createArrive } from "../../../src/http/scf/arrival.ts";
import { createScfDoors } from "../../../src/http/scf/doors.ts";

export const HOST = "1250000000-0abcdefgh1.ap-guangzhou.tencentscf.com";
const log = { info() {}, error() {}, warn() {} };

/** Answers with the request as a route sees it. */
const app = new Hono<Env>();
app.get("/cookies", (c) => {
  setCookie(c, "a", "1");
  if (c.req.query("two")) setCookie(c, "b", "2");
  return c.text("ok");
});
app.get("/bytes", (c) => c.body(new Uint8Array([0xff, 0x00, 0xfe])));
app.get("/nothing", (c) => c.body(null, 204));
app.get("/moved", (c) => c.redirect("/there", 303));
app.all("/functions/:name", async (c) => c.json({ errorCode: 0, data: await seen(c.req.raw, c.env) }));
app.all("*", async (c) => c.json(await seen(c.req.raw, c.env)));

export async function seen(request: Request, env: Env["Bindings"]) {
  const { url, method } = request;
  return {
    method,
    url,
    query: [...new URL(url).searchParams],
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
    peer: env.incoming?.socket?.remoteAddress ?? null,
  };
}

export const doors = createScfDoors(app, createArrive({ log, settings: { trustedProxies: [] } }));

export async function sent(event: object) {
  const { statusCode, body } = await doors.answer(event);
  return { statusCode, ...JSON.parse(body) };
}

export const functionUrl = {
  httpMethod: "POST",
  path: "/v1/x",
  headers: { host: HOST, "content-type": "application/json", "x-scf-remote-addr": "203.0.113.7" },
  queryString: { a: "1" },
  body: '{"名":"值"}',
};

/** As API gateways of private clouds still send them. */
export const gateway = {
  requestContext: {
    serviceId: "service-f94sy04v",
    path: "/test/{path}",
    httpMethod: "POST",
    requestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    identity: { secretId: "abdcdxxxxxxxsdfs" },
    sourceIp: "203.0.113.8",
    stage: "release",
  },
  headers: {
    "Accept-Language": "zh-CN",
    Host: "service-3ei3tii4-251000691.ap-guangzhou.apigateway.myqcloud.com",
  },
  body: '{"test":"body"}',
  pathParameters: { path: "value" },
  queryStringParameters: { foo: "bar" },
  headerParameters: { Refer: "10.0.2.14" },
  stageVariables: { stage: "release" },
  path: "/test/value",
  queryString: { foo: "bar", bob: "alice" },
  httpMethod: "POST",
};

/** Nested so deep that JSON.parse reads it and JSON.stringify cannot write it. */
export const nested = JSON.parse(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
