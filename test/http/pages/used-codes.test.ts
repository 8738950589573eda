import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiKey, backendOf } from "../../backend/support.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, createWorld, ORIGIN, type World } from "../../support/world.ts";
import { factorCalls } from "../factors/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, PHONE, phoneNo } from "../support.ts";

// The right code that is sent again: by a second click, of which a browser shows the last answer alone, or by loading a page again.

let world: World;
afterEach(() => world.close());
const { addApp, atNewApp, codeOf, protectedBy } = factorCalls(() => world);

/** What a browser shows in the end, which follows where it is led. */
async function shown({ go }: ReturnType<typeof createVisitor>, path: string, form?: Record<string, string>) {
  let page = await go(path, form);
  for (let hops = 0; page.location && hops < 5; hops++) page = await go(page.location);
  return page;
}

/** Somebody on the page of a temporary password that a backend had sent to them. */
async function atTemporaryPassword() {
  const key = await apiKey(world, { purposes: ["temporary_password"] });
  const asked = { phone: PHONE, purpose: "temporary_password", page: {} };
  const started = await backendOf(world, key).start(asked);
  const path = (await bodyOf<{ pageUrl: string }>(started)).pageUrl.slice(ORIGIN.length);
  const visitor = createVisitor(world);
  await visitor.go(path);
  return { visitor, path, code: world.sms.lastCode() };
}

/** Somebody at the second step of a sign-in, and what it takes. */
async function atSecondStep() {
  const { app } = await protectedBy(PHONE);
  world.clock.advance(DAY_MS);
  const visitor = createVisitor(world);
  await visitor.enter();
  await visitor.go("/sign-in/second");
  return { visitor, form: { by: "otp", code: codeOf(app.secret) } };
}

/** Somebody who was asked for the code of the sign-in page. */
async function atCode(query = "") {
  const visitor = createVisitor(world);
  await visitor.go(`/sign-in${query}`);
  await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
  await visitor.go("/sign-in/code");
  return { visitor, code: world.sms.lastCode() };
}

describe("where nobody new is taken", () => {
  beforeEach(async () => {
    world = await createWorld({ env: { SIGN_UP: "closed" } });
  });

  it("the code says that it was used, and not nothing", async () => {
    const { visitor, code } = await atCode();
    expect((await visitor.go("/sign-in/code", { code })).text).toContain(
      "There is no account for this number",
    );
    const again = await shown(visitor, "/sign-in/code", { code });
    expect(again.text).toContain("This code has been used");
    expect(again.status).toBe(410);
  });

  it("a temporary password that a backend had sent is not called confirmed", async () => {
    const { visitor, path, code } = await atTemporaryPassword();
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
    const { visitor, path, code } = await atTemporaryPassword();
    expect((await visitor.go(path, { code })).location).toBe("/sign-in/second");
    for (const form of [{ code }, undefined])
      expect((await shown(visitor, path, form)).text).toContain("One more step");
  });

  it("a temporary password leads on to what comes next", async () => {
    const { visitor, path, code } = await atTemporaryPassword();
    expect((await visitor.go(path, { code })).location).toBe("/account/password");
    for (const form of [{ code }, undefined])
      expect((await shown(visitor, path, form)).text).toContain("Please choose one of your own now");
  });
});

describe("a second click", () => {
  beforeEach(async () => {
    world = await createWorld();
  });

  /** The answers to a form that a browser sends again before it has the first answer, and when it has its cookies alone. */
  async function twice(
    visitor: ReturnType<typeof createVisitor>,
    path: string,
    form: Record<string, string>,
  ) {
    const sent = visitor.sending(form);
    const first = await world.request(path, sent);
    const second = await world.request(path, sent);
    visitor.keep(first);
    const late = await visitor.go(path, form);
    const locations = [first.headers.get("location"), second.headers.get("location"), late.location];
    return { first, locations, texts: [await second.text(), late.text] };
  }

  /** Where the answers lead when somebody enters the code to a new number of theirs twice. */
  async function changedTwice() {
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/phone");
    await visitor.go("/account/phone/send", { phone: phoneNo(601), country: "CN" });
    await visitor.go("/account/phone");
    const { locations } = await twice(visitor, "/account/phone", { code: world.sms.lastCode() });
    return locations;
  }

  it("on the code to a new number leads on to what is about to happen", async () => {
    const locations = await changedTwice();
    expect(locations).toEqual(["/account/phone", "/account/phone", "/account/phone"]);
  });

  it("on the code to a new number that the account moves to at once leads on, too", async () => {
    await world.close();
    world = await createWorld({ env: { PHONE_CHANGE_HOURS: "0" } });
    const locations = await changedTwice();
    expect(locations).toEqual(["/account?saved", "/account?saved", "/account?saved"]);
  });

  it("on the code that confirms who they are leads on to where they came from", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    world.clock.advance(20 * MINUTE_MS);
    await visitor.go("/account/confirm?to=/account/data");
    await visitor.go("/account/confirm/send", {});
    await visitor.go("/account/confirm?to=/account/data");
    const form = { by: "sms", code: world.sms.lastCode() };
    const { locations } = await twice(visitor, "/account/confirm", form);
    expect(locations).toEqual(["/account/data", "/account/data", "/account/data"]);
  });

  it("on the code of an app leads on as well", async () => {
    const { secret } = await addApp(await world.signIn());
    world.clock.advance(MINUTE_MS);
    const visitor = createVisitor(world);
    await visitor.enter();
    world.clock.advance(20 * MINUTE_MS);
    await visitor.go("/account/confirm?to=/account/data");
    const form = { by: "otp", code: codeOf(secret) };
    const { locations } = await twice(visitor, "/account/confirm", form);
    expect(locations).toEqual(["/account/data", "/account/data", "/account/data"]);
    world.clock.advance(2 * MINUTE_MS);
    await visitor.go("/account/confirm?to=/account/data");
    expect((await visitor.go("/account/confirm", { by: "otp", code: "000000" })).status).toBe(401);
  });

  it("on an app's first code leads to the factor that it is by then", async () => {
    const { visitor, form } = await atNewApp();
    const { locations } = await twice(visitor, "/account/factors/app/confirm", form);
    expect(new Set(locations)).toEqual(new Set(["/account/factors?saved"]));
  });

  it("on what the second step takes leads on to what it opened", async () => {
    const { visitor, form } = await atSecondStep();
    const wrong = await visitor.go("/sign-in/second", { by: "otp", code: "000000" });
    expect(wrong.status).toBe(401);
    const { locations } = await twice(visitor, "/sign-in/second", form);
    expect(locations).toEqual(["/account", "/sign-in/code", "/account"]);
  });

  it("on what the second step takes says that it was used, where the first answer was lost", async () => {
    const { visitor, form } = await atSecondStep();
    await world.request("/sign-in/second", visitor.sending(form));
    expect((await shown(visitor, "/sign-in/second", form)).text).toContain("This code has been used");
  });

  it("on a code that signs in leads on, while the app that asked is slow", async () => {
    await world.close();
    const returnTo = "https://app.example/back";
    world = await createWorld({ env: { RETURN_TO: returnTo } });
    const asked = { return_to: returnTo, code_challenge: "a".repeat(43), code_challenge_method: "S256" };
    const { visitor, code } = await atCode(`?${new URLSearchParams(asked)}`);
    const { locations } = await twice(visitor, "/sign-in/code", { code });
    const toApp = expect.stringContaining(`${returnTo}?handover=`);
    expect(locations).toEqual([toApp, "/sign-in/code", toApp]);
    // Where the second one led, with the cookies of the first.
    expect(await visitor.go("/sign-in/code")).toMatchObject({ status: 303, location: toApp });
  });

  it("on the deletion of an account says once more that it is deleted", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/data");
    await visitor.go("/account/data/send", {});
    await visitor.go("/account/data");
    const { first, texts } = await twice(visitor, "/account/data/erase", { code: world.sms.lastCode() });
    for (const text of [await first.text(), ...texts]) expect(text).toContain("Your account is deleted");
  });

  it("on the deletion of an account says that it is deleted also where it came before the first was done", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/data");
    await visitor.go("/account/data/send", {});
    await visitor.go("/account/data");
    const sent = visitor.sending({ code: world.sms.lastCode() });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => world.request("/account/data/erase", sent)),
    );
    for (const answer of answers) expect(await answer.text()).toContain("Your account is deleted");
  });

  it("on the deletion of an account does not say that it is deleted where the session was ended before that", async () => {
    const other = await world.signIn();
    world.clock.advance(MINUTE_MS);
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/data");
    await visitor.go("/account/data/send", {});
    await visitor.go("/account/data");
    const sent = visitor.sending({ code: world.sms.lastCode() });
    const headers = bearer(other.accessToken);
    const [erased, twice] = await Promise.all([
      world.request("/account/data/erase", sent),
      world.request("/account/data/erase", sent),
      world.request("/v1/sessions?scope=others", { method: "DELETE", headers }),
    ]);
    const late = await world.request("/account/data/erase", sent);
    const isThere = (await world.request("/v1/me", { headers })).status === 200;
    for (const answer of [erased, twice, late])
      expect((await answer.text()).includes("Your account is deleted")).toBe(!isThere);
  });

  it("on a new password does not say that the code was wrong", async () => {
    await world.signIn();
    world.clock.advance(MINUTE_MS);
    const visitor = createVisitor(world);
    await visitor.go("/sign-in/forgotten");
    await visitor.go("/sign-in/forgotten", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/forgotten/code");
    const form = { code: world.sms.lastCode(), password: "lantern orchard vessel" };
    const { first, texts } = await twice(visitor, "/sign-in/forgotten/code", form);
    expect(await first.text()).toContain("Your new password is set");
    for (const text of texts) expect(text).toContain("This code has been used");
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
