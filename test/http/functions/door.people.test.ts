import { describe, expect, it } from "vitest";
import { createVisitor } from "../../support/visitor.ts";
import { bearer } from "../../support/world.ts";
import { openMoving } from "../../transfer/support.ts";
import { MINUTE_MS, phoneNo, refused, SECOND_MS, wrongCode } from "../support.ts";
import { codeFor, createFunctionsClient } from "./client.ts";
import { answerOf, client, PHONE, SMS, start, useDoor, world } from "./door.ts";
import { NO_SESSION } from "./stage.ts";

useDoor();

describe("the token of the functions API", () => {
  it("is not accepted as a token of another kind, nor another kind in its place (promise 10)", async () => {
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

  it("names its user, lives 30 days, and is signed by a key that is not in the JWKS", async () => {
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

  it("belongs to a session in the user's list, which shows the client's User-Agent", async () => {
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

describe("users and phones at the functions API", () => {
  it("a user who was imported from the demo keeps the numeric userId (D18)", async () => {
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

  it("numbers of other countries are answered in E.164, and avatars under PUBLIC_URL", async () => {
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

  it("a number of a country that is not allowed and a landline get messages of their own", async () => {
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

describe("a verification that is held by the client's address", () => {
  it("is sent again without new guesses until its three are used (promise 2)", async () => {
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

  it("is held by the /64 of an IPv6 client, and not by the next /64", async () => {
    const at = (from: string) => createFunctionsClient(() => world, from);
    const sessionId = await at("2001:db8:1:2::1").started(PHONE);
    world.clock.advance(31 * SECOND_MS);
    expect(await at("2001:db8:1:2:ffff::9").started(PHONE)).toBe(sessionId);
    world.clock.advance(61 * SECOND_MS);
    expect(await at("2001:db8:1:3::1").started(PHONE)).not.toBe(sessionId);
  });

  it("is none that was started at the native API, or for another phone", async () => {
    await world.post("/v1/verifications", { phone: `+86${PHONE}` }, {}, client.from);
    expect((await client.login(PHONE, codeFor(world, PHONE), NO_SESSION)).errorCode).toBe(-1100);
    await client.started(phoneNo(4).slice(3));
    expect((await client.login(PHONE, "123456", NO_SESSION)).errorCode).toBe(-1100);
  });

  it("is found only by its sessionId if the address cannot be trusted", async () => {
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

  it("is none that was started on the pages from the same address", async () => {
    const browser = createVisitor(world, client.from);
    await browser.go("/sign-in");
    await browser.go("/sign-in", { phone: PHONE, country: "CN" });
    expect(world.sms.sent).toHaveLength(1);
    expect((await client.login(PHONE, codeFor(world, PHONE), NO_SESSION)).errorCode).toBe(-1100);
  });
});

describe("if DEFAULT_COUNTRY is US", () => {
  /** A mobile number of mainland China; if its 1 is the calling code, also a number of Los Angeles. */
  const BOTH = "13105551234";

  it("a number as the demo writes it is taken and answered as one of mainland China", async () => {
    await start({ DEFAULT_COUNTRY: "US", ALLOWED_COUNTRIES: "US,CN" });
    const { token, userId } = await client.signedIn(BOTH);
    expect(await client.tokenLogin(BOTH, token)).toMatchObject({ errorCode: 0, data: { phone: BOTH } });
    expect((await client.getUserInfo({ phone: BOTH }, token)).data).toMatchObject({ userId });
  });

  it.each([
    ["US,CN", "202 555 0123", "+12025550123"],
    ["US,CN", "+1 310 555 1234", "+13105551234"],
    ["US", BOTH, "+13105551234"],
  ])("and ALLOWED_COUNTRIES is %s, %s is a number of the US", async (countries, phone, to) => {
    await start({ DEFAULT_COUNTRY: "US", ALLOWED_COUNTRIES: countries });
    await client.started(phone);
    expect(world.sms.sent.map((sms) => sms.to)).toEqual([to]);
  });
});
