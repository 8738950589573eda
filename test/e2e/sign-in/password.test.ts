import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORGOTTEN_COPY } from "../../../src/http/pages/copy/forgotten.ts";
import { countingHasher, OTHER, PASSWORD, passwordCalls } from "../../password/support.ts";
import { focusOf, type OpenOptions, useBrowser } from "../browser.ts";
import { type App, newPhone, startApp, wrongCode } from "../support.ts";

const browser = useBrowser();
let app: App;
beforeAll(async () => {
  const env = { LIMIT_PHONE_SENDS: "unlimited", CAPTCHA: "off", GUARD_MODE: "off" };
  app = await startApp({ env, parts: { passwordHasher: countingHasher().hasher } });
});
afterAll(() => app.close());

const press = (page: Page, action: string) =>
  page.locator(`form[action="${action}"] button[type=submit]`).click();

async function signInByPassword(page: Page, phone: string, password: string): Promise<void> {
  await page.goto(`${app.origin}/sign-in`);
  await page.locator('a[href="/sign-in/password"]').click();
  await page.locator("#phone").fill(phone);
  await page.locator("#password").fill(password);
  await press(page, "/sign-in/password");
}

/** Makes an account with a password, without a browser. */
async function personWithPassword(): Promise<string> {
  const phone = newPhone();
  await passwordCalls(() => app.world).signUp(`+86${phone}`);
  return phone;
}

describe.each([true, false])("with JavaScript: %s", (javaScriptEnabled) => {
  it("a person signs in by password, after a wrong one", async () => {
    const phone = await personWithPassword();
    const page = await browser.open({ javaScriptEnabled, unwatched: true });
    await signInByPassword(page, phone, OTHER);
    await page.locator("#password-error").waitFor();
    expect(await page.locator("#phone").inputValue()).toContain(phone);
    expect(await page.locator("#password").inputValue()).toBe("");
    await page.locator("#password").fill(PASSWORD);
    await press(page, "/sign-in/password");
    await page.waitForURL(`${app.origin}/account`);
  });

  it("a person who forgot the password sets a new one by a code, and signs in with it", async () => {
    const phone = await personWithPassword();
    app.world.clock.advance(60_000);
    const page = await browser.open({ javaScriptEnabled });
    await page.goto(`${app.origin}/sign-in/password`);
    await page.locator('a[href="/sign-in/forgotten"]').click();
    await page.locator("#phone").fill(phone);
    await press(page, "/sign-in/forgotten");
    await page.waitForURL(`${app.origin}/sign-in/forgotten/code`);
    await page.locator("#code").fill(app.codeFor(phone));
    await page.locator("#password").fill(OTHER);
    await press(page, "/sign-in/forgotten/code");
    await page.locator('main a[href="/sign-in/password"]').click();
    await signInByPassword(page, phone, OTHER);
    await page.waitForURL(`${app.origin}/account`);
  });
});

/** A browser on the page that takes the code and a new password, with the code typed. */
async function codeTyped(options: OpenOptions): Promise<{ readonly page: Page; readonly phone: string }> {
  const phone = newPhone();
  await app.world.signIn(`+86${phone}`);
  app.world.clock.advance(60_000);
  const page = await browser.open(options);
  await page.goto(`${app.origin}/sign-in/forgotten`);
  await page.locator("#phone").fill(phone);
  await press(page, "/sign-in/forgotten");
  await page.waitForURL(`${app.origin}/sign-in/forgotten/code`);
  await page.locator("#code").fill(app.codeFor(phone));
  return { page, phone };
}

it.each(["short", "qwertyuiop", "lantern\tvessel"])(
  "a new password that is refused (%j) leaves the code as it was typed",
  async (refused) => {
    const { page } = await codeTyped({});
    const code = await page.locator("#code").inputValue();
    await page.locator("#password").fill(refused);
    await press(page, "/sign-in/forgotten/code");
    await page.locator("#password-error").waitFor();
    expect(await page.locator("#code").inputValue()).toBe(code);
    expect(await page.locator("#password").inputValue()).toBe(refused);
    expect(await page.evaluate("document.activeElement.id")).toBe("password");
    expect(await page.title()).toContain("Error: ");
    await page.locator(".password-toggle").click();
    expect(await page.getAttribute("#password", "type")).toBe("text");
    await page.locator("#password").fill(OTHER);
    await press(page, "/sign-in/forgotten/code");
    await page.locator('main a[href="/sign-in/password"]').waitFor();
  },
);

it("the error of a code that was corrected is not shown when the new password is refused", async () => {
  const { page } = await codeTyped({});
  const code = await page.locator("#code").inputValue();
  await page.locator("#code").fill(wrongCode(code));
  await page.locator("#password").fill(OTHER);
  await press(page, "/sign-in/forgotten/code");
  await page.locator("#code-error").waitFor();
  await page.locator("#code").fill(code.slice(0, -1));
  await page.locator("#password").fill("short");
  await press(page, "/sign-in/forgotten/code");
  await page.locator("#password-error").waitFor();
  expect(
    await page.locator("#code-error, [aria-describedby~=code-error], .code-field.is-wrong").count(),
  ).toBe(0);
  expect(await page.evaluate("document.activeElement.id")).toBe("password");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("End");
  await page.keyboard.type(code.slice(-1));
  await page.locator("#password").fill(OTHER);
  await press(page, "/sign-in/forgotten/code");
  await page.locator('main a[href="/sign-in/password"]').waitFor();
});

it("a new password is not sent by itself after the person left the page and came back", async () => {
  const { page } = await codeTyped({});
  let goOn: (() => Promise<void>) | undefined;
  await page.route("**/sign-in/forgotten/password", (route) => {
    goOn = () => route.continue();
  });
  await page.locator("#password").fill(OTHER);
  const asked = page.waitForRequest("**/sign-in/forgotten/password");
  await press(page, "/sign-in/forgotten/code");
  await asked;
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  const judged = page.waitForResponse("**/sign-in/forgotten/password");
  await goOn?.();
  await judged;
  await page.waitForTimeout(200);
  expect(await page.locator("#password").inputValue()).toBe(OTHER);
  await page.unroute("**/sign-in/forgotten/password");
  await press(page, "/sign-in/forgotten/code");
  await page.locator('main a[href="/sign-in/password"]').waitFor();
});

/** Divides the timeouts of a page up to 15 seconds by twenty: Playwright's clock does not move AbortSignal.timeout. */
const HURRIED = `((timeout) => {
  AbortSignal.timeout = (ms) => timeout(ms > 15_000 ? ms : ms / 20);
})(AbortSignal.timeout.bind(AbortSignal))`;

it.each([503, undefined])(
  "a new password is sent even if its check beforehand fails (answer: %s)",
  async (status) => {
    const { page } = await codeTyped({ unwatched: true });
    if (!status) await page.evaluate(HURRIED);
    await page.route("**/sign-in/forgotten/password", async (route) => {
      if (status) await route.fulfill({ status });
    });
    await page.locator("#password").fill(OTHER);
    await press(page, "/sign-in/forgotten/code");
    await page.locator('main a[href="/sign-in/password"]').waitFor();
  },
);

describe.each([
  ["without scripts", { javaScriptEnabled: false }, ["short", "qwertyuiop"]],
  ["with scripts, which cannot tell that it is the account's number,", {}, []],
])("%s a new password that is refused", (_, options, refused) => {
  /** Sends these passwords, which are all refused, with the code only in the first form. */
  async function refuse(page: Page, passwords: readonly string[]): Promise<void> {
    const code = await page.locator("#code").inputValue();
    for (const password of passwords) {
      await page.locator("#password").fill(password);
      await press(page, "/sign-in/forgotten/code");
      await page.locator("#code").waitFor({ state: "detached" });
      await page.waitForLoadState();
      expect(await page.locator("#password-error").count()).toBe(1);
      await focusOf(page, "password");
      expect(await page.content()).not.toContain(code);
    }
  }

  it("keeps the code, which the page does not show", async () => {
    const { page, phone } = await codeTyped(options);
    await refuse(page, [...refused, phone]);
    expect(await page.locator("main").textContent()).toContain(FORGOTTEN_COPY.en.codeKept);
    await page.locator("#password").fill(OTHER);
    await press(page, "/sign-in/forgotten/code");
    await page.locator('main a[href="/sign-in/password"]').waitFor();
  });

  it("keeps a wrong code, which is asked for again once it was compared", async () => {
    const { page, phone } = await codeTyped(options);
    const code = await page.locator("#code").inputValue();
    await page.locator("#code").fill(wrongCode(code));
    await refuse(page, [phone]);
    await page.locator("#password").fill(OTHER);
    await press(page, "/sign-in/forgotten/code");
    await page.locator("#code-error").waitFor();
    await page.locator("#code").fill(code);
    await page.locator("#password").fill(OTHER);
    await press(page, "/sign-in/forgotten/code");
    await page.locator('main a[href="/sign-in/password"]').waitFor();
  });
});

it("the button beside a password shows and hides it", async () => {
  const page = await browser.open({ unwatched: true });
  await page.goto(`${app.origin}/sign-in/password`);
  const toggle = page.locator(".password-toggle");
  const typeOf = () => page.locator("#password").getAttribute("type");
  await page.locator("#password").fill(OTHER);
  await toggle.click();
  expect([await typeOf(), await toggle.getAttribute("aria-pressed")]).toEqual(["text", "true"]);
  await toggle.click();
  expect([await typeOf(), await toggle.getAttribute("aria-pressed")]).toEqual(["password", "false"]);
});

it("the field of the number is a username beside a password, and a telephone number elsewhere", async () => {
  const page = await browser.open();
  const kept = (selector: string) => page.getAttribute(selector, "autocomplete");
  await page.goto(`${app.origin}/sign-in/password`);
  expect([await kept("#phone"), await kept("#password")]).toEqual(["username", "current-password"]);
  await page.goto(`${app.origin}/sign-in/forgotten`);
  expect(await kept("#phone")).toBe("tel");
});
