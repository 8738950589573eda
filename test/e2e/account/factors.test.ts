import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../browser.ts";
import { addAuthenticator, appCode, pressFactor, protect } from "../factor-states.ts";
import { type App, askForCode, newPhone, signIn, startApp, submitCode } from "../support.ts";

const browser = useBrowser();
let app: App;
beforeAll(async () => {
  app = await startApp({ env: { LIMIT_PHONE_SENDS: "unlimited", CAPTCHA: "off", GUARD_MODE: "off" } });
});
afterAll(() => app.close());

/** Opens a new browser and leads it to the second step of a sign-in. */
async function toSecondStep(phone: string, javaScriptEnabled = true): Promise<Page> {
  const page = await browser.open({ javaScriptEnabled });
  await askForCode(page, app.origin, phone);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL(`${app.origin}/sign-in/second`);
  return page;
}

/** How many sessions a browser has: none before the second step. */
async function sessionsOf(page: Page): Promise<number> {
  const cookies = await page.context().cookies(app.origin);
  return cookies.filter(({ name }) => name.endsWith("phonekey_session")).length;
}

describe.each([true, false])("with JavaScript: %s", (javaScriptEnabled) => {
  it("an authenticator app is set up and asked for, and a recovery code replaces it once", async () => {
    const phone = newPhone();
    const page = await browser.open({ javaScriptEnabled });
    await signIn(page, app, phone);
    await page.locator('a[href="/account/factors"]').click();
    await pressFactor(page, "app");
    await page.locator("svg.qr path").waitFor();
    const secret = ((await page.locator("code").textContent()) ?? "").replaceAll(" ", "");
    await page.locator("#factor-code").fill(appCode(app, secret));
    await pressFactor(page, "app/confirm");
    await page.waitForURL(`${app.origin}/account/factors?saved`);
    await pressFactor(page, "codes");
    const recovery = (await page.locator("li code").first().textContent()) ?? "";
    expect(await page.locator("li code").count()).toBe(10);
    await protect(page, "always");
    app.world.clock.advance(60_000);

    const other = await toSecondStep(phone, javaScriptEnabled);
    await other.locator("#factor-code").fill("000000");
    await other.locator('form[action="/sign-in/second"] button').click();
    await other.locator("#factor-error").waitFor();
    expect(await sessionsOf(other)).toBe(0);
    await other.locator("#factor-code").fill(appCode(app, secret));
    await other.locator('form[action="/sign-in/second"] button').click();
    await other.waitForURL(`${app.origin}/account`);

    const lost = await toSecondStep(phone, javaScriptEnabled);
    await lost.locator("#factor-code").fill(recovery);
    await lost.locator('form[action="/sign-in/second"] button').click();
    await lost.waitForURL(`${app.origin}/account`);
    expect(await sessionsOf(lost)).toBe(1);

    const again = await toSecondStep(phone, javaScriptEnabled);
    await again.locator("#factor-code").fill(recovery);
    await again.locator('form[action="/sign-in/second"] button').click();
    await again.locator("#factor-error").waitFor();
    expect(await sessionsOf(again)).toBe(0);
  });

  it("an old session has to be confirmed first, which leads back to the factors", async () => {
    const phone = newPhone();
    const page = await browser.open({ javaScriptEnabled });
    await signIn(page, app, phone);
    app.world.clock.advance(660_000);
    await page.goto(`${app.origin}/account/factors`);
    await pressFactor(page, "app");
    await page.waitForURL(/\/account\/confirm/);
    await page.locator('form[action="/account/confirm/send"] button').click();
    await page.locator("#code").waitFor();
    await page.waitForLoadState();
    await page.locator("#code").fill(app.codeFor(phone));
    // The script sends a complete code by itself.
    if (!javaScriptEnabled) await page.locator('form[action="/account/confirm"] button').click();
    await page.waitForURL(`${app.origin}/account/factors`);
    await pressFactor(page, "app");
    await page.locator("svg.qr").waitFor();
    expect(new URL(page.url()).pathname).toBe("/account/factors/app");
  });
});

it("a passkey is made and is the second step of a sign-in, by the browser's own authenticator", async () => {
  const phone = newPhone();
  const page = await browser.open();
  await addAuthenticator(page);
  await signIn(page, app, phone, "/account/factors");
  await pressFactor(page, "passkey");
  await page.locator("li.session", { hasText: "Passkey" }).waitFor();
  await protect(page, "always");
  app.world.clock.advance(60_000);
  await page.goto(`${app.origin}/account`);
  await page.locator('form[action="/sign-out"] button').click();
  await page.waitForURL(`${app.origin}/sign-in`);
  await askForCode(page, app.origin, phone);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL(`${app.origin}/sign-in/second`);
  expect(await sessionsOf(page)).toBe(0);
  await page.locator('form[action="/sign-in/second"] button').click();
  await page.waitForURL(`${app.origin}/account`);
  expect(await sessionsOf(page)).toBe(1);
});

describe("what a person keeps of a second factor", () => {
  const clipboard = (page: Page) => page.evaluate("navigator.clipboard.readText()");

  it("can be copied by a button, and a link with the key opens the authenticator app on a phone", async () => {
    const page = await browser.open({ hasTouch: true, isMobile: true });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await signIn(page, app, newPhone(), "/account/factors");
    await pressFactor(page, "app");
    const secret = ((await page.locator("code").textContent()) ?? "").replaceAll(" ", "");
    const link = page.getByRole("link", { name: "Open the app on this phone" });
    expect(await link.getAttribute("href")).toMatch(new RegExp(`^otpauth://totp/.*secret=${secret}`));
    expect(await link.isVisible()).toBe(true);
    await page.getByRole("button", { name: "Copy the key" }).click();
    await expect.poll(() => clipboard(page)).toBe(secret);
    await page.locator("#factor-code").fill(appCode(app, secret));
    await pressFactor(page, "app/confirm");
    await page.getByText("Your changes are saved.").waitFor();
    await pressFactor(page, "codes");
    await page.getByRole("button", { name: "Copy the codes" }).click();
    const codes = await page.locator("li code").allTextContents();
    await expect.poll(() => clipboard(page)).toBe(codes.join("\n"));
    // The status for screen readers has none of the codes: it is read as a whole.
    const told = page.getByRole("status").filter({ hasText: "Copied" });
    await expect.poll(() => told.allTextContents()).toEqual(["Copied"]);
  });

  it("is printed in black on white, without buttons, fields or links", async () => {
    const page = await browser.open({ colorScheme: "dark" });
    await signIn(page, app, newPhone(), "/account/factors");
    await pressFactor(page, "app");
    expect(await page.getByRole("link", { name: "Open the app" }).isVisible()).toBe(false);
    const secret = ((await page.locator("code").textContent()) ?? "").replaceAll(" ", "");
    await page.locator("#factor-code").fill(appCode(app, secret));
    await pressFactor(page, "app/confirm");
    await pressFactor(page, "codes");
    const code = page.locator("li code").first();
    await code.waitFor();
    await page.emulateMedia({ media: "print" });
    expect(await code.isVisible()).toBe(true);
    const colours =
      "((of) => [of(document.querySelector('li code')).color, of(document.body).backgroundColor])(getComputedStyle)";
    expect(await page.evaluate(colours)).toEqual(["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
    for (const pressed of await page.locator("button, input, main a, nav a").all())
      expect(await pressed.isVisible()).toBe(false);
  });
});
