import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiKey, backendOf } from "../../backend/support.ts";
import { useBrowser } from "../browser.ts";
import { addAuthenticator, pressFactor, protect } from "../factor-states.ts";
import {
  type App,
  askForCode,
  csrfOf,
  newPhone,
  postForm,
  signIn,
  startApp,
  submitCode,
  submitPhone,
  wrongCode,
} from "../support.ts";

const browser = useBrowser();
const FREELY = { LIMIT_PHONE_SENDS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" };
let app: App;
beforeAll(async () => {
  app = await startApp({ env: { ...FREELY, CAPTCHA: "off" } });
});
afterAll(() => app.close());

async function askToMove(page: Page, { origin }: App, to: string): Promise<void> {
  await page.goto(`${origin}/account/phone`);
  await page.locator("#phone").fill(to);
  await page.locator('form[action="/account/phone/send"] button[type=submit]').click();
  await page.waitForLoadState();
}

it("the data page gives the file twice without a reload", async () => {
  const page = await browser.open();
  await signIn(page, app, newPhone(), "/account/data");
  for (let n = 0; n < 2; n += 1) {
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.locator('form[action="/account/data/export"] button').click(),
    ]);
    expect(file.suggestedFilename()).toBe("account.json");
  }
});

describe("an invalid name", () => {
  it.each([
    ["en", "Enter 1 to 64 characters, none of them invisible."],
    ["zh-CN", "请输入 1 至 64 个字符，且不含不可见字符。"],
  ])("is kept as typed, and the page says what is wrong with it (%s)", async (locale, text) => {
    const page = await browser.open({ locale });
    await signIn(page, app, newPhone());
    await page.locator("#name").fill("x".repeat(65));
    await page.locator('form[action="/account/profile"] button').click();
    await page.waitForLoadState();
    expect((await page.locator("#name-error").innerText()).trim()).toBe(text);
    expect(await page.inputValue("#name")).toBe("x".repeat(65));
  });
});

describe("a right code for a number without an account", () => {
  it.each([true, false])(
    "leads to a page that says so if SIGN_UP is closed (scripts: %s)",
    async (scripts) => {
      const closed = await startApp({ env: { ...FREELY, CAPTCHA: "off", SIGN_UP: "closed" } });
      try {
        const page = await browser.open({ javaScriptEnabled: scripts });
        await askForCode(page, closed.origin, newPhone());
        await submitCode(page, closed.world.sms.lastCode());
        await page.getByText("new ones are not open to everybody here").waitFor();
        const key = await apiKey(closed.world, { purposes: ["temporary_password"] });
        const ask = { phone: `+86${newPhone()}`, purpose: "temporary_password", page: {} };
        const { pageUrl } = (await (await backendOf(closed.world, key).start(ask)).json()) as {
          pageUrl: string;
        };
        await page.goto(closed.origin + new URL(pageUrl).pathname);
        await page.locator("#code").fill(closed.world.sms.lastCode());
        await page.keyboard.press("Enter");
        await page.getByText("new ones are not open to everybody here").waitFor();
      } finally {
        await closed.close();
      }
    },
  );
});

it("a resend that fails says that messages cannot be sent, and does not mark the code as wrong", async () => {
  const failing = await startApp({ env: { ...FREELY, CAPTCHA: "off" } });
  try {
    const page = await browser.open();
    await askForCode(page, failing.origin, newPhone());
    failing.world.clock.advance(31_000);
    failing.world.sms.answer({ status: "unavailable" });
    await page.reload();
    await page.locator('form[action="/sign-in/resend"] button').click();
    await page.getByRole("alert").getByText("Messages cannot be sent at the moment.").waitFor();
    expect(await page.getAttribute("#code", "aria-invalid")).toBeNull();
  } finally {
    await failing.close();
  }
});

describe("login protection", () => {
  it("without a second factor asks to add one, and can be saved as off without a confirmation", async () => {
    const page = await browser.open();
    await signIn(page, app, newPhone(), "/account/factors");
    await page.locator("input[name=when][value=always]").check();
    await pressFactor(page, "protection");
    await page.getByText("Add an authenticator app or a passkey first.").waitFor();
    await pressFactor(page, "protection");
    await page.waitForURL(`${app.origin}/account/factors?saved`);
  });

  it("asks for a recovery code by its name if there is no authenticator app", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await addAuthenticator(page);
    await signIn(page, app, phone, "/account/factors");
    await pressFactor(page, "passkey");
    await page.locator('form[action="/account/factors/remove"]').waitFor();
    await pressFactor(page, "codes");
    const code = (await page.locator("li code").first().textContent()) ?? "";
    await page.goto(`${app.origin}/account/factors`);
    await protect(page, "always");
    const lost = await browser.open();
    await askForCode(lost, app.origin, phone);
    await submitCode(lost, app.codeFor(phone));
    await lost.waitForURL(`${app.origin}/sign-in/second`);
    expect(await lost.getByText("authenticator").count()).toBe(0);
    await lost.getByLabel("One of your recovery codes").fill(code);
    await lost.keyboard.press("Enter");
    await lost.waitForURL(`${app.origin}/account`);
  });

  it.each([
    ["refuses", "", "No passkey was taken. You can try again."],
    ["has no passkeys", "delete window.PublicKeyCredential", "This browser cannot use passkeys."],
  ])("says that no passkey was made if the browser %s", async (_, script, text) => {
    const page = await browser.open();
    await page.addInitScript(script);
    await addAuthenticator(page, false);
    await signIn(page, app, newPhone(), "/account/factors");
    await pressFactor(page, "passkey");
    await page.getByRole("status").getByText(text).waitFor();
  });
});

describe("a change of number", () => {
  it("says after three wrong codes that the code was wrong, and does not mark the number as wrong", async () => {
    const to = newPhone();
    const page = await browser.open({ javaScriptEnabled: false });
    await signIn(page, app, newPhone());
    await askToMove(page, app, to);
    const wrong = wrongCode(app.codeFor(to));
    for (let n = 0; n < 3; n += 1) await submitCode(page, wrong, "/account/phone");
    await page.locator("#phone").waitFor();
    await page.waitForLoadState();
    expect(await page.locator(".banner-error").innerText()).toBe("The code is wrong or has expired.");
    expect(await page.getAttribute("#phone", "aria-invalid")).toBeNull();
  });

  it("is shown as saved if it takes effect at once", async () => {
    const atOnce = await startApp({ env: { ...FREELY, CAPTCHA: "off", PHONE_CHANGE_HOURS: "0" } });
    try {
      const to = newPhone();
      const page = await browser.open();
      await signIn(page, atOnce, newPhone());
      await askToMove(page, atOnce, to);
      await submitCode(page, atOnce.codeFor(to), "/account/phone");
      await page.getByText("Your changes are saved.").waitFor();
      expect(await page.locator(".identity .number").textContent()).toContain(to.slice(-4));
    } finally {
      await atOnce.close();
    }
  });
});

describe("without JavaScript, a challenge", () => {
  const KNOWN = "a device that has signed in to this number before";

  it("suggests a known device at the sign-in, where that helps, and not at a change of number", async () => {
    const challenging = await startApp({ env: { ...FREELY, CAPTCHA_WHEN: "always", ALTCHA_COST: "1" } });
    try {
      const page = await browser.open({ javaScriptEnabled: false });
      await page.goto(`${challenging.origin}/sign-in`);
      await submitPhone(page, newPhone());
      await page.waitForLoadState();
      expect(await page.locator(".challenge").innerText()).toContain(KNOWN);
      const { sms } = challenging.world;
      const scripted = await browser.open();
      await scripted.goto(`${challenging.origin}/sign-in`);
      await submitPhone(scripted, newPhone());
      await scripted.waitForURL("**/sign-in/code");
      await scripted.locator("#code").fill(sms.lastCode());
      await scripted.waitForURL("**/account");
      await page.context().addCookies(await scripted.context().cookies());
      await askToMove(page, challenging, newPhone());
      const text = await page.locator(".challenge").innerText();
      expect(text).toContain("This check needs JavaScript.");
      expect(text).not.toContain(KNOWN);
    } finally {
      await challenging.close();
    }
  });
});

it("a form that is too large is answered with a page", async () => {
  const page = await browser.open();
  await signIn(page, app, newPhone());
  const fields = { csrf: await csrfOf(page), name: "x".repeat(20_000) };
  const answer = await postForm(page, `${app.origin}/account/profile`, fields, { accept: "text/html" });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([413, "text/html; charset=UTF-8"]);
  expect(await answer.text()).toContain("The request is too large.");
});

describe("the page of a temporary password", () => {
  it("can be used again for another number, and leads back to the sign-in by code", async () => {
    const page = await browser.open();
    await page.goto(`${app.origin}/temporary-password`);
    await submitPhone(page, newPhone());
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await page.getByRole("link", { name: "Use another number" }).click();
    await page.waitForURL(`${app.origin}/temporary-password`);
    await page.getByRole("link", { name: "Sign in with a code" }).click();
    await page.waitForURL(`${app.origin}/sign-in`);
  });
});
