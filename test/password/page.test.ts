import { afterEach, beforeEach, expect, it } from "vitest";
import { opened, PHONE, refused } from "../http/support.ts";
import { createVisitor } from "../support/visitor.ts";
import type { World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
const { signIn } = passwordCalls(() => world);

beforeEach(async () => {
  ({ world } = await createPasswordWorld());
});
afterEach(() => world.close());

it("a user sets and removes a password on the account's page, without scripts", async () => {
  const { go, enter } = createVisitor(world);
  await enter();
  expect((await go("/account")).text).toContain('href="/account/password"');
  const page = await go("/account/password");
  expect(page.text).toMatch(/<input[^>]*type="password"[^>]*autocomplete="new-password"/);
  const bad = await go("/account/password", { password: "qwertyuiop" });
  expect(bad.status).toBe(422);
  expect(bad.text).not.toContain("qwertyuiop");
  expect(await go("/account/password", { password: PASSWORD })).toMatchObject({ location: "/account?saved" });
  await opened(await signIn(PHONE, PASSWORD));
  await go("/account/password");
  expect(await go("/account/password/remove", {})).toMatchObject({ location: "/account?saved" });
  await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
});

it.each([
  [{}, "13800138000"],
  [{ DEFAULT_COUNTRY: "US", ALLOWED_COUNTRIES: "CN,US" }, "+8613800138000"],
])(
  "the password page names the number as it is typed to sign in (%j), only after a recent sign-in",
  async (env, username) => {
    await world.close();
    ({ world } = await createPasswordWorld({ env }));
    const { go, enter } = createVisitor(world);
    await enter();
    const field = /<input[^>]*autocomplete="username"[^>]*>/;
    expect(field.exec((await go("/account/password")).text)?.[0]).toBe(
      `<input type="text" name="username" autocomplete="username" value="${username}" readonly="" hidden=""/>`,
    );
    await go("/account/password", { password: PASSWORD });
    await go("/sign-out", {});
    await go("/sign-in/password");
    const country = "DEFAULT_COUNTRY" in env ? "US" : "CN";
    const entered = await go("/sign-in/password", { phone: username, country, password: PASSWORD });
    expect(entered).toMatchObject({ status: 303, location: "/account" });
    world.clock.advance(16 * 60_000);
    const page = await go("/account/password");
    expect(page.text).toContain('name="password"');
    expect(page.text).not.toMatch(field);
  },
);

it("a user who signed in by a temporary password chooses a password before going back to the app", async () => {
  await world.close();
  ({ world } = await createPasswordWorld({ env: { RETURN_TO: "https://app.example.com/in" } }));
  const { go } = createVisitor(world);
  const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const request = new URLSearchParams({
    return_to: "https://app.example.com/in",
    state: "kTzR3JwWmJ0pQxv1hE2c4A",
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  await go(`/sign-in?${request}`);
  await go("/temporary-password", undefined, { "sec-fetch-site": "same-origin" });
  await go("/sign-in", { phone: PHONE, country: "CN", purpose: "temporary_password" });
  await go("/sign-in/code");
  const entered = await go("/sign-in/code", { code: world.sms.lastCode() });
  expect(entered).toMatchObject({ status: 303, location: "/account/password" });
  // A late second click leads there too, and does not drop the app's request.
  expect((await go("/sign-in/code", { code: world.sms.lastCode() })).location).toBe("/sign-in/code");
  expect((await go("/sign-in/code")).location).toBe("/account/password");
  for (const path of ["/account", "/account/factors", "/account/data", "/account/phone"]) {
    expect(await go(path)).toMatchObject({ status: 303, location: "/account/password" });
  }
  // Removing the password is no way around it.
  await go("/account/password");
  const removed = await go("/account/password/remove", {});
  expect(removed).toMatchObject({ status: 303, location: "/account/password" });
  expect(await go("/account")).toMatchObject({ status: 303, location: "/account/password" });
  // Nor is a late second click on the code, which leads to where the first one did.
  for (const path of ["/sign-in", "/sign-in/code"]) {
    const again = await go(path, undefined, { "sec-fetch-site": "same-origin" });
    expect(again).toMatchObject({ status: 303, location: "/account/password" });
  }
  expect((await go("/account/password")).text).toContain('<input type="hidden" name="needed"/>');
  const { status, location } = await go("/account/password", { needed: "", password: PASSWORD });
  expect([status, location]).toEqual([
    303,
    expect.stringMatching(/^https:\/\/app\.example\.com\/in\?handover=.+&state=kTzR3JwWmJ0pQxv1hE2c4A$/),
  ]);
  // A second click on that form leads there as well; the form of the page as it is now does not.
  expect((await go("/account/password", { needed: "", password: PASSWORD })).location).toMatch(
    /^https:\/\/app\.example\.com\/in\?handover=/,
  );
  expect((await go("/account")).status).toBe(200);
  expect((await go("/account/password")).text).not.toContain('name="needed"');
  expect((await go("/account/password", { password: PASSWORD })).location).toBe("/account?saved");
});

it("the browser that replaced a temporary password is a known device, whatever strangers try at the number", async () => {
  const { go } = createVisitor(world);
  await go("/temporary-password");
  await go("/sign-in", { phone: PHONE, country: "CN", purpose: "temporary_password" });
  await go("/sign-in/code");
  await go("/sign-in/code", { code: world.sms.lastCode() });
  await go("/account/password");
  expect((await go("/account/password", { needed: "", password: PASSWORD })).location).toBe("/account");
  await go("/sign-out", {});
  for (let n = 0; n < 10; n += 1) await refused(await signIn(PHONE, OTHER), "invalid_credentials");
  await refused(await signIn(PHONE, PASSWORD), "code_required");
  await go("/sign-in/password");
  const entered = await go("/sign-in/password", { phone: PHONE, country: "CN", password: PASSWORD });
  expect(entered).toMatchObject({ status: 303, location: "/account" });
});

it("a user who signed in long ago has to confirm before a password is set", async () => {
  const { go, enter } = createVisitor(world);
  await enter();
  world.clock.advance(660_000);
  await go("/account/password");
  const { status, location } = await go("/account/password", { password: PASSWORD });
  expect([status, location]).toEqual([303, "/account/confirm?to=%2Faccount%2Fpassword"]);
  await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
});

it("a user with the number as only factor is told what to add for login protection, and is not sent to confirm", async () => {
  const { go, enter } = createVisitor(world);
  await enter();
  await go("/account/factors");
  const on = { when: "always" };
  const told = await go("/account/factors/protection", on);
  expect(told.status).toBe(409);
  expect(told.text).toContain("Add an authenticator app or a passkey first.");
  await go("/account/password");
  await go("/account/password", { password: PASSWORD });
  await go("/account/factors");
  expect((await go("/account/factors/protection", on)).status).toBe(409);
});
