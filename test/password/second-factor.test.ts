import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { factorCalls } from "../http/factors/support.ts";
import { sessionCalls } from "../http/session/support.ts";
import {
  bodyOf,
  DAY_MS,
  MINUTE_MS,
  opened,
  PHONE,
  phoneNo,
  refused,
  start,
  type VerificationBody,
} from "../http/support.ts";
import type { World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
beforeEach(async () => {
  ({ world } = await createPasswordWorld({ env: { LIMIT_PHONE_SENDS: "unlimited", GUARD_MODE: "off" } }));
});
afterEach(() => world.close());
const { put, remove, signIn, signUp, reset } = passwordCalls(() => world);
const { send, raise, confirmed, addApp, codeOf, protect, firstStep, challenged, secondStep } = factorCalls(
  () => world,
);
const { refreshed } = sessionCalls(() => world);

/** A user whose login protection rests only on the password, which was set more than a day ago. */
async function protectedByPassword(when: "always" | "new_devices" = "always") {
  await signUp(PHONE);
  world.clock.advance(DAY_MS);
  const person = await world.signIn(PHONE);
  expect((await raise(person, { password: PASSWORD })).status).toBe(200);
  expect((await protect(person, when)).status).toBe(204);
  world.clock.advance(MINUTE_MS);
  return person;
}

async function resetBySms(): Promise<void> {
  const { id } = await start(world, PHONE, { purpose: "reset_password" });
  expect((await reset(id, world.sms.lastCode(PHONE), OTHER)).status).toBe(200);
  world.clock.advance(MINUTE_MS);
}

/** The first step with a password. */
async function passwordFirst(password: string) {
  const problem = await bodyOf<{ code: string; challenge: string; methods: string[] }>(
    await signIn(PHONE, password),
  );
  expect(problem.code).toBe("second_factor_required");
  return problem;
}

describe("a password as a second factor", () => {
  it("does not count beside an SMS code for a day if it was set with such a code only", async () => {
    const person = await signUp(PHONE);
    await refused(await raise(person, { password: PASSWORD }), "invalid_code");
    await refused(await protect(person, "always"), "factor_missing");
  });

  it.each([
    ["the previous password", { currentPassword: PASSWORD }],
    ["a session that such a password had raised", {}],
  ])("counts at once if it was set with %s", async (_, shown) => {
    await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const person = await world.signIn(PHONE);
    if (!("currentPassword" in shown)) await raise(person, { password: PASSWORD });
    expect((await put(person.accessToken, { newPassword: OTHER, ...shown })).status).toBe(204);
    world.clock.advance(MINUTE_MS);
    expect((await raise(await world.signIn(PHONE), { password: OTHER })).status).toBe(200);
  });

  it("is asked for after a code, and neither of the two alone opens a session", async () => {
    await protectedByPassword();
    const { challenge, methods } = await challenged(PHONE);
    expect(methods).toEqual(["pwd"]);
    await refused(await secondStep(challenge, { password: OTHER }), "invalid_code");
    const session = await opened(await secondStep(challenge, { password: PASSWORD }));
    expect(decodeJwt(session.accessToken)).toMatchObject({ acr: "2", amr: ["sms", "pwd", "mfa"] });
  });

  it("is enough on known devices if login protection is for new devices only", async () => {
    await protectedByPassword("new_devices");
    const { challenge } = await challenged(PHONE);
    const { deviceToken } = await opened(await secondStep(challenge, { password: PASSWORD }));
    world.clock.advance(MINUTE_MS);
    const session = await opened(await signIn(PHONE, PASSWORD, { deviceToken }));
    expect(decodeJwt(session.accessToken)).toMatchObject({ acr: "1", amr: ["pwd"] });
    await passwordFirst(PASSWORD);
  });

  it("as the first factor is followed by a code to the user's phone", async () => {
    await protectedByPassword();
    const { challenge, methods } = await passwordFirst(PASSWORD);
    expect(methods).toEqual(["sms"]);
    await refused(await secondStep(challenge, { password: PASSWORD }), "invalid_code");
    const asked = await world.post("/v1/verifications", { purpose: "second_factor", challenge });
    const { id: verificationId } = await bodyOf<VerificationBody>(asked);
    const code = world.sms.lastCode(PHONE);
    const session = await opened(await secondStep(challenge, { verificationId, code }));
    expect(decodeJwt(session.accessToken)).toMatchObject({ acr: "2", amr: ["pwd", "sms", "mfa"] });
  });

  it("as the first factor is not completed by a code to another phone", async () => {
    await protectedByPassword();
    const own = await passwordFirst(PASSWORD);
    const thief = await world.signIn(phoneNo(7));
    const headers = { authorization: `Bearer ${thief.accessToken}` };
    const asked = await world.post("/v1/verifications", { purpose: "second_factor" }, headers);
    const { id: verificationId } = await bodyOf<VerificationBody>(asked);
    const bySms = { verificationId, code: world.sms.lastCode(phoneNo(7)) };
    await refused(await secondStep(own.challenge, bySms), "invalid_code");
    expect((await raise(thief, bySms)).status).toBe(200);
  });

  it("does not count if the user has a stronger factor", async () => {
    const person = await protectedByPassword();
    const { secret } = await addApp(person);
    world.clock.advance(MINUTE_MS);
    const { challenge, methods } = await challenged(PHONE);
    expect(methods).toEqual(["otp"]);
    await refused(await secondStep(challenge, { password: PASSWORD }), "invalid_code");
    await opened(await secondStep(challenge, { totp: codeOf(secret) }));
  });

  it("has its own ledger: ten wrong guesses a day over all challenges", async () => {
    await protectedByPassword();
    for (let n = 0; n < 10; n += 1) {
      const { challenge } = await challenged(PHONE);
      await refused(await secondStep(challenge, { password: OTHER }), "invalid_code");
      world.clock.advance(MINUTE_MS);
    }
    const { challenge } = await challenged(PHONE);
    await refused(await secondStep(challenge, { password: PASSWORD }), "too_many_requests");
  });
});

it("login protection that rests on a password set today asks for that password, not for a factor that cannot be added", async () => {
  const person = await signUp(PHONE);
  const { id } = await addApp(person);
  expect((await send("DELETE", `/v1/me/factors/${id}`, person)).status).toBe(204);
  expect((await protect(person, "new_devices")).status).toBe(204);
  world.clock.advance(11 * MINUTE_MS);
  const session = await refreshed(person.refreshToken);
  for (const when of ["off", "always"]) {
    const needed = { acrValues: "2", methods: [] };
    expect(await refused(await protect(session, when), "step_up_required")).toMatchObject(needed);
  }
  world.clock.advance(DAY_MS);
  const later = await refreshed(session.refreshToken);
  expect((await raise(later, { password: PASSWORD })).status).toBe(200);
});

it("a password that login protection rests on cannot be removed before the protection is turned off", async () => {
  const person = await protectedByPassword();
  await refused(await remove(person.accessToken), "factor_needed");
  expect((await protect(person, "off")).status).toBe(204);
  expect((await remove(person.accessToken)).status).toBe(204);
});

it("login protection that rests on a password asks for it and then for a code, before a factor is added", async () => {
  const person = await protectedByPassword();
  world.clock.advance(11 * MINUTE_MS);
  const session = await refreshed(person.refreshToken);
  const add = () => send("POST", "/v1/me/factors/totp", session, {});
  expect(await refused(await add(), "step_up_required")).toMatchObject({ methods: ["pwd"] });
  expect((await raise(session, { password: PASSWORD })).status).toBe(200);
  expect(await refused(await add(), "step_up_required")).toMatchObject({ methods: ["sms"] });
  await confirmed(session);
  expect((await add()).status).toBe(201);
});

describe("after a reset by SMS", () => {
  it("code and new password do not count as two factors for a day, whichever comes first", async () => {
    await protectedByPassword();
    await resetBySms();
    expect(world.sms.sent.map(({ purpose }) => purpose)).toContain("password_reset");
    const response = await firstStep(PHONE);
    expect(response.headers.get("retry-after")).toBe(String((DAY_MS - MINUTE_MS) / 1_000));
    const { challenge, methods } = await bodyOf<{ challenge: string; methods: string[] }>(response);
    expect(methods).toEqual([]);
    await refused(await secondStep(challenge, { password: OTHER }), "invalid_code");
    const other = await passwordFirst(OTHER);
    expect(other.methods).toEqual([]);
    const asked = await world.post("/v1/verifications", {
      purpose: "second_factor",
      challenge: other.challenge,
    });
    const { id: verificationId } = await bodyOf<VerificationBody>(asked);
    const bySms = { verificationId, code: world.sms.lastCode(PHONE) };
    await refused(await secondStep(other.challenge, bySms), "invalid_code");

    world.clock.advance(DAY_MS - MINUTE_MS - 1);
    expect((await challenged(PHONE)).methods).toEqual([]);
    world.clock.advance(MINUTE_MS);
    const later = await challenged(PHONE);
    expect(later.methods).toEqual(["pwd"]);
    await opened(await secondStep(later.challenge, { password: OTHER }));
  });

  it("an authenticator app counts at once", async () => {
    const person = await protectedByPassword();
    const { secret } = await addApp(person);
    await resetBySms();
    const { challenge, methods } = await challenged(PHONE);
    expect(methods).toEqual(["otp"]);
    await opened(await secondStep(challenge, { totp: codeOf(secret) }));
  });
});
