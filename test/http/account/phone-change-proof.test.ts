import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "../../password/support.ts";
import { createVisitor } from "../../support/visitor.ts";
import type { OpenedSession, World } from "../../support/world.ts";
import { type Challenged, factorCalls, type Person, UNLIMITED } from "../factors/support.ts";
import { sessionCalls } from "../session/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, opened, PHONE, phoneNo, refused } from "../support.ts";

const NEW = phoneNo(77);
const CONFIRM = "/account/confirm?to=%2Faccount%2Fphone";

let world: World;
beforeEach(async () => {
  ({ world } = await createPasswordWorld({ env: UNLIMITED }));
});
afterEach(() => world.close());

const { signIn, signUp } = passwordCalls(() => world);
const { refreshed } = sessionCalls(() => world);
const { post, codeOf, raise, addApp, moved, protect, secondStep, confirmed } = factorCalls(() => world);

/** Waits a minute and moves the account to another number, with its code. */
async function movedLater(person: Person): Promise<Response> {
  world.clock.advance(MINUTE_MS);
  return await moved(person, NEW);
}

/** The methods that the refusal names. */
async function waysIn(response: Response): Promise<readonly string[]> {
  const copy = response.clone();
  await refused(response, "step_up_required");
  return (await bodyOf<{ methods: readonly string[] }>(copy)).methods;
}

/** The session after so much time, refreshed and raised by the password. */
async function raisedLater({ refreshToken }: OpenedSession, ms: number): Promise<OpenedSession> {
  world.clock.advance(ms);
  const session = await refreshed(refreshToken);
  expect((await raise(session, { password: PASSWORD })).status).toBe(200);
  return session;
}

/** An account whose login protection rests on its password; its session is old. */
async function protectedByPassword(): Promise<OpenedSession> {
  const session = await raisedLater(await signUp(PHONE), DAY_MS);
  expect((await protect(session, "always")).status).toBe(204);
  world.clock.advance(20 * MINUTE_MS);
  return await refreshed(session.refreshToken);
}

describe("the step-up before a change of number", () => {
  it("asks for an SMS code if the session's own is a day old, though the password confirmed it just now", async () => {
    const session = await raisedLater(await signUp(PHONE), DAY_MS);
    expect(await waysIn(await movedLater(session))).toEqual(["sms"]);
    await confirmed(session);
    expect((await movedLater(session)).status).toBe(200);
  });

  it("asks for an SMS code if the password opened the session just now", async () => {
    await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const session = await opened(await signIn(PHONE, PASSWORD));
    expect(await waysIn(await movedLater(session))).toEqual(["sms"]);
    await confirmed(session);
    expect((await movedLater(session)).status).toBe(200);
  });

  it("takes the code of an authenticator app, but no recovery code", async () => {
    const person = await world.signIn(PHONE);
    const { secret } = await addApp(person);
    const made = await post("/v1/me/factors/recovery-codes", person);
    const [recoveryCode] = (await bodyOf<{ codes: string[] }>(made)).codes;
    world.clock.advance(DAY_MS);
    const session = await refreshed(person.refreshToken);
    expect((await raise(session, { recoveryCode })).status).toBe(200);
    expect(await waysIn(await movedLater(session))).toEqual(["sms", "otp"]);
    expect((await raise(session, { totp: codeOf(secret) })).status).toBe(200);
    expect((await movedLater(session)).status).toBe(200);
  });

  it("is not asked for if any two factors opened the session just now: the phone may be lost", async () => {
    const person = await signUp(PHONE);
    await addApp(person);
    const made = await post("/v1/me/factors/recovery-codes", person);
    const [recoveryCode] = (await bodyOf<{ codes: string[] }>(made)).codes;
    expect((await protect(person, "always")).status).toBe(204);
    world.clock.advance(DAY_MS);
    const { challenge } = await bodyOf<Challenged>(await signIn(PHONE, PASSWORD));
    const session = await opened(await secondStep(challenge, { recoveryCode }));
    expect((await movedLater(session)).status).toBe(200);
  });

  it("asks for the password and then an SMS code if login protection rests on the password", async () => {
    const session = await protectedByPassword();
    expect(await waysIn(await movedLater(session))).toEqual(["pwd"]);
    expect((await raise(session, { password: PASSWORD })).status).toBe(200);
    expect(await waysIn(await movedLater(session))).toEqual(["sms"]);
    await confirmed(session);
    expect((await movedLater(session)).status).toBe(200);
  });

  it("takes no SMS code without a recent password if login protection rests on the password", async () => {
    const session = await protectedByPassword();
    const byNumber = async () => {
      const asked = await post("/v1/verifications", session, { purpose: "second_factor" });
      const { id: verificationId } = await bodyOf<{ id: string }>(asked);
      return await raise(session, { verificationId, code: world.sms.lastCode(PHONE) });
    };
    await refused(await byNumber(), "invalid_code");
    expect((await raise(session, { password: PASSWORD })).status).toBe(200);
    world.clock.advance(11 * MINUTE_MS);
    await refused(await byNumber(), "invalid_code");
    await refused(await raise(session, { password: OTHER }), "invalid_code");
    await refused(await protect(session, "off"), "step_up_required");
  });
});

describe("the confirmation page before a change of number", () => {
  const takes = (html: string) => ({
    password: html.includes('name="password"'),
    number: html.includes('action="/account/confirm/send"'),
  });

  it("asks for an SMS code and takes no password, which would not be enough", async () => {
    await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const { go, enter } = createVisitor(world);
    await enter();
    world.clock.advance(20 * MINUTE_MS);
    expect((await go("/account/phone")).location).toBe(CONFIRM);
    expect(takes((await go("/account/confirm?to=/account/password")).text)).toMatchObject({ password: true });
    expect(takes((await go(CONFIRM)).text)).toEqual({ password: false, number: true });
    expect((await go("/account/confirm", { password: PASSWORD })).status).toBe(401);
    await go("/account/confirm/send", {});
    const code = world.sms.lastCode(PHONE);
    expect((await go("/account/confirm", { by: "sms", code })).location).toBe("/account/phone");
    expect((await go("/account/phone")).status).toBe(200);
  });

  it("takes no recovery code and uses none up, since it would not be enough", async () => {
    const person = await world.signIn(PHONE);
    await addApp(person);
    const made = await post("/v1/me/factors/recovery-codes", person);
    const [code = ""] = (await bodyOf<{ codes: string[] }>(made)).codes;
    world.clock.advance(MINUTE_MS);
    const { go, enter } = createVisitor(world);
    await enter();
    world.clock.advance(20 * MINUTE_MS);
    expect((await go(CONFIRM)).text).not.toContain("recovery codes");
    expect((await go("/account/confirm", { code })).status).toBe(401);
    expect((await go("/account/confirm?to=/account/data")).text).toContain("recovery codes");
    expect((await go("/account/confirm", { code })).location).toBe("/account/data");
  });

  it("asks for the password and then for an SMS code if login protection rests on the password", async () => {
    await protectedByPassword();
    const { go, enter } = createVisitor(world);
    await enter();
    expect((await go("/sign-in/second", { password: PASSWORD })).location).toBe("/account");
    expect((await go("/account/phone")).status).toBe(200);
    world.clock.advance(20 * MINUTE_MS);
    expect((await go("/account/phone")).location).toBe(CONFIRM);
    expect(takes((await go(CONFIRM)).text)).toEqual({ password: true, number: false });
    expect((await go("/account/confirm", { password: PASSWORD })).location).toBe("/account/phone");
    expect((await go("/account/phone")).location).toBe(CONFIRM);
    expect(takes((await go(CONFIRM)).text)).toEqual({ password: false, number: true });
    await go("/account/confirm/send", {});
    const code = world.sms.lastCode(PHONE);
    expect((await go("/account/confirm", { by: "sms", code })).location).toBe("/account/phone");
    expect((await go("/account/phone")).status).toBe(200);
  });
});
