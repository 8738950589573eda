import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestVerifier } from "../../support/challenges.ts";
import { bearer, createWorld, type World } from "../../support/world.ts";
import { openMoving } from "../../transfer/support.ts";
import { bodyOf, MINUTE_MS, phoneNo, refused, SECOND_MS, wrongCode } from "../support.ts";
import { type Answer, codeFor, createFunctionsClient } from "./client.ts";
import { NO_SESSION } from "./stage.ts";

const APP = "https://app.example";
const PHONE = "13800138000";
const SMS = `/functions/sms?method=getSms&phone=${PHONE}`;

let world: World;
let client: ReturnType<typeof createFunctionsClient>;

async function start(env: Record<string, string> = {}): Promise<void> {
  await world.close();
  world = await createWorld({ env });
}

beforeEach(async () => {
  world = await createWorld({ env: { ALLOWED_ORIGINS: APP } });
  client = createFunctionsClient(() => world, "198.51.100.1");
});
afterEach(() => world.close());

async function answerOf(path: string, init: RequestInit & { from?: string } = {}): Promise<Answer> {
  return await bodyOf<Answer>(await world.request(path, init));
}

describe("requests from web pages", () => {
  const send = (headers: Record<string, string>, method = "POST") =>
    world.request("/functions/sms", {
      method,
      headers,
      ...(method === "POST" && { body: `method=getSms&phone=${PHONE}` }),
    });

  it.each([
    "https://evil.example",
    "null",
    "https://app.example.evil.example",
    "http://app.example",
    "https://app.example:8443",
    "https://xapp.example",
    "http://localhost:8081",
  ])("of the origin %s are refused, and told to no script", async (origin) => {
    const response = await send({ origin });
    expect(response.status).toBe(200);
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
    expect(await bodyOf<Answer>(response)).toMatchObject({
      errorCode: -1003,
      data: { codeStr: "forbidden_origin" },
    });
    expect(world.sms.sent).toHaveLength(0);
  });

  it("of an app that is named are taken, of another they are refused", async () => {
    await start({ ALLOWED_ORIGINS: `${APP},capacitor://localhost` });
    const refusing = await bodyOf<Answer>(await send({ origin: "ionic://localhost" }));
    expect(refusing).toMatchObject({ errorCode: -1003, data: { codeStr: "forbidden_origin" } });
    const response = await send({ origin: "capacitor://localhost" });
    expect(response.headers.get("access-control-allow-origin")).toBe("capacitor://localhost");
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    expect(await bodyOf<Answer>(response)).toMatchObject({ errorCode: 0 });
  });

  it.each(["cross-site", "same-site"])(
    "that load it as a picture or a link (%s) are refused",
    async (site) => {
      const { data } = await answerOf(SMS, { headers: { "sec-fetch-site": site } });
      expect(data).toMatchObject({ codeStr: "forbidden_origin" });
      expect(world.sms.sent).toHaveLength(0);
    },
  );

  it.each([
    [{ origin: APP, "sec-fetch-site": "cross-site" }],
    [{ origin: "http://localhost:8080", "sec-fetch-site": "same-origin" }],
    [{ "sec-fetch-site": "none" }],
    [{ "sec-fetch-site": "same-origin" }],
    [{}],
  ])("with %j are taken", async (headers: Record<string, string>) => {
    expect(await bodyOf<Answer>(await send(headers))).toMatchObject({ errorCode: 0 });
  });

  it("of an allowed origin may be read by its scripts, preflight included", async () => {
    const response = await send({ origin: APP });
    expect(response.headers.get("access-control-allow-origin")).toBe(APP);
    const preflight = {
      method: "OPTIONS",
      headers: { origin: APP, "access-control-request-method": "POST" },
    };
    const allowed = await world.request("/functions/sms", preflight);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-methods")).toContain("POST");
    expect(allowed.headers.get("access-control-allow-headers")).toContain("content-type");
  });
});

describe("settings", () => {
  it("FUNCTIONS_API=off takes the door away", async () => {
    await start({ FUNCTIONS_API: "off" });
    for (const name of ["sms", "getUserInfo", "setNickname"]) {
      await refused(await world.request(`/functions/${name}`, { method: "POST", body: "{}" }), "not_found");
    }
    const body = "x".repeat(17 * 1024);
    await refused(await world.request("/functions/sms", { method: "POST", body }), "request_too_large");
  });

  it("FUNCTIONS_ALLOW_GET=false takes POST alone (D7)", async () => {
    await start({ FUNCTIONS_ALLOW_GET: "false" });
    expect(await answerOf(SMS)).toEqual({
      errorCode: -1004,
      errorMessage: "This address does not take that method.",
    });
    expect(await client.getSms(PHONE)).toMatchObject({ errorCode: 0 });
  });

  it("HEAD sends nothing", async () => {
    expect((await world.request(SMS, { method: "HEAD" })).status).toBe(200);
    expect(world.sms.sent).toHaveLength(0);
  });

  it("another function is not found", async () => {
    await refused(await world.request("/functions/other"), "not_found");
    await refused(await world.request("/functions/sms/x"), "not_found");
  });
});

describe("languages", () => {
  it("follow Accept-Language, in answers and in the SMS", async () => {
    const headers = { "accept-language": "zh-CN,zh;q=0.9" };
    expect(await answerOf("/functions/sms", { headers })).toEqual({
      errorCode: -1001,
      errorMessage: "缺少参数",
    });
    const zh = await answerOf(SMS.replace(PHONE, "1"), { headers });
    expect(zh).toEqual({ errorCode: -1002, errorMessage: "手机号无效。" });
    await answerOf(SMS, { headers });
    expect(world.sms.sent.at(-1)).toMatchObject({ locale: "zh-CN" });
    const { token, userId } = await client.signedIn(phoneNo(4).slice(3));
    const named = new URLSearchParams({ token, userId, name: "\u0000" });
    expect(await answerOf(`/functions/setNickname?${named}`, { headers })).toEqual({
      errorCode: -1003,
      errorMessage: expect.stringContaining("昵称"),
      data: { codeStr: "invalid_request", requestId: expect.any(String) },
    });
  });

  it("are DEFAULT_LOCALE where none is asked for", async () => {
    await start({ DEFAULT_LOCALE: "zh-CN" });
    expect(await answerOf("/functions/sms")).toMatchObject({ errorMessage: "缺少参数" });
  });
});

describe("faults", () => {
  it("are HTTP 503 with -1003, and say nothing of themselves", async () => {
    let isBroken = false;
    const onStatement = () => {
      if (isBroken) throw new Error(`row (${PHONE})`);
    };
    const failing = await createWorld({ parts: { onStatement } });
    isBroken = true;
    const response = await failing.request(SMS);
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      errorCode: -1003,
      errorMessage: "Something went wrong on our side. Please try again later.",
      data: { codeStr: "internal_error", requestId: expect.any(String) },
    });
    expect(text).not.toContain(PHONE);
    expect(failing.logged.at(-2)).toMatchObject({ message: "fault", route: "/functions/sms" });
    isBroken = false;
    await failing.close();
  });
});

describe("tokens of every other kind", () => {
  it("are no token here, and this one is none of theirs (promise 10)", async () => {
    const native = await world.signIn(`+86${PHONE}`);
    world.clock.advance(10 * MINUTE_MS);
    const { token, userId } = await client.signedIn(PHONE);
    expect(userId).toBe(native.user.id);
    for (const other of [native.accessToken, native.refreshToken, native.deviceToken]) {
      expect((await client.tokenLogin(PHONE, other)).errorCode).toBe(-1005);
      expect((await client.getUserInfo({ userId }, other)).errorCode).toBe(-1005);
      expect((await client.setNickname(userId, "Lin", other)).errorCode).toBe(-1005);
    }
    await refused(await world.request("/v1/me", { headers: bearer(token) }), "invalid_token");
    await refused(await world.post("/v1/sessions/refresh", { refreshToken: token }), "invalid_refresh_token");
    const asPage = await world.request("/account", {
      headers: { cookie: `__Host-session=${token}; session=${token}` },
    });
    expect(asPage.status).toBe(303);
  });

  it("the token names its session and its user, under a key that is in no JWKS", async () => {
    const { token, userId } = await client.signedIn(PHONE);
    const [header, claims] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
    expect(JSON.parse(claims ?? "")).toMatchObject({
      phone: PHONE,
      userId,
      name: "",
      avatar: expect.any(String),
    });
    const { iat, exp } = JSON.parse(claims ?? "");
    expect(exp - iat).toBe(30 * 86_400);
    const jwks = await (await world.request("/.well-known/jwks.json")).text();
    expect(jwks).not.toContain(JSON.parse(header ?? "").kid);
  });

  it("its session is one of the user's, under the name that the client gives itself", async () => {
    const headers = { "user-agent": "demo-client/1.0", "content-type": "application/x-www-form-urlencoded" };
    const sessionId = await client.started(PHONE);
    const body = new URLSearchParams({
      method: "login",
      phone: PHONE,
      code: codeFor(world, PHONE),
      sessionId,
    });
    await world.request("/functions/sms", { method: "POST", headers, body, from: client.from });
    world.clock.advance(10 * MINUTE_MS);
    const { accessToken } = await world.signIn(`+86${PHONE}`);
    const listed = await world.request("/v1/sessions", { headers: bearer(accessToken) });
    expect(JSON.stringify(await listed.json())).toContain("demo-client");
  });
});

describe("users and phones", () => {
  it("who was moved in from the demo keeps the number that was their id (D18)", async () => {
    const moving = await openMoving();
    const line = JSON.stringify({ id: "7", phone: PHONE, name: "Lin", avatar: 4 });
    expect((await moving.import(`${line}\n`)).counts).toMatchObject({ imported: 1 });
    const mover = createFunctionsClient(() => moving.world, "198.51.100.1");
    const { token, userId } = await mover.signedIn(PHONE);
    expect(userId).toBe("7");
    expect((await mover.getUserInfo({ userId: "7" }, token)).data).toEqual({
      phone: PHONE,
      name: "Lin",
      avatar: "http://localhost:8080/avatars/4.svg",
      userId: "7",
    });
    expect((await mover.setNickname("7", "Li", token)).errorCode).toBe(0);
    expect((await mover.getUserInfo({ userId: "07" }, token)).errorCode).toBe(-1007);
    await moving.close();
  });

  it("numbers of other countries come out in E.164, pictures and tokens under PUBLIC_URL", async () => {
    await start({ ALLOWED_COUNTRIES: "CN,US", PUBLIC_URL: "https://id.example" });
    const american = "+12133734253";
    const sessionId = await client.started("+1 (213) 373-4253");
    const { data } = await client.login(american, world.sms.lastCode(american), sessionId);
    expect(data).toMatchObject({
      phone: american,
      avatar: expect.stringMatching(/^https:\/\/id\.example\/avatars\//),
    });
    expect((await client.getUserInfo({ phone: american }, String(data?.token))).data).toMatchObject({
      phone: american,
    });
  });

  it("tells apart what is wrong with a number", async () => {
    expect(await client.getSms("+12133734253")).toEqual({
      errorCode: -1002,
      errorMessage: "Phone numbers of this country are not accepted here.",
    });
    expect(await client.getSms("01065529988")).toEqual({
      errorCode: -1002,
      errorMessage: "This number cannot receive our messages. Use a mobile number.",
    });
  });
});

describe("holding by address", () => {
  it("gives the same code and no new guesses, until it is used up (promise 2)", async () => {
    const sessionId = await client.started(PHONE);
    const code = codeFor(world, PHONE);
    for (const waitSeconds of [31, 61, 121]) {
      expect((await client.login(PHONE, wrongCode(code), sessionId)).errorCode).toBe(-1102);
      world.clock.advance(waitSeconds * SECOND_MS);
      const again = await client.getSms(PHONE);
      if (waitSeconds < 121) expect(again.data).toMatchObject({ sessionId });
      else expect(again.data?.sessionId).not.toBe(sessionId);
    }
  });

  it("an IPv6 client holds by its network, and nobody from the next one", async () => {
    const at = (from: string) => createFunctionsClient(() => world, from);
    const sessionId = await at("2001:db8:1:2::1").started(PHONE);
    world.clock.advance(31 * SECOND_MS);
    expect(await at("2001:db8:1:2:ffff::9").started(PHONE)).toBe(sessionId);
    world.clock.advance(61 * SECOND_MS);
    expect(await at("2001:db8:1:3::1").started(PHONE)).not.toBe(sessionId);
  });

  it("finds nothing that was started at the native API, nor for another phone", async () => {
    await world.post("/v1/verifications", { phone: `+86${PHONE}` }, {}, client.from);
    expect((await client.login(PHONE, codeFor(world, PHONE), NO_SESSION)).errorCode).toBe(-1100);
    await client.started(phoneNo(4).slice(3));
    expect((await client.login(PHONE, "123456", NO_SESSION)).errorCode).toBe(-1100);
  });

  it("is off where no address can be trusted: the session id alone tells who started", async () => {
    const headers = { "x-forwarded-for": "198.51.100.9" };
    const from = "10.0.0.1";
    const { data } = await answerOf(SMS, { headers, from });
    const login = (code: string, sessionId: string) =>
      answerOf(`/functions/sms?${new URLSearchParams({ method: "login", phone: PHONE, code, sessionId })}`, {
        headers,
        from,
      });
    const code = codeFor(world, PHONE);
    expect((await login(code, NO_SESSION)).errorCode).toBe(-1100);
    expect((await login(wrongCode(code), String(data?.sessionId))).errorCode).toBe(-1102);
    expect((await login(code, String(data?.sessionId))).errorCode).toBe(0);
  });

  it("a verification that a browser started is nobody's here", async () => {
    const page = await world.request("/sign-in");
    const cookie = page.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; ");
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
    const headers = {
      cookie,
      origin: "http://localhost:8080",
      "content-type": "application/x-www-form-urlencoded",
    };
    const body = new URLSearchParams({ phone: PHONE, csrf, country: "CN" });
    await world.request("/sign-in", { method: "POST", headers, body, from: client.from });
    expect(world.sms.sent).toHaveLength(1);
    expect((await client.login(PHONE, codeFor(world, PHONE), NO_SESSION)).errorCode).toBe(-1100);
  });
});

describe("limits", () => {
  it("a wrong sessionId costs its address a check (D12)", async () => {
    await start({ LIMIT_ADDRESS_CHECKS: "3/5m" });
    for (let n = 0; n < 3; n += 1) await client.login(PHONE, "123456", NO_SESSION);
    const refusal = await client.login(PHONE, "123456", NO_SESSION);
    expect(refusal).toMatchObject({
      errorCode: -1003,
      data: { codeStr: "too_many_requests", retryAfter: 300 },
    });
  });
});

describe("challenges", () => {
  async function withChallenges(kind: "tencent" | "turnstile") {
    await world.close();
    const { verifier, judged } = createTestVerifier(kind);
    world = await createWorld({ parts: { challenges: { verifier, when: "always" } } });
    return judged;
  }

  const getSms = (phone: string, solved: Record<string, string> = {}) =>
    client.call("sms", { method: "getSms", phone, ...solved });

  it("are asked for by -1003, and answered by ticket and randstr, once", async () => {
    const judged = await withChallenges("tencent");
    const demanded = await getSms(PHONE);
    expect(demanded).toMatchObject({ errorCode: -1003, data: { codeStr: "captcha_required" } });
    expect(await getSms(PHONE, { ticket: "bad", randstr: "@1" })).toMatchObject({
      errorCode: -1003,
      data: { codeStr: "captcha_required" },
    });
    expect(world.sms.sent).toHaveLength(0);
    expect(await getSms(PHONE, { ticket: "good:1", randstr: "@1" })).toMatchObject({ errorCode: 0 });
    expect(judged.at(-1)).toMatchObject({
      captcha: { kind: "tencent", ticket: "good:1", randstr: "@1" },
      request: { address: client.from },
    });
    const other = phoneNo(10_007).slice(3);
    expect(await getSms(other, { ticket: "good:1", randstr: "@1" })).toMatchObject({
      data: { codeStr: "captcha_required" },
    });
  });

  it("come whole or not at all", async () => {
    const judged = await withChallenges("tencent");
    expect((await getSms(PHONE, { ticket: "good:1" })).errorCode).toBe(-1001);
    expect((await getSms(PHONE, { randstr: "@1" })).errorCode).toBe(-1001);
    expect((await getSms(PHONE, { ticket: "x".repeat(2_049), randstr: "@1" })).errorCode).toBe(-1001);
    expect(judged).toEqual([]);
  });

  it("of another kind are never asked for here: clients of the demo could not solve them", async () => {
    const judged = await withChallenges("turnstile");
    expect(await getSms(PHONE, { ticket: "good:1", randstr: "@1" })).toMatchObject({ errorCode: 0 });
    expect(judged).toEqual([]);
  });
});
