import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { factorCalls } from "../http/factors/support.ts";
import { sessionCalls } from "../http/session/support.ts";
import { DAY_MS, opened, PHONE, phoneNo, refused, wrongCode } from "../http/support.ts";
import { solveAltcha } from "../support/altcha.ts";
import { createVisitor } from "../support/visitor.ts";
import type { World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
let hashes: string[];
const { signIn, signUp } = passwordCalls(() => world);
const { refreshed } = sessionCalls(() => world);
const { protectedBy, codeOf, raise, protect } = factorCalls(() => world);

const NOBODY = phoneNo(77_778_000);
const SIGN_IN = "/sign-in/password";
const FORGOTTEN = "/sign-in/forgotten";
const CODE = "/sign-in/forgotten/code";

beforeEach(async () => {
  ({ world, hashes } = await createPasswordWorld());
});
afterEach(() => world.close());

/** A browser in which a number and a password were typed. */
async function typed(password: string, phone = PHONE) {
  const visitor = createVisitor(world);
  await visitor.go(SIGN_IN);
  const answer = await visitor.go(SIGN_IN, { phone, country: "CN", password });
  return { ...visitor, answer };
}

/** A browser that asked for a code to set a new password. */
async function forgot(phone = PHONE) {
  world.clock.advance(120_000);
  const visitor = createVisitor(world);
  await visitor.go(FORGOTTEN);
  expect(await visitor.go(FORGOTTEN, { phone, country: "CN" })).toMatchObject({ location: CODE });
  const page = await visitor.go(CODE);
  return { ...visitor, page, code: world.sms.lastCode(phone) };
}

describe("signing in by password on a page, without scripts", () => {
  it("is reached by a link of the sign-in page, and opens a session", async () => {
    await signUp(PHONE);
    const first = await createVisitor(world).go("/sign-in");
    expect(first.text).toContain(`href="${SIGN_IN}"`);
    const { go, answer } = await typed(PASSWORD);
    expect(answer).toMatchObject({ status: 303, location: "/account" });
    expect((await go("/account")).status).toBe(200);
    expect(await go(SIGN_IN)).toMatchObject({ status: 303, location: "/account" });
  });

  it("has fields that password managers know, and does not send the typed password back", async () => {
    const { answer } = await typed("not the password");
    expect(answer.text).toMatch(/<input[^>]*type="password"[^>]*autocomplete="current-password"/);
    expect(answer.text).toContain(`value="${PHONE}"`);
    expect(answer.text).not.toContain("not the password");
  });

  it("answers a wrong password, an account without one and a number without an account alike (promise 6)", async () => {
    await signUp(PHONE);
    const without = phoneNo(77_779_001);
    await world.signIn(without);
    const pages = await Promise.all([PHONE, without, NOBODY].map((phone) => typed(OTHER, phone)));
    const bare = pages.map(({ answer }) => [
      answer.status,
      answer.text.replaceAll(/value="[^"]*"/g, "").replaceAll(/lang=[^"]*/g, ""),
    ]);
    expect(bare[0]?.[0]).toBe(401);
    expect(bare[1]).toEqual(bare[0]);
    expect(bare[2]).toEqual(bare[0]);
  });

  it("leads to a code after too many wrong passwords, with the number filled in", async () => {
    await signUp(PHONE);
    for (let n = 0; n < 10; n += 1) await signIn(PHONE, OTHER);
    world.clock.advance(120_000);
    const { go, answer } = await typed(PASSWORD);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("Please sign in with a code.");
    expect(answer.text).toContain(`value="${PHONE}"`);
    expect(answer.text).not.toContain("is-wrong");
    await go("/sign-in", { phone: PHONE, country: "CN" });
    await go("/sign-in/code");
    const code = world.sms.lastCode(PHONE);
    expect(await go("/sign-in/code", { code })).toMatchObject({ location: "/account" });
  });

  it("asks for the second factor of an account with login protection, and opens no session before", async () => {
    const { person, app } = await protectedBy(PHONE);
    await setPassword(person.accessToken);
    world.clock.advance(60_000);
    const { go, answer } = await typed(PASSWORD);
    expect(answer).toMatchObject({ status: 303, location: "/sign-in/second" });
    expect(await go("/account")).toMatchObject({ location: "/sign-in" });
    await go("/sign-in/second");
    const entered = await go("/sign-in/second", { code: codeOf(app.secret) });
    expect(entered).toMatchObject({ location: "/account" });
  });

  it("accepts an SMS code as the second factor, only after the first step in the same browser", async () => {
    const { refreshToken } = await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const person = await refreshed(refreshToken);
    expect((await raise(person, { password: PASSWORD })).status).toBe(200);
    expect((await protect(person, "always")).status).toBe(204);
    world.clock.advance(120_000);
    const { go } = await typed(PASSWORD);
    expect((await go("/sign-in/second")).text).toContain('action="/sign-in/second/send"');
    expect(await go("/sign-in/second/send", {})).toMatchObject({ location: "/sign-in/second" });
    const code = world.sms.lastCode(PHONE);
    expect((await go("/sign-in/second")).text).toContain('name="by"');
    const wrong = await go("/sign-in/second", { by: "sms", code: wrongCode(code) });
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain('id="code-error"');
    expect(await go("/sign-in/second", { by: "sms", code })).toMatchObject({ location: "/account" });
    // A browser that did not take the first step.
    expect((await createVisitor(world).go("/sign-in/second/send", {})).status).toBe(403);
  });

  it.each([SIGN_IN, FORGOTTEN, CODE, `${FORGOTTEN}/resend`, "/sign-in/second/send"])(
    "%s refuses a form of another site and one without the page's token",
    async (path) => {
      await signUp(PHONE);
      const { go } = await forgot();
      const sent = world.sms.sent.length;
      const form = { phone: PHONE, country: "CN", password: PASSWORD, code: world.sms.lastCode(PHONE) };
      expect((await go(path, form, { origin: "https://attacker.example" })).status).toBe(403);
      expect((await createVisitor(world).go(path, form)).status).toBe(403);
      expect(world.sms.sent).toHaveLength(sent);
    },
  );
});

async function setPassword(accessToken: string): Promise<void> {
  const { put } = passwordCalls(() => world);
  const answer = await put(accessToken, { newPassword: PASSWORD });
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
}

describe("a challenge on the page of passwords", () => {
  it("is bound to the typed number, and the form is not sent by itself", async () => {
    await world.close();
    const env = { CAPTCHA: "altcha", ALTCHA_COST: "1" };
    ({ world } = await createPasswordWorld({ env }));
    for (let n = 0; n < 3; n += 1) await signIn(NOBODY, OTHER);
    const { go, answer } = await typed(OTHER, NOBODY);
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain("data-goes-on");
    const puzzle = /data-puzzle="([^"]*)"/.exec(answer.text)?.[1]?.replaceAll("&quot;", '"') ?? "";
    const captcha = JSON.stringify(await solveAltcha(JSON.parse(puzzle)));
    const again = await go(SIGN_IN, { phone: NOBODY, country: "CN", password: OTHER, captcha });
    expect(again.status).toBe(401);
  });
});

describe("a new password for a forgotten one", () => {
  it("is judged for the page's script without hashing it and without using up or showing the code", async () => {
    await signUp(PHONE);
    const { go, code } = await forgot();
    hashes.length = 0;
    for (let n = 0; n < 5; n += 1) {
      for (const password of ["short", "qwertyuiop", "lantern\tvessel"]) {
        const { status, text } = await go(`${FORGOTTEN}/password`, { password });
        expect([password, status, text.includes('id="password-error"')]).toEqual([password, 200, true]);
        expect([password, code].filter((typed) => text.includes(`"${typed}"`))).toEqual([]);
      }
      expect(await go(`${FORGOTTEN}/password`, { password: OTHER })).toMatchObject({ status: 204, text: "" });
    }
    const foreign = await go(
      `${FORGOTTEN}/password`,
      { password: "short" },
      { origin: "https://evil.example" },
    );
    expect(foreign.status).toBe(403);
    expect(hashes).toEqual([]);
    await go(CODE);
    expect((await go(CODE, { code, password: OTHER })).status).toBe(200);
    // If no code is waited for, the script lets the form be sent, which says so.
    expect((await go(`${FORGOTTEN}/password`, { password: "short" })).status).toBe(204);
  });

  it("is set with a code on a page, which then names the account's factors", async () => {
    const { app } = await protectedBy(PHONE);
    const { go, page, code } = await forgot();
    expect(page.text).toMatch(/<input[^>]*type="password"[^>]*autocomplete="new-password"/);
    expect(page.text).toMatch(/<input[^>]*autocomplete="one-time-code"/);
    const done = await go(CODE, { code, password: OTHER });
    expect(done.status).toBe(200);
    expect(done.text).toContain("Authenticator app");
    expect(done.text).toContain('href="/account/factors"');
    expect(done.text).not.toContain(app.secret);
    await refused(await signIn(PHONE, OTHER), "second_factor_required");
    // The code is used up, and the page has no verification left.
    expect(await go(CODE)).toMatchObject({ location: FORGOTTEN });
  });

  it("is refused with its fault before the code is looked at", async () => {
    await signUp(PHONE);
    const { go, code } = await forgot();
    for (const password of ["short", "qwertyuiop", "", "13800138000"]) {
      const answer = await go(CODE, { code, password });
      expect([password, answer.status]).toEqual([password, 422]);
      expect(answer.text).toContain('id="password-error"');
      expect(answer.text).not.toContain(code);
    }
    expect((await go(CODE, { code, password: OTHER })).status).toBe(200);
    await opened(await signIn(PHONE, OTHER));
  });

  it("is not set by a wrong code, and after three the page offers a new code", async () => {
    await signUp(PHONE);
    const { go, code } = await forgot();
    for (let n = 0; n < 3; n += 1) {
      const answer = await go(CODE, { code: wrongCode(code), password: OTHER });
      expect(answer.status).toBe(401);
    }
    expect((await go(CODE)).text).toContain(`action="${FORGOTTEN}/resend"`);
    world.clock.advance(120_000);
    expect(await go(`${FORGOTTEN}/resend`, {})).toMatchObject({ location: CODE });
    const next = world.sms.lastCode(PHONE);
    expect((await go(CODE, { code: next, password: OTHER })).status).toBe(200);
  });

  it("is asked for with an SMS to every number, and only the right code tells that there is no account (promise 6)", async () => {
    await signUp(PHONE);
    const [known, unknown] = [await forgot(PHONE), await forgot(NOBODY)];
    const wrong = await unknown.go(CODE, { code: wrongCode(unknown.code), password: OTHER });
    expect(wrong.status).toBe(401);
    expect(known.page.text.length).toBe(unknown.page.text.length);
    const answer = await unknown.go(CODE, { code: unknown.code, password: OTHER });
    expect(answer.status).toBe(404);
    expect(answer.text).toContain("this number has no account");
    expect((await world.signIn(NOBODY)).created).toBe(true);
  });

  it("does not leave its code to the sign-in page", async () => {
    await signUp(PHONE);
    const { go } = createVisitor(world);
    await go("/sign-in");
    await go(FORGOTTEN);
    await go(FORGOTTEN, { phone: PHONE, country: "CN" });
    // The page that signs in does not accept the code of a reset.
    expect(await go("/sign-in/code")).toMatchObject({ location: "/sign-in" });
  });
});
