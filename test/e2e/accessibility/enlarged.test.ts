import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { resize, useBrowser } from "../browser.ts";
import { app, askedPage, STATES, usePages } from "./page-states.ts";

const browser = useBrowser();
usePages();

describe("a person who enlarges the page or reduces motion", () => {
  const CODES = "a second factor and new recovery codes";
  const PAGES = ["the number", "a wrong code", "the account", CODES, "the inbox", "the API documents"];

  async function expectNoOverflow(page: Page, widths: readonly number[]): Promise<void> {
    for (const width of widths) {
      await resize(page, width, 512);
      const overflow = await page.evaluate(
        "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth",
      );
      expect([width, overflow]).toEqual([width, 0]);
    }
  }

  it.each(PAGES)("reads %s at 200 and 400 % without scrolling sideways", async (name) => {
    const page = await browser.open();
    await STATES[name]?.(page);
    // Zoom makes the window smaller in its own pixels: 1280 at 200 % and 400 %, and a small phone.
    await expectNoOverflow(page, [640, 360, 320]);
  });

  it.each([...PAGES, "the code"])("reads %s in letters of twice the size", async (name) => {
    const page = await browser.open();
    await STATES[name]?.(page);
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    await expectNoOverflow(page, [360, 320]);
  });

  it("reads the longest amount in one line on a small phone, and without scrolling sideways in letters of twice the size", async () => {
    const page = await browser.open();
    const transaction = { amount: "888888888888.8888", currency: "CLF", payee: "Acme" };
    await askedPage(page, { purpose: "confirm_transaction", transaction });
    await resize(page, 320, 512);
    const lines = `(() => {
      const { firstChild: said } = document.querySelector(".payment-amount bdi");
      const range = document.createRange();
      range.setStart(said, said.data.indexOf("8"));
      range.setEnd(said, said.length);
      return range.getClientRects().length;
    })()`;
    expect(await page.evaluate(lines)).toBe(1);
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    await expectNoOverflow(page, [360, 320]);
  });

  it("reads each recovery code in one line on a small phone", async () => {
    const page = await browser.open();
    await STATES[CODES]?.(page);
    await resize(page, 320, 512);
    const lines = "[...document.querySelectorAll('li code')].map((code) => code.getClientRects().length)";
    expect(await page.evaluate(lines)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it("sees the whole number that they type in letters of twice the size", async () => {
    const page = await browser.open();
    await page.goto(`${app.origin}/sign-in`);
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    await page.locator("#phone").fill("13912345678");
    const hidden =
      "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('#phone'))";
    expect(await page.evaluate(hidden)).toBe(0);
  });

  it("sees no transition or animation with reduced motion", async () => {
    const page = await browser.open({ reducedMotion: "reduce" });
    for (const name of ["the number", "the code", "the account", "the inbox"]) {
      await STATES[name]?.(page);
      const moving = await page.evaluate(`[...document.querySelectorAll("*")].filter((element) =>
        getComputedStyle(element).transitionDuration.split(",").some((time) => parseFloat(time) > 0.001)).length`);
      expect([name, moving]).toEqual([name, 0]);
      expect(await page.evaluate("document.getAnimations().length")).toBe(0);
    }
  });
});
