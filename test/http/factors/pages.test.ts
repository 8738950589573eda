import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MOST_FACTORS } from "../../../src/core/account/factors/ports.ts";
import { createAuthenticator } from "../../support/authenticator.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, createWorld, ORIGIN, type World } from "../../support/world.ts";
import { DAY_MS, MINUTE_MS, PHONE } from "../support.ts";
import { factorCalls, UNLIMITED } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { ...UNLIMITED, CAPTCHA: "off" } });
});
afterEach(() => world.close());
const { addApp, codeOf, post, protectedBy } = factorCalls(() => world);

const SMS = 'action="/account/confirm/send"';

/** The challenge in a page for which the browser makes or signs a passkey. */
const challengeIn = (page: { readonly text: string }) =>
  /&quot;challenge&quot;:&quot;([\w-]+)&quot;/.exec(page.text)?.[1] ?? "";

/** The field for a code of an app or for recovery. */
const fieldIn = (text: string) => /<input[^>]* id="factor-code"[^>]*>/.exec(text)?.[0] ?? "";

it("a page that shows secrets once has no link to the other language, by which they would be lost", async () => {
  await addApp(await world.signIn(PHONE));
  world.clock.advance(MINUTE_MS);
  const { go, enter } = createVisitor(world);
  await enter();
  const page = await go("/account/factors");
  expect(page.text).toContain('href="/account/factors?lang=zh-CN"');
  for (const path of ["/account/factors/codes", "/account/factors/app"]) {
    const { status, text } = await go(path, {});
    expect([path, status, text.includes("lang=zh-CN")]).toEqual([path, 200, false]);
  }
});

describe("login protection", () => {
  it("is turned on after a confirmation that makes two factors, which offers no SMS code", async () => {
    const { secret } = await addApp(await world.signIn(PHONE));
    world.clock.advance(MINUTE_MS);
    const { go, enter } = createVisitor(world);
    await enter();
    await go("/account/factors");
    const asked = await go("/account/factors/protection", { when: "always" });
    const confirm = await go(asked.location ?? "");
    expect(fieldIn(confirm.text)).toContain('inputmode="numeric"');
    expect(confirm.text).not.toContain(SMS);
    const raised = await go("/account/confirm", { code: codeOf(secret) });
    expect([raised.status, raised.location]).toEqual([303, "/account/factors"]);
    await go("/account/factors");
    const { status, location } = await go("/account/factors/protection", { when: "always" });
    expect([status, location]).toEqual([303, "/account/factors?saved"]);
    expect((await go(location ?? "")).text).toContain("Your changes are saved.");
  });

  it("for new devices does not ask for a second factor in the browser that turned it on", async () => {
    const { secret } = await addApp(await world.signIn(PHONE));
    world.clock.advance(MINUTE_MS);
    const { go, enter } = createVisitor(world);
    await enter();
    await go("/account/confirm?to=/account/factors/protection");
    await go("/account/confirm", { code: codeOf(secret) });
    await go("/account/factors");
    const { location } = await go("/account/factors/protection", { when: "new_devices" });
    expect(location).toBe("/account/factors?saved");
    await go("/sign-out", {});
    world.clock.advance(MINUTE_MS);
    expect((await enter()).location).toBe("/account");
    world.clock.advance(MINUTE_MS);
    expect((await createVisitor(world).enter()).location).toBe("/sign-in/second");
  });

  it("does not show an app's secret again if the confirmation is no longer recent, and leads to the confirmation", async () => {
    const { go, enter } = createVisitor(world);
    await enter();
    await go("/account/factors");
    const { text } = await go("/account/factors/app", {});
    const [, id = ""] = /name="id" value="([^"]+)"/.exec(text) ?? [];
    const wrong = await go("/account/factors/app/confirm", { id, code: "000000" });
    expect(wrong.text.includes(id)).toBe(true);
    world.clock.advance(11 * MINUTE_MS);
    const late = await go("/account/factors/app/confirm", { id, code: "000000" });
    expect([late.status, late.location]).toEqual([303, "/account/confirm?to=%2Faccount%2Ffactors"]);
  });

  it("that is off lets an SMS code confirm the addition of a factor", async () => {
    await addApp(await world.signIn(PHONE));
    world.clock.advance(MINUTE_MS);
    const { go, enter } = createVisitor(world);
    await enter();
    world.clock.advance(11 * MINUTE_MS);
    await go("/account/factors");
    const { location } = await go("/account/factors/app", {});
    expect((await go(location ?? "")).text).toContain(SMS);
  });
});

it("an account page that refuses with 429 has a Retry-After header", async () => {
  await addApp(await world.signIn(PHONE));
  world.clock.advance(MINUTE_MS);
  const { go, enter, sending } = createVisitor(world);
  await enter();
  await go("/account/factors");
  for (let n = 0; n < 10; n += 1) expect((await go("/account/factors/codes", {})).status).toBe(200);
  const refused = await world.request("/account/factors/codes", sending({}));
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "86400"]);
});

it("a passkey that is refused at the second step shows its error in a banner, not at the field of the code", async () => {
  const { person } = await protectedBy(PHONE);
  expect((await post("/v1/me/factors/recovery-codes", person)).status).toBe(201);
  world.clock.advance(MINUTE_MS);
  const { go, enter } = createVisitor(world);
  expect((await enter()).location).toBe("/sign-in/second");
  await go("/sign-in/second");
  const code = await go("/sign-in/second", { code: "000000" });
  expect(code.text).toContain('id="factor-error"');
  // Recovery codes have letters.
  expect(fieldIn(code.text)).toContain('autocapitalize="none"');
  expect(fieldIn(code.text)).not.toContain("inputmode");
  // Without scripts the field is empty.
  for (const answer of ["{}", ""]) {
    const passkey = await go("/sign-in/second", { passkey: answer });
    expect(passkey.status).toBe(401);
    expect(passkey.text).toContain("The passkey was not accepted.");
    expect(passkey.text).not.toContain('id="factor-error"');
  }
});

it.each([
  ["en", "The passkey was not accepted. You can try again."],
  ["zh-CN", "通行密钥未通过验证，您可以重试。"],
])(
  "a new passkey whose challenge expired is refused with that reason, and can be made again (%s)",
  async (lang, text) => {
    const { go, enter } = createVisitor(world);
    await enter();
    const add = async (challenge: string) => {
      const passkey = JSON.stringify(createAuthenticator().create({ origin: ORIGIN, challenge }));
      return await go("/account/factors/passkey", { passkey });
    };
    const open = challengeIn(await go(`/account/factors?lang=${lang}`));
    world.clock.advance(6 * MINUTE_MS);
    const refused = await add(open);
    expect(refused.status).toBe(400);
    expect(/role="alert">([^<]*)</.exec(refused.text)?.[1]).toBe(text);
    expect(await add(challengeIn(refused))).toMatchObject({
      status: 303,
      location: "/account/factors?saved",
    });
  },
);

it.each([
  ["en", "Passkeys were asked for too often. Load this page again in 5 minutes to use one."],
  ["zh-CN", "通行密钥请求过于频繁。如需使用，请于 5 分钟后重新加载本页。"],
])("a page that asked for passkeys too often says when it can again (%s)", async (lang, text) => {
  const { go, enter } = createVisitor(world);
  await enter();
  const page = () => go(`/account/factors?lang=${lang}`);
  for (let n = 0; n < 30; n += 1) expect(challengeIn(await page())).not.toBe("");
  const refused = await page();
  expect([refused.status, challengeIn(refused)]).toEqual([200, ""]);
  expect(refused.text).toContain(text);
  world.clock.advance(5 * MINUTE_MS);
  expect(challengeIn(await page())).not.toBe("");
});

it("the pages of the confirmation and the second step say so if they asked for passkeys too often", async () => {
  const { go, enter } = createVisitor(world);
  await enter();
  const challenge = challengeIn(await go("/account/factors"));
  const passkey = JSON.stringify(createAuthenticator().create({ origin: ORIGIN, challenge }));
  await go("/account/factors/passkey", { passkey });
  await go("/account/factors");
  const { location } = await go("/account/factors/protection", { when: "always" });
  expect(location).toBe("/account/factors?saved");
  world.clock.advance(5 * MINUTE_MS);
  const another = createVisitor(world);
  expect((await another.enter()).location).toBe("/sign-in/second");
  for (const page of [() => go("/account/confirm"), () => another.go("/sign-in/second")]) {
    for (let n = 0; n < 30; n += 1) expect(challengeIn(await page())).not.toBe("");
    expect((await page()).text).toContain("Passkeys were asked for too often.");
  }
});

it("the page of an account with the most factors says so where a passkey could be added", async () => {
  const person = await world.signIn(PHONE);
  for (let n = 0; n < MOST_FACTORS; n += 1) await addApp(person);
  world.clock.advance(MINUTE_MS);
  const { go, enter } = createVisitor(world);
  await enter();
  const { text } = await go("/account/factors");
  expect(text).toContain("There are as many as an account can have. Remove one first.");
});

it.each([
  ["en", "The password is wrong."],
  ["zh-CN", "密码错误。"],
])("a wrong password shows its error at its own field, not at that of the code (%s)", async (lang, text) => {
  const person = await world.signIn(PHONE);
  const body = JSON.stringify({ newPassword: "lantern orchard vessel" });
  const headers = { ...bearer(person.accessToken), "content-type": "application/json" };
  expect((await world.request("/v1/me/password", { method: "PUT", headers, body })).status).toBe(204);
  await addApp(person);
  world.clock.advance(DAY_MS);
  const { go, enter } = createVisitor(world);
  await enter();
  await go(`/account/confirm?to=/account/data&lang=${lang}`);
  const wrong = await go("/account/confirm", { password: "something else entirely" });
  expect(wrong.status).toBe(401);
  expect(/id="password-error"[\s\S]*?<span>([^<]*)</.exec(wrong.text)?.[1]).toBe(text);
  expect(wrong.text).not.toContain("banner-error");
  expect(wrong.text).not.toContain('id="factor-error"');
  // Focus goes to the first field that asks for it.
  expect(/<input[^>]*autofocus[^>]*>/.exec(wrong.text)?.[0]).toContain('id="password"');
});

it.each([
  ["en", "Remove: Authenticator app"],
  ["zh-CN", "移除：验证器应用"],
])("the button that removes a factor names it in its label (%s)", async (lang, name) => {
  await addApp(await world.signIn(PHONE));
  world.clock.advance(MINUTE_MS);
  const { go, enter } = createVisitor(world);
  await enter();
  const { text } = await go(`/account/factors?lang=${lang}`);
  expect(text).toContain(`aria-label="${name}"`);
});
