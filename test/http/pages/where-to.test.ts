import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { readReturnRequest } from "../../../src/http/pages/flow.ts";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld, type World } from "../../support/world.ts";
import { bodyOf, MINUTE_MS, opened, PHONE, phoneNo } from "../support.ts";

// Where pages redirect to: allowed addresses of apps, or pages of the account (T39).

describe("the query by which an app asks for a sign-in", () => {
  const APP = "https://app.example.com/in";
  const CHALLENGE = "A".repeat(43);
  type Wrong = [string, Readonly<Record<string, string>>, string];
  const asked = (change: Readonly<Record<string, string>>) => {
    const query: Readonly<Record<string, string>> = {
      return_to: APP,
      code_challenge: CHALLENGE,
      code_challenge_method: "S256",
      ...change,
    };
    return readReturnRequest((name) => query[name], [APP]);
  };

  it("is accepted with a challenge of S256 and a state of up to 512 characters", () => {
    expect(asked({})).toEqual({ ok: true, value: { returnTo: APP, challenge: CHALLENGE } });
    const state = "~ ".repeat(256);
    expect(asked({ state })).toEqual({ ok: true, value: { returnTo: APP, challenge: CHALLENGE, state } });
  });

  it.each<Wrong>([
    ["a challenge that is too short", { code_challenge: "A".repeat(42) }, "challenge"],
    ["a challenge that is too long", { code_challenge: "A".repeat(44) }, "challenge"],
    ["a challenge with padding", { code_challenge: `${"A".repeat(42)}=` }, "challenge"],
    ["a plain challenge", { code_challenge_method: "plain" }, "challenge"],
    ["a method in lower case", { code_challenge_method: "s256" }, "challenge"],
    ["an empty state", { state: "" }, "state"],
    ["a state that is too long", { state: "a".repeat(513) }, "state"],
    ["a state beyond ASCII", { state: "é" }, "state"],
    ["a state of two lines", { state: "a\nb" }, "state"],
    ["an address that begins like an allowed one", { return_to: `${APP}/more` }, "address"],
    ["an address of another origin", { return_to: "https://app.example.com.evil.example/in" }, "origin"],
    ["an address without an origin", { return_to: "/account" }, "origin"],
  ])("is refused for %s", (_, change, wrong) => {
    expect(asked(change)).toEqual({ ok: false, wrong });
  });

  it.each<[...Wrong, RegExp]>([
    [
      "origin",
      { return_to: "https://evil.example/call-0900" },
      "en",
      / RETURN_TO has no address with the origin/,
    ],
    ["address", { return_to: `${APP}/` }, "zh-CN", /同源的地址，但没有逐字符一致的地址。/],
    ["challenge", { code_challenge: "" }, "en", / The app must send a code_challenge/],
    ["state", { state: "é" }, "zh-CN", /应用的 state 必须是/],
  ])("gets a page that says that the %s is wrong and does not repeat it", async (_, change, lang, says) => {
    const world = await createWorld({ env: { RETURN_TO: APP } });
    onTestFinished(() => world.close());
    const sound = { return_to: APP, code_challenge: CHALLENGE, code_challenge_method: "S256" };
    const { go } = createVisitor(world);
    const { status, text } = await go(`/sign-in?${new URLSearchParams({ ...sound, ...change, lang })}`);
    expect(status).toBe(400);
    const [, lead = ""] = /<p class="lead">([^<]*)</.exec(text) ?? [];
    expect(lead).toMatch(says);
    for (const value of Object.values(change).filter((value) => value !== "")) {
      expect(lead).not.toContain(value);
      expect(text).not.toContain(encodeURIComponent(value));
    }
  });
});

describe("an app that gets a handover", () => {
  const APP = "https://app.example.com/in";

  it("keeps the device whose token it sends with the handover", async () => {
    const world = await createWorld({ env: { RETURN_TO: APP } });
    onTestFinished(() => world.close());
    const { deviceToken } = await world.signIn(PHONE);
    const codeVerifier = "v".repeat(43);
    const { go } = createVisitor(world);
    const asked = {
      return_to: APP,
      code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
      code_challenge_method: "S256",
    };
    await go(`/sign-in?${new URLSearchParams(asked)}`);
    await go("/sign-in", { phone: PHONE, country: "CN" });
    await go("/sign-in/code");
    const { location } = await go("/sign-in/code", { code: world.sms.lastCode() });
    const handover = new URL(location ?? "").searchParams.get("handover");
    const session = await opened(await world.post("/v1/sessions", { handover, codeVerifier, deviceToken }));
    expect(deviceOf(session.deviceToken)).toBe(deviceOf(deviceToken));
  });

  /** The query by which the app asks for a sign-in. */
  function askedFor(codeVerifier: string) {
    const code_challenge = createHash("sha256").update(codeVerifier).digest("base64url");
    return { return_to: APP, code_challenge, code_challenge_method: "S256", state: "abc" };
  }

  /** A visitor at the code of a sign-in that the app asked for. */
  async function beginFor(world: World, codeVerifier: string) {
    const visitor = createVisitor(world);
    await visitor.go(`/sign-in?${new URLSearchParams(askedFor(codeVerifier))}`);
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/code");
    return visitor;
  }

  it("gets another one by a late second click, until the browser drops the cookie for it", async () => {
    const world = await createWorld({ env: { RETURN_TO: APP } });
    onTestFinished(() => world.close());
    const codeVerifier = "v".repeat(43);
    const { go, jar } = await beginFor(world, codeVerifier);
    const code = world.sms.lastCode();
    const first = new URL((await go("/sign-in/code", { code })).location ?? "");
    const second = new URL((await go("/sign-in/code", { code })).location ?? "");
    expect(second.searchParams.get("state")).toBe("abc");
    for (const { searchParams } of [first, second]) {
      const handover = searchParams.get("handover");
      await opened(await world.post("/v1/sessions", { handover, codeVerifier }));
    }
    // As a browser does after a minute.
    jar.delete("phonekey_returned");
    expect((await go("/sign-in/code", { code })).location).toBe("/account");
  });

  it.each(["sign_in", "temporary_password"])(
    "is told `created` by each handover of the sign-up, and not at a later sign-in (%s)",
    async (purpose) => {
      const world = await createWorld({ env: { RETURN_TO: APP } });
      onTestFinished(() => world.close());
      const codeVerifier = "v".repeat(43);
      const { go } = createVisitor(world);
      const begin = () => go(`/sign-in?${new URLSearchParams(askedFor(codeVerifier))}`);
      const createdBy = async (page: Promise<{ readonly location: string | null }>) => {
        const handover = new URL((await page).location ?? "").searchParams.get("handover");
        const answer = await world.post("/v1/sessions", { handover, codeVerifier });
        return (await bodyOf<{ created: boolean }>(answer)).created;
      };
      await begin();
      await go("/sign-in", { phone: PHONE, country: "CN", purpose });
      await go("/sign-in/code");
      const entered = go("/sign-in/code", { code: world.sms.lastCode() });
      if (purpose === "sign_in") expect(await createdBy(entered)).toBe(true);
      else {
        expect((await entered).location).toBe("/account/password");
        await go("/account/password");
        const chosen = go("/account/password", { needed: "", password: "lantern orchard vessel" });
        expect(await createdBy(chosen)).toBe(true);
      }
      expect(await createdBy(go("/sign-in/code"))).toBe(true);
      expect(await createdBy(begin())).toBe(false);
      expect(await createdBy(go("/sign-in/code"))).toBe(false);
    },
  );

  it("is not told `created` if a new user signed out without choosing a password and another one signed in", async () => {
    const world = await createWorld({ env: { RETURN_TO: APP } });
    onTestFinished(() => world.close());
    await world.signIn(phoneNo(8));
    world.clock.advance(MINUTE_MS);
    const codeVerifier = "v".repeat(43);
    const { go } = createVisitor(world);
    const own = { "sec-fetch-site": "same-origin" };
    await go(`/sign-in?${new URLSearchParams(askedFor(codeVerifier))}`);
    await go("/sign-in", { phone: PHONE, country: "CN", purpose: "temporary_password" });
    await go("/sign-in/code");
    await go("/sign-in/code", { code: world.sms.lastCode() });
    await go("/account/password");
    await go("/sign-out", {});
    await go("/sign-in", undefined, own);
    await go("/sign-in", { phone: phoneNo(8), country: "CN" });
    await go("/sign-in/code");
    const { location } = await go("/sign-in/code", { code: world.sms.lastCode() });
    const handover = new URL(location ?? "").searchParams.get("handover");
    const answer = await world.post("/v1/sessions", { handover, codeVerifier });
    expect((await bodyOf<{ created: boolean }>(answer)).created).toBe(false);
  });

  it("gets no handover of a user who signs in after the first one signed out", async () => {
    const world = await createWorld({ env: { RETURN_TO: APP } });
    onTestFinished(() => world.close());
    const { go, enter } = await beginFor(world, "v".repeat(43));
    await go("/sign-in/code", { code: world.sms.lastCode() });
    await go("/account");
    await go("/sign-out", {});
    expect((await go("/sign-in/code")).location).toBe("/sign-in");
    expect((await enter(phoneNo(8))).location).toBe("/account");
    expect((await go("/sign-in/code")).location).toBe("/account");
  });

  /** The id of the device in a device token. */
  function deviceOf(token: string): string {
    const [, claims = ""] = token.split(".");
    return (JSON.parse(Buffer.from(claims, "base64url").toString()) as { did: string }).did;
  }
});

describe("who comes to the address of a form without it, as by a restored tab,", () => {
  it.each([
    ["/sign-in/resend", "/sign-in/code"],
    ["/sign-in/second/send", "/sign-in/second"],
    ["/sign-in/forgotten/resend", "/sign-in/forgotten/code"],
    ["/sign-in/forgotten/password", "/sign-in/forgotten/code"],
    ["/account/profile", "/account"],
    ["/account/sessions/end", "/account"],
    ["/account/confirm/send", "/account/confirm"],
    ["/account/phone/resend", "/account/phone"],
    ["/account/data/erase", "/account/data"],
    ["/account/factors/app/confirm", "/account/factors"],
    ["/verify/a%0D%0Ab/resend", "/verify/a%0D%0Ab"],
    ["/verify/ab/%72esend", "/verify/ab"],
  ])("is redirected from %s to the page with the form", async (address, page) => {
    const world = await createWorld();
    onTestFinished(() => world.close());
    expect(await createVisitor(world).go(`${address}?lang=en`)).toMatchObject({
      status: 303,
      location: page,
    });
  });

  it("finds a page at each such address", async () => {
    const world = await createWorld();
    onTestFinished(() => world.close());
    const own = world.app.routes.filter(({ path }) => /^\/(sign-in|account|verify|stop)/.test(path));
    const taken = (method: string) => own.filter((one) => one.method === method).map(({ path }) => path);
    const shown = new Set(taken("GET"));
    expect(taken("POST").filter((path) => !shown.has(path))).toEqual([]);
  });
});

describe("the confirmation page", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.close());

  it("leads back to a page of the account, and nowhere else", async () => {
    const { go, enter } = createVisitor(world);
    await enter();
    const back = async (to: string) => {
      const { text } = await go(`/account/confirm?${new URLSearchParams({ to })}`);
      return /<a [^>]*href="([^"]*)"[^>]*>Back/.exec(text)?.[1];
    };
    expect(await back("/account/data")).toBe("/account/data");
    for (const to of [
      "//evil.example",
      "//account",
      "/\\evil",
      "https://evil.example/account",
      "/accounts",
      "/sign-out",
      "/account/../dev",
      "/account//evil",
      "/account/data?x=1",
      "/account/data#x",
      "/account/data\n",
    ]) {
      await go("/account/confirm?to=/account");
      expect([to, await back(to)]).toEqual([to, "/account"]);
    }
  });
});
