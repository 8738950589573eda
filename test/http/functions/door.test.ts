import { describe, expect, it } from "vitest";
import { createTestVerifier } from "../../support/challenges.ts";
import { createWorld } from "../../support/world.ts";
import { bodyOf, phoneNo, refused } from "../support.ts";
import type { Answer } from "./client.ts";
import { APP, answerOf, client, PHONE, SMS, start, useDoor, world } from "./door.ts";
import { NO_SESSION } from "./stage.ts";

useDoor();

describe("requests of web pages to the functions API", () => {
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
  ])("of the origin %s are refused, and no script may read the answer", async (origin) => {
    const response = await send({ origin });
    expect(response.status).toBe(200);
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
    expect(await bodyOf<Answer>(response)).toMatchObject({
      errorCode: -1003,
      data: { codeStr: "forbidden_origin" },
    });
    expect(world.sms.sent).toHaveLength(0);
  });

  it("of a native app's origin are accepted only if ALLOWED_ORIGINS names it", async () => {
    await start({ ALLOWED_ORIGINS: `${APP},capacitor://localhost` });
    const refusing = await bodyOf<Answer>(await send({ origin: "ionic://localhost" }));
    expect(refusing).toMatchObject({ errorCode: -1003, data: { codeStr: "forbidden_origin" } });
    const response = await send({ origin: "capacitor://localhost" });
    expect(response.headers.get("access-control-allow-origin")).toBe("capacitor://localhost");
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    expect(await bodyOf<Answer>(response)).toMatchObject({ errorCode: 0 });
  });

  it.each(["cross-site", "same-site"])(
    "without an Origin, as for an image or a link, are refused if Sec-Fetch-Site is %s",
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
  ])("with %j are accepted", async (headers: Record<string, string>) => {
    expect(await bodyOf<Answer>(await send(headers))).toMatchObject({ errorCode: 0 });
  });

  it("of an allowed origin are answered with CORS headers, preflight included", async () => {
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

describe("the functions API", () => {
  it("is not found if FUNCTIONS_API is off", async () => {
    await start({ FUNCTIONS_API: "off" });
    for (const name of ["sms", "getUserInfo", "setNickname"]) {
      await refused(await world.request(`/functions/${name}`, { method: "POST", body: "{}" }), "not_found");
    }
    const body = "x".repeat(17 * 1024);
    await refused(await world.request("/functions/sms", { method: "POST", body }), "request_too_large");
  });

  it("accepts only POST if FUNCTIONS_ALLOW_GET is false (D7)", async () => {
    await start({ FUNCTIONS_ALLOW_GET: "false" });
    expect(await answerOf(SMS)).toEqual({
      errorCode: -1004,
      errorMessage: "This address does not take that method.",
    });
    expect(await client.getSms(PHONE)).toMatchObject({ errorCode: 0 });
  });

  it("sends no message for HEAD", async () => {
    expect((await world.request(SMS, { method: "HEAD" })).status).toBe(200);
    expect(world.sms.sent).toHaveLength(0);
  });

  it("has no function of another name", async () => {
    await refused(await world.request("/functions/other"), "not_found");
    await refused(await world.request("/functions/sms/x"), "not_found");
  });
});

describe("the language of the functions API", () => {
  it("follows Accept-Language, in answers and in the SMS", async () => {
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

  it("is DEFAULT_LOCALE without Accept-Language", async () => {
    await start({ DEFAULT_LOCALE: "zh-CN" });
    expect(await answerOf("/functions/sms")).toMatchObject({ errorMessage: "缺少参数" });
  });
});

describe("a fault at the functions API", () => {
  it("is answered HTTP 503 with -1003 and without its cause", async () => {
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
describe("a limit at the functions API", () => {
  it("counts a wrong sessionId as a check of its address (D12)", async () => {
    await start({ LIMIT_ADDRESS_CHECKS: "3/5m" });
    for (let n = 0; n < 3; n += 1) await client.login(PHONE, "123456", NO_SESSION);
    const refusal = await client.login(PHONE, "123456", NO_SESSION);
    expect(refusal).toMatchObject({
      errorCode: -1003,
      data: { codeStr: "too_many_requests", retryAfter: 300 },
    });
  });
});

describe("challenges at the functions API", () => {
  async function withChallenges(kind: "tencent" | "turnstile") {
    const { verifier, judged } = createTestVerifier(kind);
    await start({}, { challenges: { verifier, when: "always" } });
    return judged;
  }

  const getSms = (phone: string, solved: Record<string, string> = {}) =>
    client.call("sms", { method: "getSms", phone, ...solved });

  it("are demanded by -1003 with captcha_required, and solved once by ticket and randstr", async () => {
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

  it("need both ticket and randstr, of 2,048 characters at most", async () => {
    const judged = await withChallenges("tencent");
    expect((await getSms(PHONE, { ticket: "good:1" })).errorCode).toBe(-1001);
    expect((await getSms(PHONE, { randstr: "@1" })).errorCode).toBe(-1001);
    expect((await getSms(PHONE, { ticket: "x".repeat(2_049), randstr: "@1" })).errorCode).toBe(-1001);
    expect(judged).toEqual([]);
  });

  it("of another kind than tencent are not demanded: clients of the demo could not solve them", async () => {
    const judged = await withChallenges("turnstile");
    expect(await getSms(PHONE, { ticket: "good:1", randstr: "@1" })).toMatchObject({ errorCode: 0 });
    expect(judged).toEqual([]);
  });
});
