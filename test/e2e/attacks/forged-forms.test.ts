import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { askForCode, csrfOf, newPhone, postForm } from "../support.ts";
import { app, autoForm, setTrap, signedIn, site, useAttacked } from "./attacked.ts";

const browser = useAttacked();

const ENCTYPES = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"];

/** The routes that change something, and what a form for them has beside its token. */
const FORMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/account/profile": { name: "Mallory", avatar: "1" },
  "/account/sessions/end": { id: "x" },
  "/account/sessions/end-others": {},
  "/sign-out": {},
};
const SIGN_IN_FORMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/sign-in": { country: "CN", phone: "13700001234" },
  "/sign-in/code": { code: "000000" },
  "/sign-in/resend": {},
};

describe("a form counts only from our own page (T36)", () => {
  /** Asserts that the victim's name, avatar and both sessions are as they were. */
  async function expectUntouched(victim: Page, second: Page, avatar: string | null): Promise<void> {
    await victim.goto(`${app.origin}/account`);
    expect(await victim.locator("#name").inputValue()).toBe("");
    expect(await victim.locator(".avatar-large").getAttribute("src")).toBe(avatar);
    expect(await victim.locator(".session").count()).toBe(2);
    await second.goto(`${app.origin}/account`);
    expect(second.url()).toBe(`${app.origin}/account`);
  }

  it("and not from another site, with any form, in a real browser", async () => {
    const phone = newPhone();
    const second = await signedIn(phone);
    const victim = await signedIn(phone);
    const csrf = await csrfOf(victim);
    const avatar = await victim.locator(".avatar-large").getAttribute("src");
    for (const [path, fields] of Object.entries(FORMS)) {
      for (const enctype of path === "/account/profile" ? ENCTYPES : ENCTYPES.slice(0, 1)) {
        setTrap(autoForm(app.origin + path, { ...fields, csrf }, enctype));
        // Another site's form comes without the cookie; another port's of this host comes with it, and is refused by Origin.
        for (const [origin, expected] of [
          [site.origin, 303],
          [site.sameSiteOrigin, 403],
        ] as const) {
          const [answer] = await Promise.all([
            victim.waitForResponse((response) => response.url() === app.origin + path),
            victim.goto(origin),
          ]);
          expect([path, enctype, origin, answer.status()]).toEqual([path, enctype, origin, expected]);
        }
      }
    }
    await expectUntouched(victim, second, avatar);
  });

  it("and not with other headers or another token, even with the cookies", async () => {
    const phone = newPhone();
    const second = await signedIn(phone);
    const victim = await signedIn(phone);
    const starting = await browser.open();
    await askForCode(starting, app.origin, newPhone());
    const own = { account: await csrfOf(victim), flow: await csrfOf(starting) };
    const foreign = await csrfOf(second);
    const avatar = await victim.locator(".avatar-large").getAttribute("src");
    const sent = app.world.sms.sent.length;
    const origin = app.origin;
    const cases: readonly [string, Readonly<Record<string, string>>, token?: string][] = [
      ["no Origin", {}],
      ["the Origin null", { origin: "null" }],
      ["a foreign Origin", { origin: "https://evil.example" }],
      ["an Origin that begins like ours", { origin: "http://localhost" }],
      ["an Origin that continues ours", { origin: `${origin}.evil.example` }],
      ["our Origin, but called cross-site", { origin, "sec-fetch-site": "cross-site" }],
      ["our Origin, but called same-site", { origin, "sec-fetch-site": "same-site" }],
      ["text/plain", { origin, "content-type": "text/plain" }],
      ["JSON", { origin, "content-type": "application/json" }],
      ["no token", { origin }, ""],
      ["another browser's token", { origin }, foreign],
    ];
    for (const [name, headers, token] of cases) {
      for (const [path, fields] of Object.entries(FORMS)) {
        const form = { ...fields, csrf: token ?? own.account };
        const answer = await postForm(victim, origin + path, form, headers);
        expect([name, path, answer.status]).toEqual([name, path, 403]);
        expect(answer.headers.get("set-cookie")).toBeNull();
      }
      for (const [path, fields] of Object.entries(SIGN_IN_FORMS)) {
        const form = { ...fields, csrf: token ?? own.flow };
        const answer = await postForm(starting, origin + path, form, headers);
        expect([name, path, answer.status]).toEqual([name, path, 403]);
      }
    }
    expect(app.world.sms.sent.length).toBe(sent);
    await expectUntouched(victim, second, avatar);
  });

  it("so that our own page's form, sent in the same way, counts (control)", async () => {
    const page = await signedIn();
    const csrf = await csrfOf(page);
    const answer = await postForm(
      page,
      `${app.origin}/account/profile`,
      { name: "Ada", csrf },
      { origin: app.origin },
    );
    expect(answer.status).toBe(303);
    await page.reload();
    expect(await page.locator("#name").inputValue()).toBe("Ada");
  });

  it("and never by GET", async () => {
    const page = await signedIn();
    const sent = app.world.sms.sent.length;
    for (const path of [...Object.keys(FORMS), "/sign-in/resend"]) {
      const answer = await page.goto(`${app.origin}${path}?name=Mallory&_method=POST`);
      if (path === "/sign-out") expect(answer?.status()).toBe(405);
      // Redirected to the page of the form, without the query.
      else expect([path, page.url()]).toEqual([path, `${app.origin}/account`]);
    }
    expect(app.world.sms.sent.length).toBe(sent);
    await page.goto(`${app.origin}/account?name=Mallory&avatar=1`);
    expect(await page.locator("#name").inputValue()).toBe("");
  });
});
