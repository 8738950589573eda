import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthenticator } from "../../support/authenticator.ts";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld, ORIGIN, type World } from "../../support/world.ts";
import { bodyOf, DAY_MS, MINUTE_MS, PHONE, phoneNo } from "../support.ts";
import { factorCalls, UNLIMITED } from "./support.ts";

// For a minute after a step-up the former session cookie is still good. A copy of it gets nothing of the step-up.

const APP = "https://app.example.com/in";
const PASSWORD = "lantern orchard vessel";
const SESSION = "phonekey_session";
const CONFIRM = "/account/confirm?to=/account/data";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { ...UNLIMITED, CAPTCHA: "off", RETURN_TO: APP } });
});
afterEach(() => world.close());
const { addApp, codeOf, post, send } = factorCalls(() => world);

type Visitor = ReturnType<typeof createVisitor>;
type Form = Readonly<Record<string, string>>;

/** A user with everything that one can confirm by, and what is needed to use it. */
async function owner() {
  const person = await world.signIn(PHONE);
  expect((await send("PUT", "/v1/me/password", person, { newPassword: PASSWORD })).status).toBe(204);
  const { secret } = await addApp(person);
  const { challenge } = await bodyOf<{ challenge: string }>(
    await post("/v1/me/factors/passkeys/options", person),
  );
  const authenticator = createAuthenticator();
  const passkey = authenticator.create({ origin: ORIGIN, challenge });
  expect((await post("/v1/me/factors/passkeys", person, { passkey })).status).toBe(204);
  const recovery = await post("/v1/me/factors/recovery-codes", person);
  const { codes } = await bodyOf<{ codes: readonly string[] }>(recovery);
  world.clock.advance(DAY_MS);
  return { secret, authenticator, code: codes[0] ?? "" };
}

/** The user's browser at the confirmation page, with the right and a wrong form of this method. */
async function atConfirm(by: string) {
  const { secret, authenticator, code } = await owner();
  const visitor = createVisitor(world);
  await visitor.enter();
  world.clock.advance(20 * MINUTE_MS);
  const { text } = await visitor.go(CONFIRM);
  const [, challenge = ""] = /&quot;challenge&quot;:&quot;([\w-]+)&quot;/.exec(text) ?? [];
  const signed = authenticator.get({ origin: ORIGIN, challenge, counter: 1 });
  const forged = createAuthenticator().get({ origin: ORIGIN, challenge, counter: 2 });
  const forms: Readonly<Record<string, readonly [Form, Form]>> = {
    pwd: [{ password: PASSWORD }, { password: "some other words" }],
    otp: [{ code: codeOf(secret) }, { code: codeOf(secret, world.clock.now() + DAY_MS) }],
    pop: [{ passkey: JSON.stringify(signed) }, { passkey: JSON.stringify({ ...forged, id: signed.id }) }],
    recovery: [{ code }, { code: code.replace(/.$/, (last) => (last === "x" ? "y" : "x")) }],
  };
  const [right, wrong] = forms[by] ?? [{}, {}];
  return { visitor, right, wrong };
}

/** A browser with a copy of another one's session cookie. */
function thiefOf({ jar }: Visitor): Visitor {
  const thief = createVisitor(world);
  thief.jar.set(SESSION, jar.get(SESSION) ?? "");
  return thief;
}

async function atCode() {
  const visitor = createVisitor(world);
  await visitor.enter();
  world.clock.advance(20 * MINUTE_MS);
  await visitor.go(CONFIRM);
  await visitor.go("/account/confirm/send", {});
  await visitor.go(CONFIRM);
  return { visitor, form: { by: "sms", code: world.sms.lastCode(PHONE) } };
}

/** The query with which an app leads to the sign-in page. */
const asked = new URLSearchParams({
  return_to: APP,
  code_challenge: createHash("sha256").update("v".repeat(43)).digest("base64url"),
  code_challenge_method: "S256",
});

describe("the former session cookie after a confirmation", () => {
  it.each(["pwd", "otp", "pop", "recovery"])(
    "gets the new one by the right form again, and not by a wrong form of the same method (%s)",
    async (by) => {
      const { visitor, right, wrong } = await atConfirm(by);
      const [thief, again] = [thiefOf(visitor), thiefOf(visitor)];
      const twice = [1, 2].map(() => world.request("/account/confirm", visitor.sending(right)));
      for (const { status } of await Promise.all(twice)) expect(status).toBe(303);
      const before = thief.jar.get(SESSION);
      await thief.go(CONFIRM);
      expect((await thief.go("/account/confirm", wrong)).status).toBe(401);
      expect(thief.jar.get(SESSION)).toBe(before);
      await again.go(CONFIRM);
      expect(await again.go("/account/confirm", right)).toMatchObject({ location: "/account/data" });
      expect(again.jar.get(SESSION)).not.toBe(before);
      expect((await again.go("/account/data/export", {})).status).toBe(200);
    },
  );

  it("does not get the new one by a code that confirmed another account", async () => {
    const { visitor, form } = await atCode();
    const thief = createVisitor(world);
    await thief.enter(phoneNo(7));
    await thief.go(CONFIRM);
    await thief.go("/account/confirm/send", {});
    await thief.go(CONFIRM);
    const own = { by: "sms", code: world.sms.lastCode(phoneNo(7)) };
    expect((await thief.go("/account/confirm", own)).status).toBe(303);
    const before = visitor.jar.get(SESSION) ?? "";
    expect((await visitor.go("/account/confirm", form)).status).toBe(303);
    thief.jar.set(SESSION, before);
    await thief.go("/account/data");
    expect((await thief.go("/account/confirm", own)).status).toBe(401);
    expect(thief.jar.get(SESSION)).toBe(before);
  });

  it("opens no session for an app, which would have the confirmed level and live longer", async () => {
    const { visitor, form } = await atCode();
    const thief = createVisitor(world);
    await thief.go(`/sign-in?${asked}`);
    await thief.go("/sign-in", { phone: phoneNo(7), country: "CN" });
    await thief.go("/sign-in/code");
    await thief.go("/sign-in/code", { code: world.sms.lastCode(phoneNo(7)) });
    thief.jar.set(SESSION, visitor.jar.get(SESSION) ?? "");
    expect((await thiefOf(visitor).go(`/sign-in?${asked}`)).location).toContain(`${APP}?handover=`);
    expect((await visitor.go("/account/confirm", form)).status).toBe(303);
    // The page to which the thief was led before, and the one to which an app leads.
    expect((await thief.go("/sign-in/code")).location).toBe("/sign-in");
    expect(await thief.go(`/sign-in?${asked}`)).toMatchObject({ status: 200, location: null });
    expect((await thief.go("/account")).status).toBe(200);
    expect((await visitor.go(`/sign-in?${asked}`)).location).toContain(`${APP}?handover=`);
  });
});
