import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Locale } from "../../../src/core/locale.ts";
import { ACCOUNT_COPY } from "../../../src/http/pages/copy/account.ts";
import { CODE_COPY } from "../../../src/http/pages/copy/code.ts";
import { PHONE_COPY } from "../../../src/http/pages/copy/phone.ts";
import { DESKTOP_SIZE, focusOf, PHONE_SIZE, useBrowser } from "../browser.ts";
import {
  type App,
  askForCode,
  hasScripts,
  newPhone,
  signIn,
  startApp,
  startProcess,
  submitCode,
  submitPhone,
} from "../support.ts";

const browser = useBrowser();

const LANGUAGES: Record<Locale, string> = { en: "en-GB", "zh-CN": "zh-CN" };
/** Every pair of language, size and scripting occurs. */
const CASES = [
  { locale: "en", viewport: PHONE_SIZE, javaScriptEnabled: true },
  { locale: "en", viewport: DESKTOP_SIZE, javaScriptEnabled: false },
  { locale: "zh-CN", viewport: PHONE_SIZE, javaScriptEnabled: false },
  { locale: "zh-CN", viewport: DESKTOP_SIZE, javaScriptEnabled: true },
] as const;

describe("a person at a server with default settings", () => {
  let server: Awaited<ReturnType<typeof startProcess>>;
  beforeAll(async () => {
    server = await startProcess();
  });
  afterAll(() => server.close());

  /** Follows the page's own link to the inbox and reads the newest message there. */
  async function codeFromInbox(page: Page, phone: string): Promise<string> {
    const [inbox] = await Promise.all([
      page.context().waitForEvent("page"),
      page.locator('a[href="/dev/inbox"]').click(),
    ]);
    const message = inbox.locator(".message", { hasText: `+86${phone}` }).first();
    const text = (await message.locator(".bubble-text").textContent()) ?? "";
    const code = (await message.locator(".bubble-code").textContent()) ?? "";
    expect(code).toMatch(/^\d{6}$/);
    // WICG "Origin-bound one-time codes": the last line names the page's host and the code, and nothing follows (T49).
    expect(text.split("\n").at(-1)).toBe(`@${new URL(page.url()).hostname} #${code}`);
    await inbox.close();
    return code;
  }

  async function enter(page: Page, phone: string): Promise<void> {
    await askForCode(page, server.origin, phone);
    await submitCode(page, await codeFromInbox(page, phone));
    await page.waitForURL(`${server.origin}/account`);
  }

  it.each(CASES)(
    "signs up, out, and in again as the same user ($locale, $viewport.width px, JavaScript $javaScriptEnabled)",
    async ({ locale, viewport, javaScriptEnabled }) => {
      const copy = ACCOUNT_COPY[locale];
      const phone = newPhone();
      const page = await browser.open({ locale: LANGUAGES[locale], viewport, javaScriptEnabled });
      await page.goto(server.origin);
      expect(await page.title()).toContain(PHONE_COPY[locale].title);
      expect(await page.locator("html").getAttribute("lang")).toBe(locale);
      expect(await hasScripts(page)).toBe(javaScriptEnabled);

      await enter(page, phone);
      const avatar = await page.locator(".avatar-large").getAttribute("src");
      await page.locator("#name").fill("阿里 Ada");
      await page.getByRole("button", { name: copy.save }).click();
      await page.getByText(copy.saved).waitFor();

      await page.locator('form[action="/sign-out"] button').click();
      await page.waitForURL(`${server.origin}/sign-in`);
      await page.goto(`${server.origin}/account`);
      expect(page.url()).toBe(`${server.origin}/sign-in`);

      await enter(page, phone);
      expect(await page.locator("#name").inputValue()).toBe("阿里 Ada");
      expect(await page.locator(".avatar-large").getAttribute("src")).toBe(avatar);
      expect(await page.locator(".session").count()).toBe(1);
    },
  );

  it("sees a new message in an inbox that is already open", async () => {
    const phone = newPhone();
    const inbox = await browser.open();
    await inbox.goto(`${server.origin}/dev/inbox?phone=${phone}`);
    expect(await inbox.locator(".message").count()).toBe(0);
    const page = await browser.open();
    await askForCode(page, server.origin, phone);
    await inbox.locator(".message", { hasText: `+86${phone}` }).waitFor({ timeout: 10_000 });
  });
});

describe("the pages", () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp({
      env: { ALLOWED_COUNTRIES: "CN,US,FR,DE,JP,SG", LIMIT_ADDRESS_SENDS: "unlimited" },
    });
  });
  afterAll(() => app.close());

  it("change their language by the switch, and remember it", async () => {
    const page = await browser.open({ locale: "zh-CN" });
    await page.goto(`${app.origin}/sign-in`);
    await page.getByRole("link", { name: "English" }).click();
    await page.waitForLoadState();
    expect(await page.locator("h1").textContent()).toBe(PHONE_COPY.en.title);
    await page.goto(`${app.origin}/sign-in`);
    expect(await page.locator("html").getAttribute("lang")).toBe("en");

    const phone = newPhone();
    await askForCode(page, app.origin, phone);
    await page.getByRole("link", { name: "简体中文" }).click();
    await page.waitForLoadState();
    expect(await page.locator("h1").textContent()).toBe(CODE_COPY["zh-CN"].title);
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
  });

  it("send the text in the page's language", async () => {
    const page = await browser.open({ locale: "zh-CN" });
    await askForCode(page, app.origin, newPhone());
    expect(app.world.sms.sent.at(-1)?.text).toContain("登录验证码");
  });

  it("send the form at the last digit, and not before", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await askForCode(page, app.origin, phone);
    const code = app.codeFor(phone);
    await page.locator("#code").pressSequentially(code.slice(0, 5));
    await page.waitForTimeout(200);
    expect(page.url()).toBe(`${app.origin}/sign-in/code`);
    await page.keyboard.press(code.slice(5));
    await page.waitForURL(`${app.origin}/account`);
  });

  it("take a pasted code with spaces, signs or full-width digits", async () => {
    const phone = newPhone();
    const page = await browser.open({ permissions: ["clipboard-read", "clipboard-write"] });
    await askForCode(page, app.origin, phone);
    const paste = async (text: string) => {
      await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
      await page.locator("#code").press("Control+V");
    };
    await paste(" 1 2-３.");
    await expect.poll(() => page.locator("#code").inputValue()).toBe("123");
    await page.locator("#code").press("Control+A");
    const code = app.codeFor(phone);
    await paste(`${code.slice(0, 3)} ${code.slice(3)}`);
    await page.waitForURL(`${app.origin}/account`);
  });

  it("take a code with a space without JavaScript", async () => {
    const phone = newPhone();
    const page = await browser.open({ javaScriptEnabled: false });
    await askForCode(page, app.origin, phone);
    const code = app.codeFor(phone);
    await submitCode(page, `${code.slice(0, 3)} ${code.slice(3)}`);
    await page.waitForURL(`${app.origin}/account`);
  });

  it("count down to the resend, and send again when it is over", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await page.clock.install();
    await askForCode(page, app.origin, phone);
    const button = page.locator('form[action="/sign-in/resend"] button');
    // It counts on while this looks.
    expect(await button.textContent()).toMatch(/0:(30|2\d)/);
    expect(await button.getAttribute("aria-disabled")).toBe("true");
    const before = app.world.sms.sent.length;
    await button.press("Enter");
    await page.waitForTimeout(200);
    expect(app.world.sms.sent.length).toBe(before);

    app.world.clock.advance(31_000);
    await page.clock.fastForward(31_000);
    await button.filter({ hasText: CODE_COPY.en.resend }).waitFor();
    expect(await page.locator("[data-ready]").textContent()).toBe(CODE_COPY.en.resendReady);
    await Promise.all([page.waitForEvent("load"), button.click()]);
    expect(app.world.sms.sent.length).toBe(before + 1);
    // The same code while it lives.
    expect(app.world.sms.sent.at(-1)?.code).toBe(app.world.sms.sent.at(-2)?.code);
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
  });

  it("say that a code has expired while the page is open", async () => {
    const page = await browser.open();
    await page.clock.install();
    await askForCode(page, app.origin, newPhone());
    const note = page.locator("[data-expires]");
    expect(await note.textContent()).toBe("");
    await page.clock.fastForward(301_000);
    await expect.poll(() => note.textContent()).toBe(CODE_COPY.en.expired);
  });

  it("have the focus in the field, a tab order that follows the page, and Enter to send", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(`${app.origin}/sign-in`);
    const focused = () =>
      page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()");
    await focusOf(page, "phone");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe(PHONE_COPY.en.submit);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    expect(await focused()).toContain("+86");
    await page.keyboard.press("Tab");
    await page.keyboard.type(phone);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await focusOf(page, "code");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe(CODE_COPY.en.submit);
    await page.keyboard.press("Tab");
    expect(await focused()).toContain("Send again in");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe(CODE_COPY.en.otherNumber);
  });

  it("tell browsers what the fields are for", async () => {
    const page = await browser.open();
    await page.goto(`${app.origin}/sign-in`);
    const attributes = (selector: string) =>
      page
        .locator(selector)
        .evaluate((field: { autocomplete: string; inputMode: string; type: string }) => [
          field.autocomplete,
          field.inputMode,
          field.type,
        ]);
    expect(await attributes("#phone")).toEqual(["tel", "tel", "tel"]);
    await submitPhone(page, newPhone());
    await page.waitForURL(`${app.origin}/sign-in/code`);
    expect(await attributes("#code")).toEqual(["one-time-code", "numeric", "text"]);
  });

  it("take a number in several ways of writing", async () => {
    const page = await browser.open();
    for (const [written, key] of [
      ["138 0000 1111", "+8613800001111"],
      ["+86 138-0000-2222", "+8613800002222"],
      ["008613800003333", "+8613800003333"],
      ["１３８００００４４４４", "+8613800004444"],
    ] as const) {
      await askForCode(page, app.origin, written);
      expect(app.world.sms.sent.at(-1)?.to).toBe(key);
    }
  });

  it("let a country be found by its name in either language, with the keyboard only", async () => {
    const page = await browser.open({ viewport: DESKTOP_SIZE });
    await page.goto(`${app.origin}/sign-in`);
    await page.locator(".country-button").press("Enter");
    await page.keyboard.type("unit");
    await page.keyboard.press("Enter");
    expect(await page.locator(".country-button").textContent()).toContain("+1");
    await page.keyboard.type("(212) 555-0123");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${app.origin}/sign-in/code`);
    expect(app.world.sms.sent.at(-1)?.to).toBe("+12125550123");

    await page.goto(`${app.origin}/sign-in`);
    await page.locator(".country-button").press("Enter");
    await page.keyboard.type("新加坡");
    expect(await page.locator("[role=option]").count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await page.evaluate("document.activeElement.className")).toContain("country-button");
  });

  it("let a country be picked without JavaScript", async () => {
    const page = await browser.open({ javaScriptEnabled: false });
    await page.goto(`${app.origin}/sign-in`);
    await page.locator("select[name=country]").selectOption("SG");
    await submitPhone(page, "8123 4567");
    await page.waitForURL(`${app.origin}/sign-in/code`);
    expect(app.world.sms.sent.at(-1)?.to).toBe("+6581234567");
  });

  it("lead a visitor who is signed in to the account at once", async () => {
    const page = await browser.open();
    await signIn(page, app, newPhone());
    await page.goto(`${app.origin}/sign-in`);
    expect(page.url()).toBe(`${app.origin}/account`);
    await page.goto(`${app.origin}/`);
    expect(page.url()).toBe(`${app.origin}/account`);
  });
});
