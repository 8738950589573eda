import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthenticator } from "../../support/authenticator.ts";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld, ORIGIN, type World } from "../../support/world.ts";
import { MINUTE_MS, PHONE } from "../support.ts";
import { factorCalls, UNLIMITED } from "./support.ts";

// A confirmation, and the addition of a factor, replace the session cookie (OWASP ASVS 5.0, 7.2.4).

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { ...UNLIMITED, CAPTCHA: "off" } });
});
afterEach(() => world.close());
const { addApp, atNewApp, codeOf } = factorCalls(() => world);

const SESSION = "phonekey_session";
const CONFIRM = "/account/confirm?to=/account/data";
/** Only a session that was confirmed lately may do this. */
const EXPORT = "/account/data/export";

type Visitor = ReturnType<typeof createVisitor>;

const sessionOf = ({ jar }: Visitor) => jar.get(SESSION) ?? "";

/** A visitor whose sign-in was 20 minutes ago, at the confirmation page. */
async function atConfirm(): Promise<Visitor> {
  const visitor = createVisitor(world);
  await visitor.enter();
  world.clock.advance(20 * MINUTE_MS);
  await visitor.go(CONFIRM);
  return visitor;
}

/** The same visitor after the code was sent. */
async function atCode() {
  const visitor = await atConfirm();
  await visitor.go("/account/confirm/send", {});
  await visitor.go(CONFIRM);
  return { visitor, form: { by: "sms", code: world.sms.lastCode() } };
}

/** A browser with a copy of another one's session cookie and nothing else. */
function thiefOf(cookie: string): Visitor {
  const thief = createVisitor(world);
  thief.jar.set(SESSION, cookie);
  return thief;
}

/** The session cookie that an answer sets. */
function broughtBy(answer: Response): string {
  const line = answer.headers.getSetCookie().find((one) => one.startsWith(`${SESSION}=`)) ?? "";
  return /=([^;]*)/.exec(line)?.[1] ?? "";
}

const isIn = async (visitor: Visitor) => (await visitor.go("/account")).status === 200;

describe("a confirmation (step-up) on the pages", () => {
  it("replaces the session cookie, and the former one ends a minute later", async () => {
    const { visitor, form } = await atCode();
    const before = sessionOf(visitor);
    expect(await visitor.go("/account/confirm", form)).toMatchObject({
      status: 303,
      location: "/account/data",
    });
    expect(sessionOf(visitor)).not.toBe(before);
    world.clock.advance(MINUTE_MS);
    expect(await isIn(thiefOf(before))).toBe(true);
    world.clock.advance(1);
    expect(await isIn(thiefOf(before))).toBe(false);
    expect(await isIn(visitor)).toBe(true);
    expect((await visitor.go(EXPORT, {})).status).toBe(200);
  });

  it("lends nothing to whoever copied the cookie of before: that session stays unconfirmed", async () => {
    const { visitor, form } = await atCode();
    const thief = thiefOf(sessionOf(visitor));
    await visitor.go("/account/confirm", form);
    await visitor.go("/account/data");
    expect(await isIn(thief)).toBe(true);
    await thief.go("/account/data");
    expect((await thief.go(EXPORT, {})).location).toBe("/account/confirm?to=%2Faccount%2Fdata");
    await thief.go(CONFIRM);
    expect((await thief.go("/account/confirm", form)).status).toBe(401);
    expect(sessionOf(thief)).not.toBe(sessionOf(visitor));
    expect((await visitor.go(EXPORT, {})).status).toBe(200);
  });

  it("leaves forms that are open in other tabs valid", async () => {
    const { visitor, form } = await atCode();
    const tab = createVisitor(world);
    for (const [name, value] of visitor.jar) tab.jar.set(name, value);
    await tab.go("/account");
    for (let n = 0; n < 2; n += 1) {
      expect((await visitor.go("/account/confirm", form)).status).toBe(303);
      tab.jar.set(SESSION, sessionOf(visitor));
      const saved = await tab.go("/account/profile", { name: `Ada ${n}` });
      expect(saved).toMatchObject({ status: 303, location: "/account?saved" });
      world.clock.advance(2 * MINUTE_MS);
      await visitor.go("/account/confirm/send", {});
      form.code = world.sms.lastCode();
    }
  });

  it("that two tabs make at once gives both the same cookie", async () => {
    const { secret } = await addApp(await world.signIn(PHONE));
    world.clock.advance(MINUTE_MS);
    const { visitor, form } = await atCode();
    const [sms, otp] = await Promise.all([
      world.request("/account/confirm", visitor.sending(form)),
      world.request("/account/confirm", visitor.sending({ code: codeOf(secret) })),
    ]);
    expect([sms.status, otp.status]).toEqual([303, 303]);
    expect(broughtBy(sms)).toBe(broughtBy(otp));
    world.clock.advance(5 * MINUTE_MS);
    visitor.jar.set(SESSION, broughtBy(otp));
    expect((await visitor.go(EXPORT, {})).status).toBe(200);
  });

  it("whose answer was lost can be sent again: the same form gets the same cookie", async () => {
    const { visitor, form } = await atCode();
    const lost = await world.request("/account/confirm", visitor.sending(form));
    expect(lost.status).toBe(303);
    expect(await visitor.go("/account/confirm", form)).toMatchObject({
      status: 303,
      location: "/account/data",
    });
    expect(sessionOf(visitor)).toBe(broughtBy(lost));
    world.clock.advance(5 * MINUTE_MS);
    expect((await visitor.go(EXPORT, {})).status).toBe(200);
  });

  it("whose answer was lost can be made again with another code within a minute", async () => {
    const { visitor, form } = await atCode();
    await world.request("/account/confirm", visitor.sending(form));
    world.clock.advance(MINUTE_MS);
    await visitor.go("/account/confirm/send", {});
    await visitor.go(CONFIRM);
    await visitor.go("/account/confirm", { by: "sms", code: world.sms.lastCode() });
    world.clock.advance(5 * MINUTE_MS);
    expect((await visitor.go(EXPORT, {})).status).toBe(200);
  });

  it("that is sent three times at once gets the same cookie in each answer", async () => {
    const { visitor, form } = await atCode();
    const sent = visitor.sending(form);
    const answers = await Promise.all([1, 2, 3].map(() => world.request("/account/confirm", sent)));
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(new Set(answers.map(broughtBy)).size).toBe(1);
    visitor.jar.set(SESSION, answers.map(broughtBy)[2] ?? "");
    expect((await visitor.go(EXPORT, {})).status).toBe(200);
  });

  it("that is refused does not change the cookie", async () => {
    const { visitor } = await atCode();
    const before = sessionOf(visitor);
    expect((await visitor.go("/account/confirm", { by: "sms", code: "000000" })).status).toBe(401);
    expect(sessionOf(visitor)).toBe(before);
  });
});

/** A visitor who has just signed in and is asked to make a passkey, and the form with the passkey. */
async function atNewPasskey() {
  const visitor = createVisitor(world);
  await visitor.enter();
  const { text } = await visitor.go("/account/factors");
  const [, challenge = ""] = /&quot;challenge&quot;:&quot;([\w-]+)&quot;/.exec(text) ?? [];
  const passkey = JSON.stringify(createAuthenticator().create({ origin: ORIGIN, challenge }));
  return { visitor, form: { passkey } };
}

const SAVED = "/account/factors?saved";

describe("the addition of a factor on the pages", () => {
  it.each([
    ["an authenticator app", "/account/factors/app/confirm", atNewApp],
    ["a passkey", "/account/factors/passkey", atNewPasskey],
  ])("does not raise the session for a copy of the former cookie (%s)", async (_, path, begin) => {
    const { visitor, form } = await begin();
    const thief = thiefOf(sessionOf(visitor));
    expect(await visitor.go(path, form)).toMatchObject({ status: 303, location: SAVED });
    await thief.go("/account/factors");
    const protection = "/account/factors/protection";
    const asked = await thief.go(protection, { when: "always" });
    expect(asked.location).toBe("/account/confirm?to=%2Faccount%2Ffactors%2Fprotection");
    world.clock.advance(MINUTE_MS + 1);
    expect(await isIn(thief)).toBe(false);
    expect(await isIn(visitor)).toBe(true);
    await visitor.go("/account/factors");
    expect(await visitor.go(protection, { when: "always" })).toMatchObject({ location: SAVED });
  });

  it("by an app's first code that is sent three times at once gets the same cookie in each answer", async () => {
    const { visitor, form } = await atNewApp();
    const sent = visitor.sending(form);
    const answers = await Promise.all(
      [1, 2, 3].map(() => world.request("/account/factors/app/confirm", sent)),
    );
    expect(answers.map(({ headers }) => headers.get("location"))).toEqual([SAVED, SAVED, SAVED]);
    expect(new Set(answers.map(broughtBy)).size).toBe(1);
    visitor.jar.set(SESSION, answers.map(broughtBy)[2] ?? "");
    world.clock.advance(2 * MINUTE_MS);
    expect(await isIn(visitor)).toBe(true);
  });

  it("does not give the new cookie to a copy of the former one with a wrong code", async () => {
    const { visitor, form } = await atNewApp();
    const thief = thiefOf(sessionOf(visitor));
    await visitor.go("/account/factors/app/confirm", form);
    const before = sessionOf(thief);
    await thief.go("/account");
    const code = form.code === "000000" ? "000001" : "000000";
    expect((await thief.go("/account/factors/app/confirm", { ...form, code })).location).toBe(
      "/account/confirm?to=%2Faccount%2Ffactors",
    );
    expect(sessionOf(thief)).toBe(before);
  });

  it("gives a copy of the former cookie no new one for the right code after six wrong ones", async () => {
    const { visitor, form } = await atNewApp();
    const thief = thiefOf(sessionOf(visitor));
    await visitor.go("/account/factors/app/confirm", form);
    const before = sessionOf(thief);
    await thief.go("/account");
    for (let n = 0; n < 6; n += 1) {
      const code = String(n).padStart(6, form.code === `00000${n}` ? "1" : "0");
      await thief.go("/account/factors/app/confirm", { ...form, code });
    }
    await thief.go("/account/factors/app/confirm", form);
    expect(sessionOf(thief)).toBe(before);
  });
});
