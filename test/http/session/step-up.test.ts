import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireRecent } from "../../../src/core/session/requirements.ts";
import { aSession, aUser, NOW } from "../../contracts/samples.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import {
  bodyOf,
  MINUTE_MS,
  open,
  PHONE,
  phoneNo,
  refused,
  start,
  type VerificationBody,
} from "../support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

type Person = Pick<OpenedSession, "accessToken">;

const ask = (person: Person, more: object = {}) =>
  world.post("/v1/verifications", { purpose: "second_factor", ...more }, bearer(person.accessToken));
const raise = (person: Person, body: object) =>
  world.post("/v1/sessions/current/step-up", body, bearer(person.accessToken));

async function asked(person: Person): Promise<{ verificationId: string; code: string }> {
  const response = await ask(person);
  expect(response.status).toBe(201);
  return { verificationId: (await bodyOf<VerificationBody>(response)).id, code: world.sms.lastCode() };
}

describe("a session's tokens", () => {
  it("say by acr, amr and auth_time how and when it was opened", async () => {
    const { accessToken } = await world.signIn(PHONE);
    const auth_time = world.clock.now() / 1_000;
    expect(decodeJwt(accessToken)).toMatchObject({ acr: "1", amr: ["sms"], auth_time });
  });

  it("say the same after a refresh, which confirms nobody", async () => {
    const { refreshToken } = await world.signIn(PHONE);
    const auth_time = world.clock.now() / 1_000;
    world.clock.advance(60 * MINUTE_MS);
    const next = await bodyOf<Person>(await world.post("/v1/sessions/refresh", { refreshToken }));
    expect(decodeJwt(next.accessToken)).toMatchObject({ acr: "1", amr: ["sms"], auth_time });
  });
});

describe("a step-up", () => {
  it("takes a code that went to the user's own phone, once, and gives a token with the new auth_time", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(10 * MINUTE_MS);
    const proof = await asked(person);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "second_factor" });
    const response = await raise(person, proof);
    expect(response.status).toBe(200);
    const { accessToken } = await bodyOf<Person>(response);
    const auth_time = world.clock.now() / 1_000;
    expect(decodeJwt(accessToken)).toMatchObject({ acr: "1", amr: ["sms"], auth_time });
    await refused(await raise(person, proof), "invalid_code");
  });

  it("can be started only with an access token, and only for the user's own phone (T30)", async () => {
    const person = await world.signIn(PHONE);
    const sent = world.sms.sent.length;
    await refused(await world.post("/v1/verifications", { purpose: "second_factor" }), "invalid_token");
    const foreign = { purpose: "second_factor", phone: PHONE };
    await refused(await world.post("/v1/verifications", foreign, bearer("x.y.z")), "invalid_token");
    await refused(await ask(person, { phone: phoneNo(7) }), "invalid_request", "phone");
    expect(world.sms.sent).toHaveLength(sent);
    expect((await ask(person, { phone: PHONE })).status).toBe(201);
  });

  it("refuses a code of another user or of another purpose (T5)", async () => {
    const [person, other] = [await world.signIn(PHONE), await world.signIn(phoneNo(7))];
    const foreign = await asked(other);
    await refused(await raise(person, foreign), "invalid_code");
    const signIn = await start(world, phoneNo(8));
    const code = world.sms.lastCode();
    await refused(await raise(person, { verificationId: signIn.id, code }), "invalid_code");
    expect((await raise(other, foreign)).status).toBe(200);
  });

  it("is no sign-in: its code opens no session", async () => {
    const person = await world.signIn(PHONE);
    const { verificationId, code } = await asked(person);
    await refused(await open(world, verificationId, code), "invalid_code");
  });
});

describe("requireRecent", () => {
  const need = { withinMs: 5 * MINUTE_MS };
  const user = aUser("k.tag");
  const protectedUser = { ...user, loginProtection: "new_devices" as const };
  const session = aSession(user.id);
  const two = { ...session, amr: ["sms", "otp"] as const };
  const lacks = (level: 1 | 2) => ({
    ok: false,
    refusal: { code: "step_up_required", stepUp: { level, maxAgeSeconds: 300 } },
  });

  it("accepts a confirmation of the given age, and none that is older", () => {
    expect(requireRecent({ user, session }, need, NOW + need.withinMs)).toEqual({ ok: true });
    expect(requireRecent({ user, session }, need, NOW + need.withinMs + 1)).toEqual(lacks(1));
  });

  it("asks for two factors if the level is 2 or the account has login protection", () => {
    expect(requireRecent({ user, session }, { ...need, level: 2 }, NOW)).toEqual(lacks(2));
    expect(requireRecent({ user: protectedUser, session }, need, NOW)).toEqual(lacks(2));
    expect(requireRecent({ user: protectedUser, session: two }, need, NOW)).toEqual({ ok: true });
    expect(requireRecent({ user, session: two }, { ...need, level: 2 }, NOW)).toEqual({ ok: true });
  });
});
