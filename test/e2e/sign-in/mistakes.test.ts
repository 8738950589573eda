import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REFUSALS } from "../../../src/core/refusals.ts";
import { CODE_COPY } from "../../../src/http/pages/copy/code.ts";
import { LAYOUT_COPY } from "../../../src/http/pages/copy/layout.ts";
import { PHONE_COPY } from "../../../src/http/pages/copy/phone.ts";
import { DESKTOP_SIZE, PHONE_SIZE, useBrowser } from "../browser.ts";
import {
  type App,
  askForCode,
  newPhone,
  signInOnPages,
  startApp,
  submitCode,
  submitPhone,
  valueOfCookie,
  wrongCode,
} from "../support.ts";

const browser = useBrowser();
let app: App;

beforeAll(async () => {
  app = await startApp({ env: { LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" } });
});
afterAll(() => app.close());

/** Submits and resolves with the status of the page that answers. */
async function answerTo(page: Page, submit: () => Promise<void>): Promise<number> {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.waitForEvent("load"),
    submit(),
  ]);
  return answer.status();
}

/** `waitForURL` gives up with the load that a second click breaks off. */
async function arriveAt(page: Page, url: string): Promise<void> {
  await expect.poll(() => page.url(), { timeout: 10_000 }).toBe(url);
  // The answer to the second click may come after that to the first, and empties what was typed meanwhile.
  await page.waitForLoadState("networkidle");
}

/** With and without JavaScript, in either language and at either size: each of them makes every mistake. */
const PEOPLE = [
  { locale: "en", tongue: "en", viewport: PHONE_SIZE, javaScriptEnabled: true, waits: /in 0:(30|2\d)/ },
  {
    locale: "zh-CN",
    tongue: "zh",
    viewport: DESKTOP_SIZE,
    javaScriptEnabled: false,
    waits: /于 30 秒钟后重试/,
  },
] as const;

describe.each(PEOPLE)(
  "in $locale, $viewport.width px, JavaScript $javaScriptEnabled",
  ({ tongue, waits, ...person }) => {
    const copy = CODE_COPY[person.locale];
    const open = () => browser.open(person);

    it("a wrong code may be corrected twice; then a new code is offered, and works after the wait", async () => {
      const phone = newPhone();
      const page = await open();
      await askForCode(page, app.origin, phone);
      const code = app.codeFor(phone);
      for (const _ of [1, 2]) {
        expect(await answerTo(page, () => submitCode(page, wrongCode(code)))).toBe(401);
        expect(await page.title()).toContain(LAYOUT_COPY[person.locale].errorPrefix);
        expect(await page.getByRole("alert").textContent()).toBe(REFUSALS.invalid_code[tongue]);
        expect(await page.locator("#code").getAttribute("aria-invalid")).toBe("true");
      }
      expect(await answerTo(page, () => submitCode(page, wrongCode(code)))).toBe(401);
      expect(await page.locator("h1").textContent()).toBe(copy.endedTitle);
      expect(await page.locator("#code").count()).toBe(0);

      const again = page.getByRole("button", { name: copy.sendNew });
      app.world.clock.advance(61_000);
      await page.reload();
      await again.click();
      await page.waitForURL(`${app.origin}/sign-in/code`);
      await page.locator("#code").waitFor();
      expect(app.codeFor(phone)).not.toBe(code);
      await submitCode(page, app.codeFor(phone));
      await page.waitForURL(`${app.origin}/account`);
    });

    it("an expired code is refused, and a new one can be sent", async () => {
      const phone = newPhone();
      const page = await open();
      await askForCode(page, app.origin, phone);
      const expired = app.codeFor(phone);
      app.world.clock.advance(300_001);
      expect(await answerTo(page, () => submitCode(page, expired))).toBe(401);
      expect(await page.locator("h1").textContent()).toBe(copy.endedTitle);
      await page.getByRole("button", { name: copy.sendNew }).click();
      await page.locator("#code").waitFor();
      await submitCode(page, app.codeFor(phone));
      await page.waitForURL(`${app.origin}/account`);
    });

    it("a number that cannot get messages is refused at its field, kept as typed, and nothing is sent", async () => {
      const page = await open();
      const before = app.world.sms.sent.length;
      await page.goto(`${app.origin}/sign-in`);
      for (const [written, code] of [
        ["12345", "invalid_phone"],
        ["", "invalid_phone"],
        ["call me", "invalid_phone"],
        ["010 1234 5678", "phone_not_mobile"],
        ["+1 212 555 0123", "country_not_allowed"],
      ] as const) {
        expect(await answerTo(page, () => submitPhone(page, written))).toBe(REFUSALS[code].status);
        expect(await page.locator("#phone-error").textContent()).toBe(REFUSALS[code][tongue]);
        expect(await page.locator("#phone").getAttribute("aria-describedby")).toContain("phone-error");
        expect(await page.locator("#phone").inputValue()).toBe(written);
      }
      expect(app.world.sms.sent.length).toBe(before);
      await submitPhone(page, newPhone());
      await page.waitForURL(`${app.origin}/sign-in/code`);
    });

    it("a start from another browser too soon is refused, and says how long to wait", async () => {
      const phone = newPhone();
      await askForCode(await open(), app.origin, phone);
      const page = await open();
      await page.goto(`${app.origin}/sign-in`);
      expect(await answerTo(page, () => submitPhone(page, phone))).toBe(429);
      expect(await page.locator("#phone-error").textContent()).toBe(REFUSALS.too_many_requests[tongue]);
      // Nothing is wrong with the number.
      expect(await page.getAttribute("#phone", "aria-invalid")).toBeNull();
      expect(await page.locator(".is-wrong").count()).toBe(0);
      const wait = (await page.locator("#phone-retry").textContent()) ?? "";
      expect(wait).toMatch(waits);
    });

    it("going back from the account page leads to the account again", async () => {
      const page = await open();
      await signInOnPages(page, app, newPhone());
      await page.goBack();
      await page.waitForURL(`${app.origin}/account`);
    });

    it("going back from the code leads to the number, which can be corrected", async () => {
      const page = await open();
      await askForCode(page, app.origin, newPhone());
      await page.goBack();
      const phone = newPhone();
      await submitPhone(page, phone);
      await page.waitForURL(`${app.origin}/sign-in/code`);
      await submitCode(page, app.codeFor(phone));
      await page.waitForURL(`${app.origin}/account`);
    });

    it("a form without its cookie leads to a page that says how to go on", async () => {
      const phone = newPhone();
      const page = await open();
      await page.goto(`${app.origin}/sign-in`);
      await page.context().clearCookies();
      expect(await answerTo(page, () => submitPhone(page, phone))).toBe(403);
      await page.getByRole("main").getByRole("link", { name: PHONE_COPY[person.locale].title }).click();
      await submitPhone(page, phone);
      await page.waitForURL(`${app.origin}/sign-in/code`);

      await page.context().clearCookies();
      expect(await answerTo(page, () => submitCode(page, app.codeFor(phone)))).toBe(403);
      expect(await page.locator("main").textContent()).toContain(REFUSALS.forbidden_origin[tongue]);
      await page.goto(`${app.origin}/sign-in/code`);
      expect(page.url()).toBe(`${app.origin}/sign-in`);
    });

    it("a second click while the message is being sent leads to the code, and sends nothing more", async () => {
      const phone = newPhone();
      const page = await open();
      await page.goto(`${app.origin}/sign-in`);
      const sent = app.world.sms.sent.length;
      let posts = 0;
      page.on("request", (request) => {
        if (request.method() === "POST") posts += 1;
      });
      let arrive = () => {};
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      app.world.sms.answer(() => arrived.then(() => ({ status: "accepted" })));
      try {
        await page.locator("#phone").fill(phone);
        // A locator's click would wait for the first answer.
        const box = await page.locator('form[action="/sign-in"] button[type=submit]').boundingBox();
        const click = () => page.mouse.click((box?.x ?? 0) + 9, (box?.y ?? 0) + 9);
        await click();
        await expect.poll(() => app.world.sms.sent.length).toBe(sent + 1);
        await click();
        // The script drops the second click.
        const clicks = person.javaScriptEnabled ? 1 : 2;
        await expect.poll(() => posts).toBe(clicks);
        arrive();
        await arriveAt(page, `${app.origin}/sign-in/code`);
        expect(posts).toBe(clicks);
      } finally {
        app.world.sms.answer({ status: "accepted" });
      }
      expect(app.world.sms.sent.length).toBe(sent + 1);
      await submitCode(page, app.codeFor(phone));
      await page.waitForURL(`${app.origin}/account`);
    });

    it("a double click on the button sends one code", async () => {
      const page = await open();
      await page.goto(`${app.origin}/sign-in`);
      const sent = app.world.sms.sent.length;
      await page.locator("#phone").fill(newPhone());
      await page.locator('form[action="/sign-in"] button[type=submit]').dblclick({ noWaitAfter: true });
      await arriveAt(page, `${app.origin}/sign-in/code`);
      expect(app.world.sms.sent.length).toBe(sent + 1);
    });
  },
);

it("reloading the answer to a wrong code sends that again, and the right code still works", async () => {
  const phone = newPhone();
  const page = await browser.open();
  await askForCode(page, app.origin, phone);
  await answerTo(page, () => submitCode(page, wrongCode(app.codeFor(phone))));
  expect((await page.reload())?.status()).toBe(401);
  expect(await page.locator("h1").textContent()).toBe(CODE_COPY.en.title);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL(`${app.origin}/account`);
});

it("a resend too soon without JavaScript is refused, and sent after the wait", async () => {
  const phone = newPhone();
  const page = await browser.open({ javaScriptEnabled: false });
  await askForCode(page, app.origin, phone);
  expect(await page.locator("noscript").textContent()).toContain("in 30 seconds");
  const sent = app.world.sms.sent.length;
  const resend = page.getByRole("button", { name: CODE_COPY.en.resend });
  expect(await answerTo(page, () => resend.click())).toBe(429);
  expect(app.world.sms.sent.length).toBe(sent);
  app.world.clock.advance(30_000);
  await resend.click();
  await page.waitForURL(`${app.origin}/sign-in/code`);
  expect(app.world.sms.sent.length).toBe(sent + 1);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL(`${app.origin}/account`);
});

it("a start whose message cannot be sent says why at the field", async () => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in`);
  for (const [outcome, code] of [
    ["bad_number", "phone_unreachable"],
    ["rejected", "sms_unavailable"],
    ["throttled", "too_many_requests"],
  ] as const) {
    app.world.sms.answer({ status: outcome });
    expect(await answerTo(page, () => submitPhone(page, newPhone()))).toBe(REFUSALS[code].status);
    expect(await page.locator("#phone-error").textContent()).toBe(REFUSALS[code].en);
  }
  app.world.sms.answer({ status: "accepted" });
});

it("an unknown address is a page with a link to the sign-in", async () => {
  const page = await browser.open();
  expect((await page.goto(`${app.origin}/nowhere`))?.status()).toBe(404);
  await page.getByRole("main").getByRole("link").click();
  await page.waitForURL(`${app.origin}/sign-in`);
  expect(await valueOfCookie(page, "flow")).toBeDefined();
});
