import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { focusOf, resize, useBrowser } from "../browser.ts";
import { type App, askForCode, newPhone, signIn, startApp } from "../support.ts";
import { STATES, usePages } from "./page-states.ts";

const browser = useBrowser();
usePages();
let app: App;
/** An app with a name of one long word, and with codes of eight digits. */
let long: App;
beforeAll(async () => {
  const freely = { LIMIT_PHONE_SENDS: "unlimited", GUARD_MODE: "off", CAPTCHA: "off" };
  app = await startApp({ env: { ...freely, ALLOWED_COUNTRIES: "CN,US" } });
  const name = "Grundstücksverkehrsgenehmigungszuständig";
  long = await startApp({ env: { ...freely, BRAND_NAME: name, CODE_LENGTH: "8" } });
});
afterAll(async () => {
  await app.close();
  await long.close();
});

const SMALL_PHONE = { width: 320, height: 640 };

async function enlarge(page: Page): Promise<void> {
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
}

async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth";
  expect(await page.evaluate(overflow)).toBe(0);
}

describe.each([1, 2])("in letters of %i times the size", (times) => {
  async function open(locale = "en-US", viewport = SMALL_PHONE): Promise<Page> {
    return await browser.open({ locale, viewport });
  }

  it("a long name of the service fits a small phone", async () => {
    const page = await open();
    await page.goto(`${long.origin}/sign-in`);
    if (times === 2) await enlarge(page);
    await expectNoOverflow(page);
  });

  it.each(["en-US", "zh-CN"])("no line begins with a full stop, in %s", async (locale) => {
    const page = await open(locale);
    await signIn(page, app, newPhone(), "/account/phone");
    if (times === 2) await enlarge(page);
    await expectNoLoneStop(page);
    await page.locator("#phone").fill(newPhone());
    await page.locator('form[action="/account/phone/send"] button[type=submit]').click();
    await page.locator("#code").waitFor();
    if (times === 2) await enlarge(page);
    await expectNoLoneStop(page);
  });
});

/** Expects at each width that the full stop after a number is on the last line of the number. */
async function expectNoLoneStop(page: Page): Promise<void> {
  const lone = `(() => {
    const number = document.querySelector(".lead .number");
    const walker = document.createTreeWalker(number.closest(".lead"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!/^[.。]/.test(node.data)) continue;
      const range = document.createRange();
      range.setStart(node, 0);
      range.setEnd(node, 1);
      const lines = number.getClientRects();
      return range.getBoundingClientRect().top >= lines[lines.length - 1].bottom;
    }
  })()`;
  for (let width = 300; width <= 460; width += 4) {
    await resize(page, width, 640);
    expect([width, (await page.evaluate(lone)) ?? false]).toEqual([width, false]);
  }
}

it("headings break no word in two in letters of twice the size", async () => {
  const page = await browser.open({ viewport: SMALL_PHONE });
  for (const path of ["/sign-in/password", "/sign-in/forgotten", "/temporary-password"]) {
    await page.goto(app.origin + path);
    await enlarge(page);
    const broken = `(() => {
      const { firstChild } = document.querySelector("h1");
      return [...firstChild.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
        const range = document.createRange();
        range.setStart(firstChild, index);
        range.setEnd(firstChild, index + word.length);
        return range.getClientRects().length > 1;
      }).map(([word]) => word);
    })()`;
    expect([path, await page.evaluate(broken)]).toEqual([path, []]);
  }
});

it("a second heading is smaller than the first, and an amount is not broken, in letters of twice the size", async () => {
  const page = await browser.open({ viewport: SMALL_PHONE });
  await STATES["the person's data"]?.(page);
  await enlarge(page);
  const sizeOf = (name: string) =>
    page.evaluate(`parseFloat(getComputedStyle(document.querySelector("${name}")).fontSize)`);
  expect(await sizeOf("h2")).toBeLessThan((await sizeOf("h1")) as number);
  await STATES["a payment to confirm"]?.(page);
  await enlarge(page);
  const lines = `(() => {
    const amount = document.querySelector(".payment-amount");
    const range = document.createRange();
    range.selectNodeContents(amount);
    const tops = [...range.getClientRects()].map(({ top }) => top);
    return [amount.textContent, new Set(tops).size];
  })()`;
  expect(await page.evaluate(lines)).toEqual(["CNY 1234567.89", 2]);
});

it("buttons of two lines keep room around their text, and digits fit their cells, in letters of twice the size", async () => {
  const page = await browser.open({ viewport: SMALL_PHONE });
  await askForCode(page, long.origin, newPhone());
  await enlarge(page);
  const isNarrow = `(() => {
    const { width } = document.querySelector(".cells > span").getBoundingClientRect();
    const { font } = getComputedStyle(document.querySelector("#code"));
    const context = document.createElement("canvas").getContext("2d");
    context.font = font;
    return context.measureText("8").width <= width;
  })()`;
  expect(await page.evaluate(isNarrow)).toBe(true);
  await page.goto(`${app.origin}/temporary-password`);
  await enlarge(page);
  const room = `(() => {
    const button = document.querySelector("main .button-primary");
    const range = document.createRange();
    range.selectNodeContents(button);
    const text = range.getBoundingClientRect();
    const edge = button.getBoundingClientRect();
    return Math.min(text.top - edge.top, edge.bottom - text.bottom) >= 8;
  })()`;
  expect(await page.evaluate(room)).toBe(true);
});

it.each(["light", "dark"] as const)(
  "the placeholder of the country search fits and has contrast (%s), in letters of twice the size",
  async (colorScheme) => {
    const page = await browser.open({ colorScheme });
    await page.goto(`${app.origin}/sign-in`);
    await enlarge(page);
    await page.locator(".country-button").click();
    const looks = `(() => {
      const input = document.querySelector(".picker-search");
      const { color, fontSize, opacity } = getComputedStyle(input, "::placeholder");
      const { paddingLeft, paddingRight, fontFamily, backgroundColor } = getComputedStyle(input);
      const context = document.createElement("canvas").getContext("2d");
      context.font = fontSize + " " + fontFamily;
      const room = input.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const light = (colour) => {
        const [r, g, b] = colour.match(/[0-9.]+/g).map((part) => part / 255)
          .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      };
      const [one, other] = [light(color), light(backgroundColor)];
      return { fits: context.measureText(input.placeholder).width <= room, opacity, contrast: Math.max(one / other, other / one) };
    })()`;
    const { contrast, ...rest } = (await page.evaluate(looks)) as { contrast: number };
    expect(rest).toEqual({ fits: true, opacity: "1" });
    expect(contrast).toBeGreaterThanOrEqual(4.5);
  },
);

it("avatars are 44 pixels or more in letters of twice the size", async () => {
  const page = await browser.open({ viewport: SMALL_PHONE });
  await signIn(page, app, newPhone());
  await enlarge(page);
  const box = await page.locator(".avatar-choice").first().boundingBox();
  expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
});

it("the note about a kept code is as near as the field of a code, and describes the focused field", async () => {
  const page = await browser.open();
  const room = `(() => {
    const { bottom } = document.querySelector(".lead").getBoundingClientRect();
    return document.querySelector("form.stack > :not([type=hidden])").getBoundingClientRect().top - bottom;
  })()`;
  await STATES["a new password by a code"]?.(page);
  const asked = await page.evaluate(room);
  await STATES["a new password beside a code that is kept"]?.(page);
  expect(await page.evaluate(room)).toBe(asked);
  await focusOf(page, "password");
  const told = `document.activeElement.getAttribute("aria-describedby").split(" ")
    .map((id) => document.getElementById(id).textContent).join(" ")`;
  expect(await page.evaluate(told)).toContain("The code you entered is kept.");
});

it("the resend button that has to wait looks disabled with forced colours", async () => {
  const page = await browser.open({ forcedColors: "active" });
  const colour = (name: string) => page.evaluate(`getComputedStyle(document.querySelector("${name}")).color`);
  await askForCode(page, app.origin, newPhone());
  const waiting = await colourOf(page, "GrayText");
  expect(await colour("form.resend button[aria-disabled=true]")).toBe(waiting);
  expect(await colour(".button-primary")).not.toBe(waiting);
});

/** A colour of the system, as this browser has it. */
async function colourOf(page: Page, system: string): Promise<unknown> {
  return await page.evaluate(`(() => {
    const shown = document.body.appendChild(document.createElement("i"));
    shown.style.color = "${system}";
    return getComputedStyle(shown).color;
  })()`);
}

it.each(["light", "dark"] as const)(
  "theme-color is the background colour of the page (%s)",
  async (colorScheme) => {
    const page = await browser.open({ colorScheme });
    await page.goto(`${app.origin}/sign-in`);
    for (const width of [360, 1280]) {
      await resize(page, width, 740);
      const colours = `(() => {
      const bar = [...document.querySelectorAll("meta[name=theme-color]")].find(({ media }) => matchMedia(media).matches);
      const shown = document.createElement("i");
      shown.style.color = bar.content;
      return [shown.style.color, getComputedStyle(document.body).backgroundColor];
    })()`;
      const [bar, ground] = (await page.evaluate(colours)) as readonly string[];
      expect([width, bar]).toEqual([width, ground]);
    }
  },
);

it.each(["none", "active"] as const)(
  "a form that is being sent shows a spinner in place of its button's text (forced colours: %s)",
  async (forcedColors) => {
    const page = await browser.open({ forcedColors });
    await signIn(page, app, newPhone(), "/account/data");
    // The page stays, as while an answer takes long.
    await page.evaluate(`addEventListener("submit", (event) => event.preventDefault())`);
    await page.locator('form[action="/account/data/send"] button').click();
    const clear = "rgba(0, 0, 0, 0)";
    const looks = `((button, ring) => [button.color, ring.borderRightColor, ring.animationName])(
    ...((at) => [getComputedStyle(at), getComputedStyle(at, "::after")])(document.querySelector("form[aria-busy] button")))`;
    expect(await page.evaluate(looks)).toEqual([clear, clear, "turn"]);
  },
);
