import { describe, expect, it } from "vitest";
import { LAYOUT_COPY } from "../../../src/http/pages/copy/layout.ts";
import {
  askForCode,
  csrfOf,
  newPhone,
  postForm,
  signInOnPages,
  submitCode,
  valueOfCookie,
} from "../support.ts";
import {
  app,
  autoForm,
  lastVerificationId,
  setCookie,
  setTrap,
  signedIn,
  site,
  useAttacked,
} from "./attacked.ts";

const browser = useAttacked();

describe("a verification of the pages belongs to the browser that started it (T25)", () => {
  it("another browser cannot finish it, even with the right code", async () => {
    const phone = newPhone();
    const attacker = await browser.open();
    await askForCode(attacker, app.origin, phone);
    const victim = await browser.open();
    await victim.goto(`${app.origin}/sign-in`);
    const csrf = await csrfOf(victim);
    const answer = await postForm(
      victim,
      `${app.origin}/sign-in/code`,
      { csrf, code: app.codeFor(phone) },
      { origin: app.origin },
    );
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/sign-in");
    expect(answer.headers.get("set-cookie")).toBeNull();
    // The attacker can still finish the verification.
    await submitCode(attacker, app.codeFor(phone));
    await attacker.waitForURL(`${app.origin}/account`);
  });

  it("its code is refused at the API, even with its id, and no guess is counted", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await askForCode(page, app.origin, phone);
    const verificationId = lastVerificationId();
    const opened = await app.world.post("/v1/sessions", { verificationId, code: app.codeFor(phone) });
    expect(opened.status).toBe(401);
    expect((await app.world.request(`/v1/verifications/${verificationId}`)).status).toBe(404);
    const resent = await app.world.request(`/v1/verifications/${verificationId}/resend`, { method: "POST" });
    expect(resent.status).toBe(404);
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
  });

  it("a form of the attacker's site cannot sign the victim in as the attacker", async () => {
    const phone = newPhone();
    const attacker = await browser.open();
    await askForCode(attacker, app.origin, phone);
    const csrf = await csrfOf(attacker);
    setTrap(autoForm(`${app.origin}/sign-in/code`, { csrf, code: app.codeFor(phone) }));
    const victim = await browser.open();
    await victim.goto(`${app.origin}/sign-in`);
    for (const origin of [site.origin, site.sameSiteOrigin]) {
      const [answer] = await Promise.all([
        victim.waitForResponse((response) => response.url() === `${app.origin}/sign-in/code`),
        victim.goto(origin),
      ]);
      expect(answer.status()).toBe(403);
      expect(await valueOfCookie(victim, "session")).toBeUndefined();
    }
  });

  it("a pre-session that the attacker planted does not let the attacker follow", async () => {
    const attacker = await browser.open();
    await attacker.goto(`${app.origin}/sign-in`);
    const planted = (await valueOfCookie(attacker, "flow")) ?? "";
    const victim = await browser.open();
    await setCookie(victim, "flow", planted);
    const phone = newPhone();
    await askForCode(victim, app.origin, phone);
    await attacker.goto(`${app.origin}/sign-in/code`);
    expect(attacker.url()).toBe(`${app.origin}/sign-in`);
    await submitCode(victim, app.codeFor(phone));
    await victim.waitForURL(`${app.origin}/account`);
    await attacker.goto(`${app.origin}/account`);
    expect(attacker.url()).toBe(`${app.origin}/sign-in`);
  });
});

describe("a session begins with the sign-in (T25)", () => {
  it("with a new cookie each time, and the pre-session ends", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await askForCode(page, app.origin, phone);
    const flow = await valueOfCookie(page, "flow");
    expect(await valueOfCookie(page, "session")).toBeUndefined();
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
    const first = await valueOfCookie(page, "session");
    expect(await valueOfCookie(page, "flow")).toBeUndefined();
    await page.getByRole("main").locator('form[action="/sign-out"] button').click();
    await page.waitForURL(`${app.origin}/sign-in`);
    expect(await valueOfCookie(page, "session")).toBeUndefined();
    expect(await valueOfCookie(page, "flow")).not.toBe(flow);
    await signInOnPages(page, app, phone);
    expect(await valueOfCookie(page, "session")).not.toBe(first);
    // A copy of the former cookie stays signed out.
    const copy = await browser.open();
    await setCookie(copy, "session", first ?? "");
    await copy.goto(`${app.origin}/account`);
    expect(copy.url()).toBe(`${app.origin}/sign-in`);
  });

  it("and replaces a session that an attacker planted, which ends", async () => {
    const attacker = await signedIn();
    const planted = (await valueOfCookie(attacker, "session")) ?? "";
    const phone = newPhone();
    const victim = await browser.open();
    await askForCode(victim, app.origin, phone);
    await setCookie(victim, "session", planted);
    await submitCode(victim, app.codeFor(phone));
    await victim.waitForURL(`${app.origin}/account`);
    expect(await valueOfCookie(victim, "session")).not.toBe(planted);
    await attacker.reload();
    expect(attacker.url()).toBe(`${app.origin}/sign-in`);
  });

  it("and no script can read its cookies, which other sites do not send with posts", async () => {
    const page = await browser.open();
    await signInOnPages(page, app, newPhone());
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name).sort()).toEqual(["phonekey_device", "phonekey_session"]);
    expect(
      cookies.every(({ httpOnly, sameSite, path }) => httpOnly && sameSite === "Lax" && path === "/"),
    ).toBe(true);
    expect(await page.evaluate("document.cookie")).toBe("");
  });
});

describe("no page shows in a frame of another site (T47)", () => {
  it("for any page and any site", async () => {
    const page = await browser.open({ unwatched: true });
    for (const path of ["/sign-in", "/account", "/dev/inbox", "/docs", "/nowhere"]) {
      setTrap(`<iframe src="${app.origin}${path}"></iframe>`);
      for (const origin of [site.origin, site.sameSiteOrigin]) {
        await page.goto(origin);
        const frame = page.frames().find((each) => each !== page.mainFrame());
        await expect.poll(() => frame?.url(), { message: path }).toBe("chrome-error://chromewebdata/");
        expect(await frame?.content()).not.toContain(LAYOUT_COPY.en.skipToContent);
      }
    }
  });

  it("and Trusted Types refuse markup and scripts that are made from texts", async () => {
    const page = await browser.open({ unwatched: true });
    await page.goto(`${app.origin}/sign-in`);
    for (const attempt of [
      "document.body.innerHTML = '<p></p>'",
      "document.createElement('script').src = '/x.js'",
      "trustedTypes.createPolicy('phonekey', {})",
      "trustedTypes.createPolicy('other', {})",
    ]) {
      await expect(page.evaluate(`(() => { ${attempt} })()`), attempt).rejects.toThrow(/Trusted|policy/i);
    }
  });

  it("and pages in a window have the security headers", async () => {
    const page = await browser.open();
    const answer = await page.goto(`${app.origin}/sign-in`);
    const headers = answer?.headers() ?? {};
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["referrer-policy"]).toBe("same-origin");
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
  });
});
