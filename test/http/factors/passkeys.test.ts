import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Authenticator, type Ceremony, createAuthenticator } from "../../support/authenticator.ts";
import { createWorld, ORIGIN, type World } from "../../support/world.ts";
import { bodyOf, MINUTE_MS, opened, PHONE, phoneNo, refused } from "../support.ts";
import { factorCalls, type Person } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { LIMIT_PHONE_SENDS: "unlimited", GUARD_MODE: "off", CAPTCHA: "off" } });
});
afterEach(() => world.close());
const { send, post, raise, confirmed, protect, challenged, secondStep } = factorCalls(() => world);

type Options = { readonly challenge: string };

const OPTIONS = "/v1/me/factors/passkeys/options";

async function optionsOf(response: Response): Promise<Options> {
  expect(response.status).toBe(200);
  return await bodyOf<Options>(response);
}

const creation = async (person: Person) => (await optionsOf(await post(OPTIONS, person))).challenge;

async function addPasskey(person: Person): Promise<Authenticator> {
  const authenticator = createAuthenticator();
  const passkey = authenticator.create({ origin: ORIGIN, challenge: await creation(person) });
  expect((await post("/v1/me/factors/passkeys", person, { passkey })).status).toBe(204);
  return authenticator;
}

async function protectedByPasskey(phone = PHONE) {
  const person = await world.signIn(phone);
  const authenticator = await addPasskey(person);
  expect((await protect(person, "always")).status).toBe(204);
  world.clock.advance(MINUTE_MS);
  return { person, authenticator };
}

const request = async (challenge: string) =>
  (await optionsOf(await world.post("/v1/sessions/passkey-options", { challenge }))).challenge;

describe("a passkey", () => {
  it("is added, raises the session, and is the second factor of a sign-in", async () => {
    const { authenticator } = await protectedByPasskey();
    const { challenge, methods } = await challenged(PHONE);
    expect(methods).toEqual(["pop"]);
    const ceremony = { origin: ORIGIN, challenge: await request(challenge), counter: 1 };
    const session = await opened(await secondStep(challenge, { passkey: authenticator.get(ceremony) }));
    expect(decodeJwt(session.accessToken)).toMatchObject({ acr: "2", amr: ["sms", "pop", "mfa"] });
    const { factors } = await bodyOf<{ factors: object[] }>(await send("GET", "/v1/me/factors", session));
    expect(factors).toMatchObject([{ kind: "passkey", label: "" }]);
  });

  it.each<[string, Partial<Ceremony>]>([
    ["another origin", { origin: "http://localhost.evil.example" }],
    ["another port of this host", { origin: "http://localhost:9999" }],
    ["another challenge", { challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }],
    ["no user verification", { verified: false }],
    ["a page of another site as its frame", { crossOrigin: true }],
    ["a backup flag though it is not eligible for backup", { backedUp: true }],
  ])("is refused with %s, when it is added and when it signs", async (_, wrong) => {
    const person = await world.signIn(PHONE);
    const made = { origin: ORIGIN, challenge: await creation(person), ...wrong };
    const passkey = createAuthenticator().create(made);
    await refused(await post("/v1/me/factors/passkeys", person, { passkey }), "invalid_request", "passkey");
    const authenticator = await addPasskey(person);
    expect((await protect(person, "always")).status).toBe(204);
    world.clock.advance(MINUTE_MS);
    const { challenge } = await challenged(PHONE);
    const ceremony = { origin: ORIGIN, challenge: await request(challenge), ...wrong };
    await refused(await secondStep(challenge, { passkey: authenticator.get(ceremony) }), "invalid_code");
  });

  it.each([5, {}, "usb", ["usb", 7, "laser"]])(
    "is added even if its transports are malformed: %j",
    async (transports) => {
      const person = await world.signIn(PHONE);
      const passkey = createAuthenticator().create({ origin: ORIGIN, challenge: await creation(person) });
      const answer = { ...passkey, response: { ...passkey.response, transports } };
      expect((await post("/v1/me/factors/passkeys", person, { passkey: answer })).status).toBe(204);
    },
  );

  it("is refused if it is another user's, or signed another user's challenge (T5)", async () => {
    const [mine, other] = [await protectedByPasskey(), await protectedByPasskey(phoneNo(7))];
    const { challenge } = await challenged(PHONE);
    const own = { origin: ORIGIN, challenge: await request(challenge) };
    await refused(await secondStep(challenge, { passkey: other.authenticator.get(own) }), "invalid_code");
    const foreign = await challenged(phoneNo(7));
    const theirs = { origin: ORIGIN, challenge: await request(foreign.challenge) };
    await refused(await secondStep(challenge, { passkey: mine.authenticator.get(theirs) }), "invalid_code");
  });

  it("is refused if its user handle is another user's (WebAuthn level 3, 7.2, step 6)", async () => {
    const { person, authenticator } = await protectedByPasskey();
    for (const [id, status] of [
      [(await world.signIn(phoneNo(7))).user.id, 401],
      [person.user.id, 201],
    ] as const) {
      const { challenge } = await challenged(PHONE);
      const userHandle = Buffer.from(id).toString("base64url");
      const ceremony = { origin: ORIGIN, challenge: await request(challenge), userHandle };
      expect((await secondStep(challenge, { passkey: authenticator.get(ceremony) })).status).toBe(status);
    }
  });

  it("is refused if another key signed under its id (T5)", async () => {
    const { authenticator } = await protectedByPasskey();
    const { challenge } = await challenged(PHONE);
    const forged = createAuthenticator().get({ origin: ORIGIN, challenge: await request(challenge) });
    const passkey = { ...forged, id: authenticator.id, rawId: authenticator.id };
    await refused(await secondStep(challenge, { passkey }), "invalid_code");
  });

  it("is added once, only in the session that asked for it, and a notice is sent", async () => {
    const [person, again] = [await world.signIn(PHONE), await world.signIn(PHONE)];
    const authenticator = createAuthenticator();
    const made = async (by: Person) =>
      authenticator.create({ origin: ORIGIN, challenge: await creation(by) });
    const add = async (by: Person, passkey: object) => await post("/v1/me/factors/passkeys", by, { passkey });
    await refused(await add(again, await made(person)), "invalid_request", "passkey");
    expect((await add(person, await made(person))).status).toBe(204);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "factor_added" });
    await refused(await add(again, await made(again)), "invalid_request", "passkey");
    // The refused addition did not raise the session.
    await refused(await protect(again, "always"), "step_up_required");
  });

  it("is asked for with the user's masked phone, the known passkeys and required user verification", async () => {
    const { person, authenticator } = await protectedByPasskey();
    const known = [{ id: authenticator.id, type: "public-key" }];
    const asked = await bodyOf<object>(await post(OPTIONS, person));
    expect(asked).toMatchObject({
      rp: { id: new URL(ORIGIN).hostname },
      user: { name: "+86 138••••8000", displayName: "+86 138••••8000" },
      attestation: "none",
      excludeCredentials: known,
      authenticatorSelection: { userVerification: "required" },
    });
    expect(await bodyOf(await post("/v1/sessions/current/passkey-options", person))).toMatchObject({
      rpId: new URL(ORIGIN).hostname,
      allowCredentials: known,
      userVerification: "required",
    });
  });

  it("has its signature accepted once, and only for the sign-in or step-up that asked for it", async () => {
    const { authenticator, person } = await protectedByPasskey();
    const first = await challenged(PHONE);
    const passkey = authenticator.get({ origin: ORIGIN, challenge: await request(first.challenge) });
    await opened(await secondStep(first.challenge, { passkey }));
    const [second, third] = [await challenged(PHONE), await challenged(PHONE)];
    await refused(await secondStep(second.challenge, { passkey }), "invalid_code");
    const forThird = authenticator.get({ origin: ORIGIN, challenge: await request(third.challenge) });
    await refused(await secondStep(second.challenge, { passkey: forThird }), "invalid_code");
    const stepUp = await optionsOf(await post("/v1/sessions/current/passkey-options", person));
    const forStepUp = authenticator.get({ origin: ORIGIN, challenge: stepUp.challenge });
    await refused(await secondStep(second.challenge, { passkey: forStepUp }), "invalid_code");
    const again = authenticator.get({ origin: ORIGIN, challenge: stepUp.challenge });
    expect((await raise(person, { passkey: again })).status).toBe(200);
  });

  it("is accepted by the sign-in that asked for it, and by no other of the same user", async () => {
    const { authenticator } = await protectedByPasskey();
    const [asking, other] = [await challenged(PHONE), await challenged(PHONE)];
    const passkey = authenticator.get({ origin: ORIGIN, challenge: await request(asking.challenge) });
    await refused(await secondStep(other.challenge, { passkey }), "invalid_code");
    await opened(await secondStep(asking.challenge, { passkey }));
  });

  it("is refused as a possible copy if its counter does not grow", async () => {
    const { authenticator } = await protectedByPasskey();
    for (const [counter, isGood] of [
      [5, true],
      [5, false],
      [4, false],
      [0, false],
      [6, true],
    ] as const) {
      const { challenge } = await challenged(PHONE);
      const ceremony = { origin: ORIGIN, challenge: await request(challenge), counter };
      const response = await secondStep(challenge, { passkey: authenticator.get(ceremony) });
      expect(response.status).toBe(isGood ? 201 : 401);
      world.clock.advance(MINUTE_MS);
    }
  });

  it("signs in if it is one of several of the same user", async () => {
    const { person, authenticator } = await protectedByPasskey();
    const further = await addPasskey(person);
    for (const one of [further, authenticator]) {
      const { challenge } = await challenged(PHONE);
      const ceremony = { origin: ORIGIN, challenge: await request(challenge), counter: 1 };
      await opened(await secondStep(challenge, { passkey: one.get(ceremony) }));
      world.clock.advance(MINUTE_MS);
    }
  });

  it("needs a recent confirmation when it is added as well as when it is begun", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(9 * MINUTE_MS);
    const challenge = await creation(person);
    world.clock.advance(2 * MINUTE_MS);
    const passkey = createAuthenticator().create({ origin: ORIGIN, challenge });
    const add = () => post("/v1/me/factors/passkeys", person, { passkey });
    await refused(await add(), "step_up_required");
    await confirmed(person);
    expect((await add()).status).toBe(204);
  });

  it("is refused if it signs five minutes after it was asked for", async () => {
    const { authenticator } = await protectedByPasskey();
    const { challenge } = await challenged(PHONE);
    const ceremony = { origin: ORIGIN, challenge: await request(challenge) };
    world.clock.advance(5 * MINUTE_MS);
    await refused(await secondStep(challenge, { passkey: authenticator.get(ceremony) }), "invalid_code");
  });

  it("is asked for thirty times in five minutes at most, counted apart for strangers and for the user's sessions", async () => {
    const { person } = await protectedByPasskey();
    world.clock.advance(5 * MINUTE_MS);
    const { challenge } = await challenged(PHONE);
    const asStranger = () => world.post("/v1/sessions/passkey-options", { challenge });
    for (let n = 0; n < 30; n += 1) await optionsOf(await asStranger());
    const problem = await refused(await asStranger(), "too_many_requests");
    expect(problem.retryAfter).toBe(300);
    // Somebody with only the first factor does not use up the user's own requests, nor those of other users.
    const stepUp = () => post("/v1/sessions/current/passkey-options", person);
    for (let n = 0; n < 29; n += 1) await optionsOf(await stepUp());
    await optionsOf(await post(OPTIONS, person));
    await refused(await stepUp(), "too_many_requests");
    await refused(await post(OPTIONS, person), "too_many_requests");
    await optionsOf(await post(OPTIONS, await world.signIn(phoneNo(7))));
    world.clock.advance(5 * MINUTE_MS);
    await optionsOf(await asStranger());
  });
});
