import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bearer, createWorld, type World } from "../../support/world.ts";
import {
  bodyOf,
  MINUTE_MS,
  opened,
  PHONE,
  phoneNo,
  refused,
  start,
  type VerificationBody,
} from "../support.ts";
import { factorCalls } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { LIMIT_PHONE_SENDS: "unlimited", GUARD_MODE: "off", CAPTCHA: "off" } });
});
afterEach(() => world.close());
const {
  send,
  post,
  codeOf,
  raise,
  confirmed,
  addApp,
  protect,
  protectedBy,
  firstStep,
  challenged,
  secondStep,
} = factorCalls(() => world);

describe("login protection", () => {
  it("lets one factor open nothing, and two a session of level 2", async () => {
    const { app } = await protectedBy(PHONE);
    const { challenge, methods } = await challenged(PHONE);
    expect(methods).toEqual(["otp"]);
    const session = await opened(await secondStep(challenge, { totp: codeOf(app.secret) }));
    expect(decodeJwt(session.accessToken)).toMatchObject({ acr: "2", amr: ["sms", "otp", "mfa"] });
    expect(session).toMatchObject({ created: false, user: { phone: PHONE } });
  });

  it("ends all other sessions and makes all other devices unknown when it is turned on", async () => {
    const before = await world.signIn(PHONE);
    world.clock.advance(MINUTE_MS);
    await protectedBy(PHONE, "new_devices");
    await refused(await world.request("/v1/me", { headers: bearer(before.accessToken) }), "invalid_token");
    await challenged(PHONE, { deviceToken: before.deviceToken });
  });

  it("for new devices asks for one factor on a device that showed two before", async () => {
    const { app } = await protectedBy(PHONE, "new_devices");
    const { challenge } = await challenged(PHONE);
    const { deviceToken } = await opened(await secondStep(challenge, { totp: codeOf(app.secret) }));
    world.clock.advance(MINUTE_MS);
    await opened(await firstStep(PHONE, { deviceToken }));
  });

  it("for always asks for two factors on known devices too", async () => {
    const { app } = await protectedBy(PHONE);
    const { challenge } = await challenged(PHONE);
    const { deviceToken } = await opened(await secondStep(challenge, { totp: codeOf(app.secret) }));
    world.clock.advance(MINUTE_MS);
    await challenged(PHONE, { deviceToken });
  });

  it("is turned on only if the account has a second factor and the session showed it", async () => {
    const person = await world.signIn(PHONE);
    // An SMS code to the number that opened the session is no second factor.
    await refused(await protect(await confirmed(person), "always"), "factor_missing");
    const { id } = await addApp(person);
    world.clock.advance(MINUTE_MS);
    const other = await world.signIn(PHONE);
    expect(await refused(await protect(other, "always"), "step_up_required")).toMatchObject({
      acrValues: "2",
      methods: ["otp"],
    });
    expect((await send("DELETE", `/v1/me/factors/${id}`, person)).status).toBe(204);
    await refused(await protect(person, "always"), "factor_missing");
  });

  it("without a second factor is refused with factor_missing; turning it off when it is off changes nothing", async () => {
    const person = await world.signIn(PHONE);
    await refused(await protect(person, "always"), "factor_missing");
    expect((await protect(person, "off")).status).toBe(204);
    expect(world.sms.sent.at(-1)).toMatchObject({ purpose: "sign_in" });
  });

  it("does not let its last factor be removed, and needs two factors to be turned off (downgrade)", async () => {
    const { person, app } = await protectedBy(PHONE);
    await refused(await send("DELETE", `/v1/me/factors/${app.id}`, person), "factor_needed");
    world.clock.advance(10 * MINUTE_MS);
    const raisedBySms = await post("/v1/verifications", person, { purpose: "second_factor" });
    const { id: verificationId } = await bodyOf<VerificationBody>(raisedBySms);
    const bySms = { verificationId, code: world.sms.lastCode() };
    await refused(await raise(person, bySms), "invalid_code");
    expect(await refused(await protect(person, "off"), "step_up_required")).toMatchObject({ acrValues: "2" });
    expect((await raise(person, { totp: codeOf(app.secret) })).status).toBe(200);
    expect((await protect(person, "off")).status).toBe(204);
    expect(world.sms.sent.at(-1)).toMatchObject({ purpose: "login_protection_off" });
    await opened(await firstStep(PHONE));
  });

  it("also asks for a second factor at a sign-in that was begun before it was turned on", async () => {
    const person = await world.signIn(PHONE);
    const { id: verificationId } = await start(world, PHONE);
    const code = world.sms.lastCode(PHONE);
    await addApp(person);
    expect((await protect(person, "always")).status).toBe(204);
    await refused(await world.post("/v1/sessions", { verificationId, code }), "second_factor_required");
  });

  it("makes the functions API refuse sign-ins with -1201, since it has no second step", async () => {
    await protectedBy(PHONE);
    const form = (fields: Record<string, string>) =>
      world.request("/functions/sms", { method: "POST", body: new URLSearchParams(fields) });
    const sent = await bodyOf<{ data: { sessionId: string } }>(
      await form({ method: "getSms", phone: "13800138000" }),
    );
    const { sessionId } = sent.data;
    const code = world.sms.lastCode(PHONE);
    const answer = await bodyOf<{ errorCode: number; errorMessage: string; data?: object }>(
      await form({ method: "login", phone: "13800138000", code, sessionId }),
    );
    expect(answer.errorCode).toBe(-1201);
    expect(answer.errorMessage).toContain("http://localhost:8080/sign-in");
    expect(answer.data).toBeUndefined();
    const metrics = await (
      await world.request("/metrics", { from: "127.0.0.1", headers: { host: "localhost:8080" } })
    ).text();
    expect(metrics).toContain('phonekey_refusals_total{refusal="protected"} 1');
  });

  it("asks for a second factor after the code of a test number too", async () => {
    await protectedBy(PHONE);
    const { folder, clock } = world;
    const env = { TEST_NUMBERS: `${PHONE}=246810@2027-12-31`, LIMIT_PHONE_SENDS: "unlimited" };
    const restarted = await createWorld({ folder, clock, env });
    clock.advance(MINUTE_MS);
    const { id } = await start(restarted, PHONE);
    const entered = await restarted.post("/v1/sessions", { verificationId: id, code: "246810" });
    await refused(entered, "second_factor_required");
    await restarted.close();
  });
});

describe("the challenge of second_factor_required", () => {
  it("opens one session, however often it is shown (T25)", async () => {
    const { app } = await protectedBy(PHONE);
    const { challenge } = await challenged(PHONE);
    await opened(await secondStep(challenge, { totp: codeOf(app.secret) }));
    world.clock.advance(MINUTE_MS);
    await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "invalid_challenge");
  });

  it("ends after ten minutes, and when the user ends the other sessions", async () => {
    const { app, person } = await protectedBy(PHONE);
    const { challenge } = await challenged(PHONE);
    expect((await send("DELETE", "/v1/sessions?scope=others", person)).status).toBe(204);
    await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "invalid_challenge");
    const later = await challenged(PHONE);
    world.clock.advance(10 * MINUTE_MS);
    await refused(await secondStep(later.challenge, { totp: codeOf(app.secret) }), "invalid_challenge");
  });

  it("is refused with a factor of another user (T5)", async () => {
    await protectedBy(PHONE);
    const other = await protectedBy(phoneNo(7));
    const { challenge } = await challenged(PHONE);
    await refused(await secondStep(challenge, { totp: codeOf(other.app.secret) }), "invalid_code");
    const { id: verificationId } = await bodyOf<VerificationBody>(
      await post("/v1/verifications", other.person, { purpose: "second_factor" }),
    );
    const foreign = { verificationId, code: world.sms.lastCode() };
    await refused(await secondStep(challenge, foreign), "invalid_code");
  });

  it("is refused with an SMS code to the phone of the first step", async () => {
    await protectedBy(PHONE);
    const { challenge, methods } = await challenged(PHONE);
    expect(methods).not.toContain("sms");
    const asked = await world.post("/v1/verifications", { purpose: "second_factor", challenge });
    const { id: verificationId } = await bodyOf<VerificationBody>(asked);
    const own = { verificationId, code: world.sms.lastCode() };
    await refused(await secondStep(challenge, own), "invalid_code");
  });

  it("is refused without the device token of the first step", async () => {
    const { app } = await protectedBy(PHONE);
    const first = await challenged(PHONE);
    const { deviceToken } = await opened(await secondStep(first.challenge, { totp: codeOf(app.secret) }));
    world.clock.advance(MINUTE_MS);
    const { challenge } = await challenged(PHONE, { deviceToken });
    await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "invalid_challenge");
    await opened(await secondStep(challenge, { totp: codeOf(app.secret), deviceToken }));
  });

  it("is not accepted as another token, and no other token as a challenge (T29)", async () => {
    const { person } = await protectedBy(PHONE);
    const { challenge } = await challenged(PHONE);
    await refused(await world.request("/v1/me", { headers: bearer(challenge) }), "invalid_token");
    await refused(await secondStep(person.accessToken, { totp: "123456" }), "invalid_challenge");
    await refused(await secondStep(person.deviceToken, { totp: "123456" }), "invalid_challenge");
  });
});
