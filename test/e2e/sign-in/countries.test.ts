import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Locale } from "../../../src/core/locale.ts";
import { resize, useBrowser } from "../browser.ts";
import { type App, startApp } from "../support.ts";

const browser = useBrowser();
let app: App;

beforeAll(async () => {
  app = await startApp({ env: { ALLOWED_COUNTRIES: "all" } });
});
afterAll(() => app.close());

const FOUND_FIRST = [
  ["uk", "United Kingdom"],
  ["england", "United Kingdom"],
  ["usa", "United States"],
  ["us", "United States"],
  ["america", "United States"],
  ["turkey", "Türkiye"],
  ["macau", "Macao"],
  ["阿联酋", "United Arab Emirates"],
  ["886", "Taiwan"],
  ["0044", "United Kingdom"],
  ["1", "United States"],
  ["cote", "Côte"],
  ["sudan", "🇸🇩"],
] as const;

const FOUND_IN_CHINESE = [
  ["zg", "中国"],
  ["zhongguo", "中国"],
  ["xianggang", "中国香港"],
  ["meiguo", "美国"],
  ["mg", "美国"],
  ["feilv", "菲律宾"],
  ["bilu", "秘鲁"],
  ["alq", "阿拉伯联合酋长国"],
  ["nz", "新西兰"],
] as const;

/** What the list has for somebody who opens it anew and types this. */
async function listed(page: Page, lang: Locale, typed: string): Promise<string[]> {
  await page.goto(`${app.origin}/sign-in?lang=${lang}`);
  await page.locator(".country-button").click();
  await page.keyboard.type(typed);
  return await page.locator("[role=option]").allTextContents();
}

it("a person finds first the country whose name, code or short name they type", async () => {
  const page = await browser.open();
  for (const [typed, name] of FOUND_FIRST) {
    const [first] = await listed(page, "en", typed);
    expect.soft(first, typed).toContain(name);
  }
});

it("a person finds a country by its name, by pinyin and by the letters that its syllables begin with, on the Chinese page", async () => {
  const page = await browser.open();
  for (const [typed, name] of FOUND_IN_CHINESE) {
    expect.soft(await listed(page, "zh-CN", typed), typed).toContainEqual(expect.stringContaining(name));
  }
});

it("a person who types pinyin on the English page is shown no countries that nobody meant", async () => {
  const page = await browser.open();
  expect(await listed(page, "en", "mg")).toEqual([expect.stringContaining("Madagascar")]);
});

it("a person who types a plus alone finds the countries in their order", async () => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in`);
  await page.locator(".country-button").click();
  const all = await page.locator("[role=option]").allTextContents();
  expect(await listed(page, "en", "+")).toEqual(all);
});

it.each([
  ["en", "Country or region: China +86"],
  ["zh-CN", "国家或地区：中国 +86"],
])("the button says what it is for and what is chosen as people write it (%s)", async (lang, name) => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in?lang=${lang}`);
  expect(await page.locator(".country-button").getAttribute("aria-label")).toBe(name);
});

it("the calling codes in the list are whole in letters of twice the size", async () => {
  const page = await browser.open({ viewport: { width: 320, height: 640 } });
  await page.goto(`${app.origin}/sign-in`);
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  await page.locator(".country-button").click();
  const hidden = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector(".picker-list"))`;
  expect(await page.evaluate(hidden)).toBe(0);
});

it("a phone that is turned while the list is open still shows it on the screen, with what was sought", async () => {
  const page = await browser.open({ viewport: { width: 390, height: 844 } });
  await page.goto(`${app.origin}/sign-in`);
  await page.locator(".country-button").click();
  await page.keyboard.type("germany");
  for (const [width, height, isSheet] of [
    [844, 390, true],
    [1024, 1366, false],
    [390, 844, true],
  ] as const) {
    await resize(page, width, height);
    // A page is told of it with its next frame.
    await expect
      .poll(() => page.evaluate("document.querySelector('dialog').matches(':modal')"))
      .toBe(isSheet);
    await expect.poll(async () => (await page.getByRole("option").boundingBox())?.y).toBeLessThan(height);
    await expect.poll(() => page.evaluate("document.activeElement.className")).toContain("picker-search");
    expect(await page.getAttribute(".country-button", "aria-expanded")).toBe("true");
  }
  await page.keyboard.press("Enter");
  expect(await page.getAttribute(".country-button", "aria-label")).toContain("Germany");
  expect(await page.evaluate("document.activeElement.id")).toBe("phone");
});

it("without scripts the field says the name of the country, and a letter finds it", async () => {
  const page = await browser.open({ javaScriptEnabled: false, viewport: { width: 360, height: 640 } });
  await page.goto(`${app.origin}/sign-in`);
  const [select, phone] = await Promise.all([
    page.locator("select").boundingBox(),
    page.locator("#phone").boundingBox(),
  ]);
  expect(select?.width).toBe(phone?.width);
  expect(phone?.y).toBeGreaterThanOrEqual((select?.y ?? 0) + (select?.height ?? 0));
  expect(await page.locator("option:checked").textContent()).toBe("China +86");
  await page.locator("select").focus();
  await page.keyboard.type("ger");
  expect(await page.locator("select").inputValue()).toBe("DE");
});
