import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiKey, backendOf } from "../../backend/support.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, createWorld, ORIGIN, type World } from "../../support/world.ts";
import { factorCalls } from "../factors/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, PHONE, phoneNo } from "../support.ts";

// The right code that is sent again: by a second click, of which a browser shows only the last answer, or by loading a page again.

let world: World;
afterEach(() => world.close());
const { addApp, atNewApp, codeOf, protectedBy } = factorCalls(() => world);

/** The page that a browser shows after all redirects. */
async function shown({ go }: ReturnType<typeof createVisitor>, path: string, form?: Record<string, string>) {
  let page = await go(path, form);
  for (let hops = 0; page.location && hops < 5; hops++) page = await go(page.location);
  return page;
}

/** A visitor at the page of a temporary password that a backend sent. */
async function atTemporaryPassword() {
  const key = await apiKey(world, { purposes: ["temporary_password"] });
  const asked = { phone: PHONE, purpose: "temporary_password", page: {} };
  const started = await backendOf(world, key).start(asked);
  const path = (await bodyOf<{ pageUrl: string }>(started)).pageUrl.slice(ORIGIN.length);
  const visitor = createVisitor(world);
  await visitor.go(path);
  return { visitor, path, code: world.sms.lastCode() };
}

/** A visitor at the second step of a sign-in, and its form. */
async function atSecondStep() {
  const { app } = await protectedBy(PHONE);
  world.clock.advance(DAY_MS);
  const visitor = createVisitor(world);
  await visitor.enter();
  await visitor.go("/sign-in/second");
  return { visitor, form: { by: "otp", code: codeOf(app.secret) } };
}

/** A visitor at the code of a sign-in. */
async function atCode(query = "") {
  const visitor = createVisitor(world);
  await visitor.go(`/sign-in${query}`);
  await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
  await visitor.go("/sign-in/code");
  return { visitor, code: world.sms.lastCode() };
}

describe("if SIGN_UP is closed, the right code that is sent again", () => {
  beforeEach(async () => {
    world = await createWorld({ env: { SIGN_UP: "closed" } });
  });

  it("is answered as used", async () => {
    const { visitor, code } = await atCode();
    expect((await visitor.go("/sign-in/code", { code })).text).toContain(
      "There is no account for this number",
    );
    const again = await shown(visitor, "/sign-in/code", { code });
    expect(again.text).toContain("This code has been used");
    expect(again.status).toBe(410);
  });

  it("at the page of a backend's temporary password is not answered as confirmed", async () => {
    const { visitor, path, code } = await atTemporaryPassword();
    expect((await visitor.go(path, { code })).text).toContain("There is no account for this number");
    for (const form of [{ code }, undefined]) {
      const again = await shown(visitor, path, form);
      expect(again.text).not.toContain("Confirmed");
      expect(again.text).toContain("This page no longer works");
    }
  });
});

describe("after a sign-in, the code that is sent again", () => {
  beforeEach(async () => {
    world = await createWorld();
  });

  it("leads on to the account", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    expect((await shown(visitor, "/sign-in/code")).text).toContain("Your account");
  });

  it("leads on to the second step if the account has login protection", async () => {
    await protectedBy(PHONE);
    world.clock.advance(DAY_MS);
    const visitor = createVisitor(world);
    expect((await visitor.enter()).location).toBe("/sign-in/second");
    const again = await visitor.go("/sign-in/code", { code: world.sms.lastCode() });
    expect(again.location).toBe("/sign-in/code");
    expect((await visitor.go("/sign-in/code")).location).toBe("/sign-in/second");
  });

  it("at the page of a temporary password leads on to the second step if the account has login protection", async () => {
    await protectedBy(PHONE);
    world.clock.advance(DAY_MS);
    const { visitor, path, code } = await atTemporaryPassword();
    expect((await visitor.go(path, { code })).location).toBe("/sign-in/second");
    for (const form of [{ code }, undefined])
      expect((await shown(visitor, path, form)).text).toContain("One more step");
  });

  it("at the page of a temporary password leads on to the choice of a password", async () => {
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

  /** The answers to a form that a browser sends again before the first answer, and when it has only its cookies. */
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

  /** Where the answers lead when the code to a new number is sent twice. */
  async function changedTwice() {
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/phone");
    await visitor.go("/account/phone/send", { phone: phoneNo(601), country: "CN" });
    await visitor.go("/account/phone");
    const { locations } = await twice(visitor, "/account/phone", { code: world.sms.lastCode() });
    return locations;
  }

  it("on the code to a new number leads on to the change that waits", async () => {
    const locations = await changedTwice();
    expect(locations).toEqual(["/account/phone", "/account/phone", "/account/phone"]);
  });

  it("on the code to a new number leads on to the account if the change takes effect at once", async () => {
    await world.close();
    world = await createWorld({ env: { PHONE_CHANGE_HOURS: "0" } });
    const locations = await changedTwice();
    expect(locations).toEqual(["/account?saved", "/account?saved", "/account?saved"]);
  });

  it("on the SMS code of a confirmation leads on to the page that asked for it", async () => {
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

  it("on an app's code of a confirmation leads on to the page that asked for it", async () => {
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

  it("on an app's first code leads on to the factors with the app", async () => {
    const { visitor, form } = await atNewApp();
    const { locations } = await twice(visitor, "/account/factors/app/confirm", form);
    expect(new Set(locations)).toEqual(new Set(["/account/factors?saved"]));
  });

  it("on the code of the second step leads on to the account", async () => {
    const { visitor, form } = await atSecondStep();
    const wrong = await visitor.go("/sign-in/second", { by: "otp", code: "000000" });
    expect(wrong.status).toBe(401);
    const { locations } = await twice(visitor, "/sign-in/second", form);
    expect(locations).toEqual(["/account", "/sign-in/code", "/account"]);
  });

  it("on the code of the second step says that it was used if the first answer was lost", async () => {
    const { visitor, form } = await atSecondStep();
    await world.request("/sign-in/second", visitor.sending(form));
    expect((await shown(visitor, "/sign-in/second", form)).text).toContain("This code has been used");
  });

  it("on a code that signs in leads on to the app that asked for the sign-in", async () => {
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

  it("on the deletion of an account says again that it is deleted", async () => {
    const visitor = createVisitor(world);
    await visitor.enter();
    await visitor.go("/account/data");
    await visitor.go("/account/data/send", {});
    await visitor.go("/account/data");
    const { first, texts } = await twice(visitor, "/account/data/erase", { code: world.sms.lastCode() });
    for (const text of [await first.text(), ...texts]) expect(text).toContain("Your account is deleted");
  });

  it("on the deletion of an account says that it is deleted even if it comes before the first one is done", async () => {
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

  it("on the deletion of an account does not say that it is deleted if the session was ended before", async () => {
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

  it("on a new password says that the code was used", async () => {
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

it("a reset for a number without an account does not offer to create one if SIGN_UP is closed", async () => {
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
