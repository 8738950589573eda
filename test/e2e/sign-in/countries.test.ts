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

/** The entries of the list after it was opened and this was typed. */
async function listed(page: Page, lang: Locale, typed: string): Promise<string[]> {
  await page.goto(`${app.origin}/sign-in?lang=${lang}`);
  await page.locator(".country-button").click();
  await page.keyboard.type(typed);
  return await page.locator("[role=option]").allTextContents();
}

it("the list shows first the country whose name, calling code or short name is typed", async () => {
  const page = await browser.open();
  for (const [typed, name] of FOUND_FIRST) {
    const [first] = await listed(page, "en", typed);
    expect.soft(first, typed).toContain(name);
  }
});

it("the list on the Chinese page finds a country by its name, its pinyin or the initials of that", async () => {
  const page = await browser.open();
  for (const [typed, name] of FOUND_IN_CHINESE) {
    expect.soft(await listed(page, "zh-CN", typed), typed).toContainEqual(expect.stringContaining(name));
  }
});

it("the list on the English page does not search by pinyin", async () => {
  const page = await browser.open();
  expect(await listed(page, "en", "mg")).toEqual([expect.stringContaining("Madagascar")]);
});

it("the list stays whole and in its order if only a plus is typed", async () => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in`);
  await page.locator(".country-button").click();
  const all = await page.locator("[role=option]").allTextContents();
  expect(await listed(page, "en", "+")).toEqual(all);
});

it.each([
  ["en", "Country or region: China +86"],
  ["zh-CN", "国家或地区：中国 +86"],
])("the button of the list has a label with its purpose and the chosen country (%s)", async (lang, name) => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in?lang=${lang}`);
  expect(await page.locator(".country-button").getAttribute("aria-label")).toBe(name);
});

it("the calling codes in the list are not cut off in letters of twice the size", async () => {
  const page = await browser.open({ viewport: { width: 320, height: 640 } });
  await page.goto(`${app.origin}/sign-in`);
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  await page.locator(".country-button").click();
  const hidden = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector(".picker-list"))`;
  expect(await page.evaluate(hidden)).toBe(0);
});

it("the open list stays on the screen with its search when the phone is turned", async () => {
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
    // The page learns of it with its next frame.
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

it("without scripts the select shows the name of the country, and typed letters find one", async () => {
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
