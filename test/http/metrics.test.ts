import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createMetrics } from "../../src/adapters/prometheus/metrics.ts";
import { COUNTERS } from "../../src/adapters/prometheus/tally.ts";
import type { Env } from "../../src/http/context.ts";
import { mayReadMetrics } from "../../src/http/metrics.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createVisitor } from "../password/visitor.ts";
import { sendRaw } from "../process/raw.ts";
import { solveAltcha } from "../support/altcha.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";
import { bodyOf, MINUTE_MS, PHONE, phoneNo, start } from "./support.ts";

const TOKEN = "token-of-these-tests-0123456789";
const LOOPBACK = "127.0.0.1";

async function open(env: Readonly<Record<string, string>> = {}, more: WorldOptions = {}): Promise<World> {
  const world = await createWorld({ ...more, env: { METRICS_TOKEN: TOKEN, ...env } });
  onTestFinished(() => world.close());
  return world;
}

const bearer = (token = TOKEN) => ({ authorization: `Bearer ${token}` });
const ask = (world: World, headers: Record<string, string> = {}, from?: string, path = "/metrics") =>
  Promise.resolve(
    world.request(path, { headers: { host: "localhost:8080", ...headers }, ...(from && { from }) }),
  );
const readAll = async (world: World) => await (await ask(world, bearer())).text();

/** The series of our own, without those that were never counted. */
const counted = async (world: World) =>
  (await readAll(world)).split("\n").filter((line) => /^phonekey_/.test(line) && !line.endsWith(" 0"));

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

describe("what is counted", () => {
  it("is what became of requests, sends, messages, guesses and device tokens", async () => {
    const world = await open({ CODE_ATTEMPTS: "2" });
    const { id } = await start(world, PHONE, { deviceToken: "forged.device.token" });
    const code = world.sms.lastCode();
    const guess = (text: string) => world.post("/v1/sessions", { verificationId: id, code: text });
    await guess(code === "000000" ? "000001" : "000000");
    await guess(code);
    await guess(code);
    await world.post("/v1/verifications", { phone: PHONE, captcha: { kind: "altcha", payload: "x" } });
    world.sms.answer({ status: "unavailable" });
    await world.post("/v1/verifications", { phone: "+8613900139000" });
    await world.post("/v1/verifications", { phone: "+8613900139000" });
    expect(await counted(world)).toEqual(
      expect.arrayContaining([
        'phonekey_http_requests_total{route="/v1/verifications",method="POST",status="201"} 1',
        'phonekey_http_requests_total{route="/v1/verifications",method="POST",status="403"} 1',
        'phonekey_http_requests_total{route="/v1/verifications",method="POST",status="503"} 1',
        'phonekey_http_requests_total{route="/v1/sessions",method="POST",status="201"} 1',
        'phonekey_http_requests_total{route="/v1/sessions",method="POST",status="401"} 2',
        'phonekey_send_decisions_total{decision="allow",check=""} 2',
        'phonekey_send_decisions_total{decision="deny",check="resend"} 1',
        'phonekey_challenge_verdicts_total{kind="altcha",verdict="invalid"} 1',
        'phonekey_messages_total{sender="test",status="accepted"} 1',
        'phonekey_messages_total{sender="test",status="unavailable"} 1',
        'phonekey_guesses_total{outcome="wrong"} 1',
        'phonekey_guesses_total{outcome="approved"} 1',
        'phonekey_guesses_total{outcome="dead"} 1',
        'phonekey_device_tokens_refused_total{reason="invalid"} 1',
      ]),
    );
  });

  it("is bad input of every kind, at both APIs", async () => {
    const world = await open({ ALTCHA_COST: "1", RESEND_SECONDS: "1" });
    const [mine, others] = [phoneNo(1), phoneNo(2)];
    const ask = (more: object) => world.post("/v1/verifications", { phone: mine, ...more });
    const { accessToken, deviceToken } = await world.signIn(mine);
    await ask({ deviceToken: `${deviceToken.slice(0, -2)}AA` });
    await ask({ phone: others, deviceToken });
    await world.request("/v1/sessions?scope=all", { method: "DELETE", headers: bearer(accessToken) });
    world.clock.advance(5 * MINUTE_MS);
    await ask({ deviceToken });

    const solve = async () => {
      const offer = await world.post("/v1/challenges", { phone: others });
      return await solveAltcha((await bodyOf<{ puzzle: object }>(offer)).puzzle);
    };
    const [stale, used] = [await solve(), await solve()];
    world.clock.advance(MINUTE_MS);
    for (let n = 0; n < 2; n += 1) {
      await ask({ phone: others, captcha: used });
      world.clock.advance(MINUTE_MS);
    }
    await ask({ captcha: used });
    world.clock.advance(4 * MINUTE_MS);
    await ask({ phone: others, captcha: stale });

    await ask({ phone: "1".repeat(20_000) });
    for (const wrong of [{ phone: 5 }, { phone: [mine] }, { deviceToken: {} }, { captcha: "x" }])
      await ask(wrong);
    await world.post("/v1/verifications", { phone: "12" });
    const call = (query: string) => Promise.resolve(world.request(`/functions/sms?${query}`));
    for (const query of ["method=getSms", `method=x&phone=${mine.slice(3)}`, "method=getSms&phone=12"])
      await call(query);
    await call(`method=login&phone=${mine.slice(3)}&token=forged`);

    expect(await counted(world)).toEqual(
      expect.arrayContaining([
        'phonekey_device_tokens_refused_total{reason="invalid"} 1',
        'phonekey_device_tokens_refused_total{reason="foreign"} 1',
        'phonekey_device_tokens_refused_total{reason="ended"} 1',
        'phonekey_challenge_verdicts_total{kind="altcha",verdict="solved"} 2',
        // For another number, and stale.
        'phonekey_challenge_verdicts_total{kind="altcha",verdict="invalid"} 2',
        'phonekey_send_decisions_total{decision="challenge",check="captcha_used"} 1',
        'phonekey_refusals_total{refusal="captcha_required"} 3',
        'phonekey_refusals_total{refusal="request_too_large"} 1',
        'phonekey_refusals_total{refusal="invalid_request"} 4',
        'phonekey_refusals_total{refusal="invalid_phone"} 2',
        'phonekey_refusals_total{refusal="missing"} 1',
        'phonekey_refusals_total{refusal="noMethod"} 1',
        'phonekey_refusals_total{refusal="wrong_token"} 1',
      ]),
    );
  });

  it("is bad input at the pages, too", async () => {
    const world = await open();
    const visitor = createVisitor(world);
    await visitor.go("/sign-in");
    await visitor.go("/sign-in", { phone: "12", country: "CN" });
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/code");
    await visitor.go("/sign-in/code", { code: "x" });
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" }, { origin: "https://evil.example" });
    await visitor.go("/sign-in", { phone: "1".repeat(20_000) }, { accept: "text/html" });
    expect(await counted(world)).toEqual(
      expect.arrayContaining(
        ["invalid_phone", "invalid_request", "forbidden_origin", "request_too_large"].map(
          (refusal) => `phonekey_refusals_total{refusal="${refusal}"} 1`,
        ),
      ),
    );
  });

  it("is alerts, also those that the periodic work raises", async () => {
    const world = await open({ SPEND_HOUR: "1 CNY", SMS_PRICES: "CNY, CN=1" });
    world.sms.answer({ status: "accepted", alert: { kind: "sms_balance", subject: "test" } });
    await start(world);
    await world.tick();
    expect(await counted(world)).toEqual(
      expect.arrayContaining([
        'phonekey_alerts_total{kind="sms_balance",change="raised"} 1',
        expect.stringMatching(/^phonekey_alerts_total\{kind="spend",change="raised"\} \d$/),
      ]),
    );
    // The log has them too: it is all that there is without a webhook.
    for (const kind of ["sms_balance", "spend"]) {
      const raised = { what: "raised", alert: expect.objectContaining({ kind }) };
      expect(world.logged).toContainEqual(expect.objectContaining(raised));
    }
  });

  it("is also requests that reach no route", async () => {
    const world = await open();
    const answered: object[] = [];
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const metrics = { countRequest: (request: object) => void answered.push(request) };
    const server = createHttpServer(world.app, { log, metrics }).listen(0, LOOPBACK);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const headers = "Host: localhost\r\nConnection: close\r\n";
    await sendRaw(port, "no request at all\r\n\r\n");
    await sendRaw(port, `GET / HTTP/1.1\r\n${headers}Expect: the unexpected\r\n\r\n`);
    await sendRaw(port, `GET / HTTP/1.1\r\n${headers}${"X: y\r\n".repeat(600)}\r\n`);
    await sendRaw(port, `GET http:// HTTP/1.1\r\n${headers}\r\n`);
    expect(answered).toMatchObject([
      { route: "none", method: "", status: 400 },
      { route: "none", method: "GET", status: 400 },
      { route: "none", method: "GET", status: 431 },
      { route: "none", status: 400 },
    ]);
  });

  it("holds nothing that a caller made up, and does not grow with it (promise 4)", async () => {
    const world = await open({
      LIMIT_ADDRESS_SENDS: "unlimited",
      GUARD_MODE: "off",
      ALLOWED_COUNTRIES: "all",
    });
    const { id } = await start(world);
    const code = world.sms.lastCode();
    /** Everything a caller can write into a request, with this text in it. */
    const say = async (text: string) => {
      const headers = { "user-agent": text, "x-request-id": text, authorization: text, cookie: text };
      const target = encodeURIComponent(text);
      for (const path of [
        `/${target}`,
        `/v1/${target}`,
        `/v1/verifications/${target}`,
        `/assets/${target}`,
      ]) {
        await world.request(`${path}?${target}=${target}`, { headers, method: "GET" });
      }
      await world.request(`/callbacks/tencent/${target}/status`, { method: "POST", headers, body: text });
      await world.request("/v1/me", { method: text.replace(/\W/g, "").toUpperCase(), headers });
      const captcha = { kind: text, payload: text };
      await world.post("/v1/verifications", { phone: text, purpose: text, locale: text, captcha });
      await world.post("/v1/verifications", {
        phone: PHONE,
        deviceToken: text,
        captcha: { ...captcha, kind: "altcha" },
      });
      await world.post("/v1/sessions", { verificationId: text, code: text });
      await world.post("/v1/sessions", { verificationId: id, code: text });
      await world.request(
        `/functions/sms?method=${target}&phone=${target}&code=${target}&sessionId=${target}`,
      );
      await world.request("/v1/healthz", {
        headers: { "x-forwarded-for": text, host: "h" },
        from: "10.0.0.1",
      });
    };
    const made = ["Canary one", PHONE, code, "203.0.113.7", 'x",y="1'];
    await say("first");
    const before = await counted(world);
    for (const text of made) await say(text);
    const [after, all] = [await counted(world), await readAll(world)];
    const names = (lines: readonly string[]) => lines.map((line) => line.replace(/ \d+$/, "")).sort();
    const own = all
      .split("\n")
      .filter((line) => line.startsWith("phonekey_"))
      .join("\n");
    for (const text of [...made, "Canary", "CANARY", "FIRST", PHONE.slice(1), id])
      expect(own).not.toContain(text);
    const added = names(after).filter((name) => !names(before).includes(name));
    expect(added.length).toBeLessThan(12);
  });
});

it("names each counter once, by the rules of Prometheus, with what it tells", async () => {
  const metrics = createMetrics();
  const { text } = await metrics.read();
  for (const { name, help, labels } of Object.values(COUNTERS)) {
    expect(name).toMatch(/^phonekey_[a-z_]+_total$/);
    expect(text.split(`# HELP ${name} `)).toHaveLength(2);
    expect(help.length).toBeLessThan(140);
    expect(labels.length).toBeGreaterThan(0);
  }
});
