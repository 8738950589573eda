import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, DAY_MS, MINUTE_MS, opened, PHONE, phoneNo, refused, SECOND_MS } from "../support.ts";
import { factorCalls } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { LIMIT_PHONE_SENDS: "unlimited", GUARD_MODE: "off", CAPTCHA: "off" } });
});
afterEach(() => world.close());
const { send, post, codeOf, raise, confirmed, addApp, protectedBy, challenged, secondStep } = factorCalls(
  () => world,
);

describe("an authenticator app", () => {
  it("is added by its first right code, which raises the session to two factors", async () => {
    const person = await world.signIn(PHONE);
    const { secret, id } = await addApp(person);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const { accessToken } = await bodyOf<OpenedSession>(
      await world.post("/v1/sessions/refresh", { refreshToken: person.refreshToken }),
    );
    expect(decodeJwt(accessToken)).toMatchObject({ acr: "2", amr: ["sms", "otp", "mfa"] });
    const factors = await bodyOf<object>(await send("GET", "/v1/me/factors", person));
    expect(factors).toMatchObject({ loginProtection: "off", factors: [{ id, kind: "totp" }] });
    expect(JSON.stringify(factors)).not.toContain(secret);
  });

  it("is told to its owner by a notice when it is added and when it is removed", async () => {
    const person = await world.signIn(PHONE);
    const { id } = await addApp(person);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "factor_added" });
    expect((await send("DELETE", `/v1/me/factors/${id}`, person)).status).toBe(204);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "factor_removed" });
  });

  it("needs a recent confirmation to be added, and the refusal says of which level and age", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(11 * MINUTE_MS);
    const response = await post("/v1/me/factors/totp", person);
    expect(response.headers.get("www-authenticate")).toBe(
      'Bearer error="insufficient_user_authentication", acr_values="1", max_age="600"',
    );
    expect(await refused(response, "step_up_required")).toMatchObject({ acrValues: "1", maxAge: 600 });
    await addApp(await confirmed(person));
  });

  it("needs a recent confirmation to be removed", async () => {
    const person = await world.signIn(PHONE);
    const { id } = await addApp(person);
    world.clock.advance(11 * MINUTE_MS);
    await refused(await send("DELETE", `/v1/me/factors/${id}`, person), "step_up_required");
  });

  it("is nobody else's, proposed or confirmed: other users get not_found (T30)", async () => {
    const [person, other] = [await world.signIn(PHONE), await world.signIn(phoneNo(7))];
    const { id, secret } = await bodyOf<{ id: string; secret: string }>(
      await post("/v1/me/factors/totp", person),
    );
    const path = `/v1/me/factors/totp/${id}/confirm`;
    await refused(await post(path, other, { code: codeOf(secret) }), "not_found");
    expect((await post(path, person, { code: codeOf(secret) })).status).toBe(204);
    await refused(await send("DELETE", `/v1/me/factors/${id}`, other), "not_found");
    await refused(await post(path, person, { code: codeOf(secret) }), "not_found");
  });
});

describe("a code of an authenticator app", () => {
  it("is accepted one step early or late, each step once, and none before the last accepted one (RFC 6238)", async () => {
    const { person, app } = await protectedBy(PHONE);
    const now = world.clock.now();
    const at = (steps: number) => ({ totp: codeOf(app.secret, now + steps * 30 * SECOND_MS) });
    await refused(await raise(person, at(-2)), "invalid_code");
    await refused(await raise(person, at(2)), "invalid_code");
    expect((await raise(person, at(0))).status).toBe(200);
    await refused(await raise(person, at(0)), "invalid_code");
    await refused(await raise(person, at(-1)), "invalid_code");
    expect((await raise(person, at(1))).status).toBe(200);
  });

  it("can be guessed five times an hour over all challenges of strangers", async () => {
    const { app } = await protectedBy(PHONE);
    for (let n = 0; n < 5; n += 1) {
      const { challenge } = await challenged(PHONE);
      await refused(await secondStep(challenge, { totp: "000000" }), "invalid_code");
      world.clock.advance(MINUTE_MS);
    }
    const { challenge } = await challenged(PHONE);
    await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "too_many_requests");
  });

  it("can be guessed thirty times a month", async () => {
    const { app } = await protectedBy(PHONE);
    for (let day = 0; day < 6; day += 1) {
      for (let n = 0; n < 5; n += 1) {
        const { challenge } = await challenged(PHONE);
        await refused(await secondStep(challenge, { totp: "000000" }), "invalid_code");
        world.clock.advance(MINUTE_MS);
      }
      world.clock.advance(DAY_MS);
    }
    const { challenge } = await challenged(PHONE);
    await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "too_many_requests");
  });

  it("has guesses for known devices that strangers do not use up", async () => {
    const { app } = await protectedBy(PHONE);
    const first = await challenged(PHONE);
    const { deviceToken } = await opened(await secondStep(first.challenge, { totp: codeOf(app.secret) }));
    for (let n = 0; n < 5; n += 1) {
      const { challenge } = await challenged(PHONE);
      await refused(await secondStep(challenge, { totp: "000000" }), "invalid_code");
      world.clock.advance(MINUTE_MS);
    }
    const { challenge } = await challenged(PHONE, { deviceToken });
    await opened(await secondStep(challenge, { totp: codeOf(app.secret), deviceToken }));
  });
});

describe("recovery codes", () => {
  const renew = async (person: { accessToken: string }) =>
    (await bodyOf<{ codes: readonly string[] }>(await post("/v1/me/factors/recovery-codes", person))).codes;

  it("are ten, each accepted once, in several ways of writing; making and using them sends notices", async () => {
    const { person } = await protectedBy(PHONE);
    const codes = await renew(person);
    // One notice of the app, and one of the codes.
    expect(world.sms.sent.filter(({ purpose }) => purpose === "factor_added")).toHaveLength(2);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/);
    const [code = ""] = codes;
    const first = await challenged(PHONE);
    expect(first.methods).toEqual(["otp", "recovery"]);
    const typed = code.toUpperCase().replaceAll("-", " ").replaceAll("0", "O").replaceAll("1", "I");
    const session = await opened(await secondStep(first.challenge, { recoveryCode: typed }));
    expect(decodeJwt(session.accessToken)).toMatchObject({ acr: "2", amr: ["sms", "recovery", "mfa"] });
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "recovery_code_used" });
    const again = await challenged(PHONE);
    await refused(await secondStep(again.challenge, { recoveryCode: code }), "invalid_code");
    const wide = codes[1]?.replace(/[0-9a-z]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
    await opened(await secondStep(again.challenge, { recoveryCode: wide }));
    expect(await bodyOf(await send("GET", "/v1/me/factors", session))).toMatchObject({
      recoveryCodesLeft: 8,
    });
  });

  it("replace the former ones, and are refused to an account without a second factor", async () => {
    const person = await world.signIn(phoneNo(9));
    await refused(await post("/v1/me/factors/recovery-codes", person), "factor_missing");
    const { person: owner } = await protectedBy(PHONE);
    const [old = ""] = await renew(owner);
    await renew(owner);
    const { challenge } = await challenged(PHONE);
    await refused(await secondStep(challenge, { recoveryCode: old }), "invalid_code");
  });
});
