import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiKey, backendOf } from "../backend/support.ts";
import { createVisitor } from "../password/visitor.ts";
import { createWorld, ORIGIN, type World } from "../support/world.ts";
import { factorCalls } from "./factor-support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, PHONE, phoneNo } from "./support.ts";

// The right code that is sent again: by a second click, of which a browser shows the last answer alone, or by loading a page again.

let world: World;
afterEach(() => world.close());
const { protectedBy } = factorCalls(() => world);

/** What a browser shows in the end, which follows where it is led. */
async function shown({ go }: ReturnType<typeof createVisitor>, path: string, form?: Record<string, string>) {
  let page = await go(path, form);
  for (let hops = 0; page.location && hops < 5; hops++) page = await go(page.location);
  return page;
}

describe("where nobody new is taken", () => {
  beforeEach(async () => {
    world = await createWorld({ env: { SIGN_UP: "closed" } });
  });

  it("the code says that it was used, and not nothing", async () => {
    const visitor = createVisitor(world);
    await visitor.go("/sign-in");
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/code");
    const code = world.sms.lastCode();
    expect((await visitor.go("/sign-in/code", { code })).text).toContain(
      "There is no account for this number",
    );
    const again = await shown(visitor, "/sign-in/code", { code });
    expect(again.text).toContain("This code has been used");
    expect(again.status).toBe(410);
  });

  it("a temporary password that a backend had sent is not called confirmed", async () => {
    const key = await apiKey(world, { purposes: ["temporary_password"] });
    const asked = { phone: PHONE, purpose: "temporary_password", page: {} };
    const started = await backendOf(world, key).start(asked);
    const path = (await bodyOf<{ pageUrl: string }>(started)).pageUrl.slice(ORIGIN.length);
    const visitor = createVisitor(world);
    await visitor.go(path);
    const code = world.sms.lastCode();
    expect((await visitor.go(path, { code })).text).toContain("There is no account for this number");
    for (const form of [{ code }, undefined]) {
      const again = await shown(visitor, path, form);
      expect(again.text).not.toContain("Confirmed");
      expect(again.text).toContain("This page no longer works");
    }
  });
});

describe("where it signed in", () => {
  beforeEach(async () => {
    world = await createWorld();
  });

  it("the code leads on to the account", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    expect((await shown(visitor, "/sign-in/code")).text).toContain("Your account");
  });

  it("the code leads on to the second step where that is asked for", async () => {
    await protectedBy(PHONE);
    world.clock.advance(DAY_MS);
    const visitor = createVisitor(world);
    expect((await visitor.enter()).location).toBe("/sign-in/second");
    const again = await visitor.go("/sign-in/code", { code: world.sms.lastCode() });
    expect(again.location).toBe("/sign-in/code");
    expect((await visitor.go("/sign-in/code")).location).toBe("/sign-in/second");
  });

  it("a temporary password leads on to the second step where that is asked for", async () => {
    await protectedBy(PHONE);
    world.clock.advance(DAY_MS);
    const key = await apiKey(world, { purposes: ["temporary_password"] });
    const asked = { phone: PHONE, purpose: "temporary_password", page: {} };
    const started = await backendOf(world, key).start(asked);
    const path = (await bodyOf<{ pageUrl: string }>(started)).pageUrl.slice(ORIGIN.length);
    const visitor = createVisitor(world);
    await visitor.go(path);
    const code = world.sms.lastCode();
    expect((await visitor.go(path, { code })).location).toBe("/sign-in/second");
    for (const form of [{ code }, undefined])
      expect((await shown(visitor, path, form)).text).toContain("One more step");
  });

  it("a temporary password leads on to what comes next", async () => {
    const key = await apiKey(world, { purposes: ["temporary_password"] });
    const asked = { phone: PHONE, purpose: "temporary_password", page: {} };
    const started = await backendOf(world, key).start(asked);
    const path = (await bodyOf<{ pageUrl: string }>(started)).pageUrl.slice(ORIGIN.length);
    const visitor = createVisitor(world);
    await visitor.go(path);
    const code = world.sms.lastCode();
    expect((await visitor.go(path, { code })).location).toBe("/account/password");
    for (const form of [{ code }, undefined])
      expect((await shown(visitor, path, form)).text).toContain("Please choose one of your own now");
  });
});

describe("a second click", () => {
  beforeEach(async () => {
    world = await createWorld();
  });

  /** The answer to the second of two forms that a browser sent before it had the first answer. */
  async function twice(
    visitor: ReturnType<typeof createVisitor>,
    path: string,
    form: Record<string, string>,
  ) {
    const sent = visitor.sending(form);
    const first = await world.request(path, sent);
    const second = await world.request(path, sent);
    return { first, location: second.headers.get("location"), text: await second.text() };
  }

  it("on the code to a new number leads on to what is about to happen", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/phone");
    await visitor.go("/account/phone/send", { phone: phoneNo(601), country: "CN" });
    await visitor.go("/account/phone");
    const { first, location } = await twice(visitor, "/account/phone", { code: world.sms.lastCode() });
    expect([first.headers.get("location"), location]).toEqual(["/account/phone", "/account/phone"]);
  });

  it("on the code that confirms who they are leads on to where they came from", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    world.clock.advance(20 * MINUTE_MS);
    await visitor.go("/account/confirm?to=/account/data");
    await visitor.go("/account/confirm/send", {});
    await visitor.go("/account/confirm?to=/account/data");
    const form = { by: "sms", code: world.sms.lastCode() };
    const { first, location } = await twice(visitor, "/account/confirm", form);
    expect([first.headers.get("location"), location]).toEqual(["/account/data", "/account/data"]);
  });

  it("on a new password does not say that the code was wrong", async () => {
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    const visitor = createVisitor(world);
    await visitor.go("/sign-in/forgotten");
    await visitor.go("/sign-in/forgotten", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/forgotten/code");
    const form = { code: world.sms.lastCode(), password: "lantern orchard vessel" };
    const { first, text } = await twice(visitor, "/sign-in/forgotten/code", form);
    expect(await first.text()).toContain("Your new password is set");
    expect(text).not.toContain("entered wrongly");
    expect(text).toContain("This code has been used");
  });
});

it("a forgotten password of nobody promises no account where none is made", async () => {
  world = await createWorld({ env: { SIGN_UP: "closed" } });
  const visitor = createVisitor(world);
  await visitor.go("/sign-in/forgotten");
  await visitor.go("/sign-in/forgotten", { phone: PHONE, country: "CN" });
  await visitor.go("/sign-in/forgotten/code");
  const form = { code: world.sms.lastCode(), password: "lantern orchard vessel" };
  const { text } = await visitor.go("/sign-in/forgotten/code", form);
  expect(text).toContain("this number has no account");
  expect(text).not.toContain("create one");
});
