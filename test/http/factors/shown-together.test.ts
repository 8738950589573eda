import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Locale } from "../../../src/core/locale.ts";
import { CONFIRM_COPY } from "../../../src/http/pages/copy/confirm.ts";
import { createPasswordWorld, PASSWORD, passwordCalls } from "../../password/support.ts";
import { createVisitor } from "../../support/visitor.ts";
import type { OpenedSession, World } from "../../support/world.ts";
import { sessionCalls } from "../session/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, opened, PHONE, phoneNo, refused } from "../support.ts";
import { factorCalls, type Person, UNLIMITED } from "./support.ts";

// A password or a recovery code, which is only known, takes no account over by itself; both shown at one sign-in do
// what a code to the phone does, since the phone may be lost.

const NEW = phoneNo(77);
const RETURN_TO = "https://app.example.com/in";

let world: World;
beforeEach(async () => {
  ({ world } = await createPasswordWorld({ env: { ...UNLIMITED, RETURN_TO } }));
});
afterEach(() => world.close());

const { signIn, signUp } = passwordCalls(() => world);
const { refreshed } = sessionCalls(() => world);
const { send, post, raise, addApp, moved, protect, challenged, firstStep, secondStep, codeOf, confirmed } =
  factorCalls(() => world);

/** Waits a minute and moves the account to another number, with its code. */
async function movedLater(person: Person): Promise<Response> {
  world.clock.advance(MINUTE_MS);
  return await moved(person, NEW);
}

async function recoveryCodes(person: Person): Promise<readonly string[]> {
  return (await bodyOf<{ codes: string[] }>(await post("/v1/me/factors/recovery-codes", person))).codes;
}

/** Expects that an app and a passkey are refused, with these methods to confirm by. */
async function addsNothing(person: Person, methods: readonly string[]): Promise<void> {
  for (const path of ["/v1/me/factors/totp", "/v1/me/factors/passkeys/options"]) {
    const response = await post(path, person);
    expect(await bodyOf(response.clone())).toMatchObject({ methods });
    await refused(response, "step_up_required");
  }
}

describe("the addition of a second factor", () => {
  it("asks for an SMS code if a password opened the session", async () => {
    await signUp(PHONE);
    world.clock.advance(2 * DAY_MS);
    const thief = await opened(await signIn(PHONE, PASSWORD));
    await addsNothing(thief, ["sms"]);
    await confirmed(thief);
    await addApp(thief);
  });

  it.each([undefined, "always"])(
    "is refused in an old session that a recovery code raised (protection: %s)",
    async (when) => {
      const person = await world.signIn(PHONE);
      await addApp(person);
      const [recoveryCode] = await recoveryCodes(person);
      if (when) expect((await protect(person, when)).status).toBe(204);
      world.clock.advance(DAY_MS);
      const session = await refreshed(person.refreshToken);
      expect((await raise(session, { recoveryCode })).status).toBe(200);
      await addsNothing(session, when ? ["otp"] : ["sms", "otp"]);
    },
  );

  it("is allowed after a sign-in by SMS and a recovery code, since the app may be lost", async () => {
    const person = await world.signIn(PHONE);
    await addApp(person);
    const [recoveryCode] = await recoveryCodes(person);
    expect((await protect(person, "always")).status).toBe(204);
    world.clock.advance(DAY_MS);
    const { challenge } = await challenged(PHONE);
    await addApp(await opened(await secondStep(challenge, { recoveryCode })));
  });

  it("on the page asks for the SMS code that suffices, not for the password", async () => {
    await signUp(PHONE);
    world.clock.advance(2 * DAY_MS);
    const { go } = createVisitor(world);
    await go("/sign-in/password");
    await go("/sign-in/password", { phone: PHONE, country: "CN", password: PASSWORD });
    await go("/account/factors");
    const led = await go("/account/factors/app", {});
    expect(led.location).toBe("/account/confirm?to=%2Faccount%2Ffactors");
    expect((await go(led.location ?? "")).text).not.toContain('name="password"');
    await go("/account/confirm/send", {});
    const code = world.sms.lastCode(PHONE);
    expect(await go("/account/confirm", { by: "sms", code })).toMatchObject({ location: "/account/factors" });
    await go("/account/factors");
    expect(await go("/account/factors/app", {})).toMatchObject({ status: 200 });
  });
});

describe("recovery codes", () => {
  it("are not renewed in a session that a password opened, which would then have two factors", async () => {
    await addApp(await signUp(PHONE));
    world.clock.advance(2 * DAY_MS);
    const thief = await opened(await signIn(PHONE, PASSWORD));
    await refused(await post("/v1/me/factors/recovery-codes", thief), "step_up_required");
  });

  it.each([undefined, "always"])(
    "do not allow a first password in an old session that they raised (protection: %s)",
    async (when) => {
      const person = await world.signIn(PHONE);
      await addApp(person);
      const [recoveryCode = ""] = await recoveryCodes(person);
      if (when) expect((await protect(person, when)).status).toBe(204);
      world.clock.advance(DAY_MS);
      const session = await refreshed(person.refreshToken);
      expect((await raise(session, { recoveryCode })).status).toBe(200);
      const response = await send("PUT", "/v1/me/password", session, { newPassword: PASSWORD });
      expect(await bodyOf(response.clone())).toMatchObject({ methods: when ? ["otp"] : ["sms", "otp"] });
      await refused(response, "step_up_required");
    },
  );

  it("are not asked for before a new password, since they would not be enough", async () => {
    const { go, enter } = createVisitor(world);
    await addApp(await world.signIn(PHONE));
    world.clock.advance(MINUTE_MS);
    await enter();
    await go("/account/factors");
    await go("/account/factors/codes", {});
    world.clock.advance(20 * MINUTE_MS);
    await go("/account/password");
    expect((await go("/account/password", { password: PASSWORD })).location).toMatch(/confirm/);
    const page = await go("/account/confirm?to=/account/password");
    expect(page.text).not.toContain("recovery codes");
    expect(page.text).toContain(CONFIRM_COPY.en.signInAnew.recovery);
    expect((await go("/account/confirm?to=/account/data")).text).toContain("recovery codes");
  });
});

it("login protection that rests on the password can be turned on from its page in an old session", async () => {
  await signUp(PHONE);
  world.clock.advance(2 * DAY_MS);
  const { go, enter } = createVisitor(world);
  await enter();
  world.clock.advance(20 * MINUTE_MS);
  await go("/account/factors");
  const led = await go("/account/factors/protection", { when: "always" });
  await go(led.location ?? "");
  expect(await go("/account/confirm", { password: PASSWORD })).toMatchObject({
    location: "/account/factors",
  });
  await go("/account/factors");
  expect(await go("/account/factors/protection", { when: "always" })).toMatchObject({
    location: "/account/factors?saved",
  });
});

it.each(["en", "zh-CN"])(
  "the confirmation page asks for a new sign-in by code if the password was set by a code today (%s)",
  async (lang) => {
    await signUp(PHONE);
    world.clock.advance(60 * MINUTE_MS);
    const session = await opened(await signIn(PHONE, PASSWORD));
    await addsNothing(session, []);
    const { go } = createVisitor(world);
    await go("/sign-in/password");
    await go("/sign-in/password", { phone: PHONE, country: "CN", password: PASSWORD });
    const page = await go(`/account/confirm?to=/account/factors&lang=${lang}`);
    expect(page.text).toContain(CONFIRM_COPY[lang as Locale].signInAnew.code);
    await addApp(await world.signIn(PHONE));
  },
);

describe("a recovery code shown just after another factor", () => {
  it("lets a session that a password opened move the account: the phone may be lost", async () => {
    const person = await signUp(PHONE);
    await addApp(person);
    const [recoveryCode] = await recoveryCodes(person);
    world.clock.advance(2 * DAY_MS);
    const session = await opened(await signIn(PHONE, PASSWORD));
    world.clock.advance(5_000);
    expect((await raise(session, { recoveryCode })).status).toBe(200);
    expect((await movedLater(session)).status).toBe(200);
  });

  it("lets a session that an SMS code opened on a known device move the account: the app may be lost", async () => {
    const owner = await signUp(PHONE);
    const { secret } = await addApp(owner);
    const [recoveryCode] = await recoveryCodes(owner);
    expect((await protect(owner, "new_devices")).status).toBe(204);
    world.clock.advance(DAY_MS);
    const { challenge } = await challenged(PHONE);
    const known = await opened(await secondStep(challenge, { totp: codeOf(secret) }));
    const { deviceToken } = known as OpenedSession & { deviceToken: string };
    world.clock.advance(DAY_MS);
    const session = await opened(await firstStep(PHONE, { deviceToken }));
    expect((await movedLater(session)).status).toBe(403);
    expect((await raise(session, { recoveryCode })).status).toBe(200);
    expect((await movedLater(session)).status).toBe(200);
  });

  it("is as old in the app's session as in that of the page that handed it over", async () => {
    const person = await signUp(PHONE);
    await addApp(person);
    const [first = "", second = ""] = await recoveryCodes(person);
    expect((await protect(person, "always")).status).toBe(204);
    world.clock.advance(2 * DAY_MS);
    const codeVerifier = "v".repeat(43);
    const page = createVisitor(world);
    const inApp = async () => {
      const request = new URLSearchParams({
        return_to: RETURN_TO,
        state: "kTzR3JwWmJ0pQxv1hE2c4A",
        code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
        code_challenge_method: "S256",
      });
      return await page.go(`/sign-in?${request}`);
    };
    const redeemed = async (location: string | null) => {
      const handover = new URL(location ?? "").searchParams.get("handover");
      world.clock.advance(1_000);
      return await opened(await world.post("/v1/sessions", { handover, codeVerifier }));
    };
    await inApp();
    await page.go("/sign-in", { phone: PHONE, country: "CN" });
    await page.go("/sign-in/code");
    await page.go("/sign-in/code", { code: world.sms.lastCode(PHONE) });
    await page.go("/sign-in/second");
    const { location } = await page.go("/sign-in/second", { code: first });
    expect((await movedLater(await redeemed(location))).status).toBe(200);

    // A day later only a recovery code raised the page's session.
    world.clock.advance(DAY_MS);
    await page.go("/account/confirm?to=/account/data");
    expect(await page.go("/account/confirm", { code: second })).toMatchObject({ location: "/account/data" });
    const again = await inApp();
    await refused(await movedLater(await redeemed(again.location)), "step_up_required");
  });
});
