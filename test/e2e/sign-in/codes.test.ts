import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiKey, backendOf } from "../../backend/support.ts";
import { useBrowser } from "../browser.ts";
import { type App, askForCode, newPhone, signIn, startApp } from "../support.ts";

const browser = useBrowser();
let app: App;
/** The API key of a backend at that app. */
let key: string;

beforeAll(async () => {
  app = await startApp({ env: { LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" } });
  key = await apiKey(app.world, { purposes: ["confirm_transaction"] });
});
afterAll(() => app.close());

const typed = (page: Page) => page.locator("#code").inputValue();

/** Pastes a text once the script is loaded: without it the field cuts off what is too long. */
async function paste(page: Page, text: string): Promise<void> {
  await page.waitForLoadState();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.locator("#code").focus();
  await page.keyboard.press("ControlOrMeta+V");
}

/** Counts what the page posts from now on. */
function countPosts(page: Page): () => number {
  let posts = 0;
  page.on("request", (request) => {
    if (request.method() === "POST") posts += 1;
  });
  return () => posts;
}

async function beginErasure(page: Page, phone: string): Promise<void> {
  await signIn(page, app, phone, "/account/data");
  await page.locator('form[action="/account/data/send"] button').click();
  await page.locator("#code").waitFor();
}

async function openPayment(page: Page, phone: string): Promise<void> {
  const transaction = { amount: "12.50", currency: "CNY", payee: "Shop" };
  const start = { phone: `+86${phone}`, purpose: "confirm_transaction", transaction, page: {} };
  const { pageUrl } = (await (await backendOf(app.world, key).start(start)).json()) as { pageUrl: string };
  await page.goto(app.origin + new URL(pageUrl).pathname);
}

describe("a step that cannot be undone waits for its button even when the code is complete", () => {
  it.each([
    ["the deletion of an account", beginErasure, "Delete my account", "Your account is deleted"],
    ["a payment", openPayment, "Confirm payment", "Confirmed"],
  ] as const)("%s", async (_, begin, button, done) => {
    const page = await browser.open();
    const phone = newPhone();
    await begin(page, phone);
    const posts = countPosts(page);
    const code = app.codeFor(phone);
    await paste(page, `${code.slice(0, 3)} ${code.slice(3)}`);
    await expect.poll(() => typed(page)).toBe(code);
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))");
    expect(posts()).toBe(0);
    await page.getByRole("button", { name: button }).click();
    await page.locator("h1", { hasText: done }).waitFor();
  });
});

it("the field of a code says that its last digit sends the form (WCAG 3.2.2, F36)", async () => {
  const [page, plain] = [await browser.open(), await browser.open({ javaScriptEnabled: false })];
  await askForCode(page, app.origin, newPhone());
  await askForCode(plain, app.origin, newPhone());
  expect(await page.getByLabel("Code from the text message").getAttribute("aria-describedby")).toBe(
    "code-hint",
  );
  expect(await page.locator("#code-hint").textContent()).toContain("last digit");
  expect(await plain.locator("#code-hint").textContent()).toBe("");
});

it.each([
  ["a whole message", (code: string) => `【Phonekey】您的验证码是${code}，5分钟内有效。`],
  ["a message that begins with other digits", (code: string) => `10690: ${code} is your sign-in code.`],
  [
    "a code in groups after other digits",
    (code: string) => `10690: ${code.slice(0, 3)} ${code.slice(3)} is it.`,
  ],
  ["a code after an amount", (code: string) => `支付 100000.00 元，验证码${code}，5分钟内有效。`],
  ["a code after a date and a telephone number", (code: string) => `2026-112600, 400-123456: ${code}`],
  [
    "full-width digits",
    (code: string) => [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(" "),
  ],
  ["digits with dashes", (code: string) => [...code].join(" – ")],
])("the field of a code accepts a paste of %s", async (_, written) => {
  const page = await browser.open();
  const phone = newPhone();
  await askForCode(page, app.origin, phone);
  await paste(page, written(app.codeFor(phone)));
  await page.waitForURL(`${app.origin}/account`);
});

it.each([
  ["two numbers that may be the code", (code: string) => `Order 104216: ${code} is your code.`],
  ["no code", () => "【Shop】您的包裹 4216 预计 11 月 26 日送达。"],
  ["more digits than a code has", () => "138 0013 8000"],
])("the field of a code sends nothing by itself if the paste has %s", async (_, written) => {
  const page = await browser.open();
  const phone = newPhone();
  await askForCode(page, app.origin, phone);
  const posts = countPosts(page);
  await paste(page, written(app.codeFor(phone)));
  await expect.poll(() => typed(page)).toMatch(/^[0-9]{6}$/);
  await page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))");
  expect(posts()).toBe(0);
  await page.locator("#code").fill(app.codeFor(phone));
  await page.waitForURL(`${app.origin}/account`);
});

it("the field of a code beside a new password shows only the digits of a paste", async () => {
  const page = await browser.open();
  const phone = newPhone();
  await page.goto(`${app.origin}/sign-in/forgotten`);
  await page.locator("#phone").fill(phone);
  await page.locator('form[action="/sign-in/forgotten"] button').click();
  await page.locator("#code").waitFor();
  await expect.poll(() => page.locator(".cells > .is-active").count()).toBe(1);
  const code = app.codeFor(phone);
  await paste(page, ` ${code.slice(0, 3)}-${code.slice(3)}`);
  await expect.poll(() => typed(page)).toBe(code);
});

it("a form is not sent twice by a double press, even after the visitor came back to its page", async () => {
  const page = await browser.open({ unwatched: true });
  await page.clock.install();
  await page.goto(`${app.origin}/sign-in`);
  await page.locator("#phone").fill(newPhone());
  await page.route(`${app.origin}/sign-in`, (route) => route.abort("aborted"));
  const posts = countPosts(page);
  const press = () => page.locator('form[action="/sign-in"] button[type=submit]').click();
  await press();
  await page.clock.runFor(10_000);
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  await press();
  await page.clock.runFor(10_000);
  await press();
  expect(posts()).toBe(2);
});

it("a form that was aborted can be sent again after 15 seconds", async () => {
  const page = await browser.open({ unwatched: true });
  await page.clock.install();
  await page.goto(`${app.origin}/sign-in`);
  await page.locator("#phone").fill(newPhone());
  let posts = 0;
  await page.route(`${app.origin}/sign-in`, (route) => {
    posts += 1;
    return posts === 1 ? route.abort("aborted") : route.continue();
  });
  const press = () => page.locator('form[action="/sign-in"] button[type=submit]').click();
  await press();
  await press();
  expect(posts).toBe(1);
  await page.clock.runFor(15_000);
  await press();
  await page.waitForURL(`${app.origin}/sign-in/code`);
});
