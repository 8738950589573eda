import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Locale } from "../../../src/core/locale.ts";
import { resize, useBrowser } from "../browser.ts";
import { app, STATES, usePages } from "./page-states.ts";

const browser = useBrowser();
usePages();

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What axe finds, also by the rule `target-size`, which is off by default. */
async function findings(page: Page): Promise<string[]> {
  const options = {
    resultTypes: ["violations"],
    preload: false,
    rules: { "target-size": { enabled: true } },
  };
  const violations = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then((results) => results.violations)`,
  )) as readonly Finding[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}

interface Setting {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

/** Half of all combinations: each language at both widths and in both themes, and each width in both themes. */
const SETTINGS: Readonly<Record<Locale, readonly Setting[]>> = {
  en: [
    { width: 360, colorScheme: "light" },
    { width: 1280, colorScheme: "dark" },
  ],
  "zh-CN": [
    { width: 360, colorScheme: "dark" },
    { width: 1280, colorScheme: "light" },
  ],
};

/** Waits until the colours have changed: for some frames a page is half of one theme and half of the other. */
const SETTLED = `(async () => {
  const frame = () => new Promise(requestAnimationFrame);
  for (let calm = 0; calm < 3; calm = document.getAnimations().length ? 0 : calm + 1) await frame();
})()`;

/** Checks the open page in these settings. */
async function expectAccessible(page: Page, settings: readonly Setting[]): Promise<void> {
  // A page has one main button at most.
  expect(await page.locator("main .button-primary").count()).toBeLessThanOrEqual(1);
  await page.evaluate(AXE);
  const found: Record<string, string[]> = {};
  for (const { width, colorScheme } of settings) {
    await resize(page, width, 800);
    await page.emulateMedia({ colorScheme });
    await page.evaluate(SETTLED);
    const violations = await findings(page);
    if (violations.length > 0) found[`${width} ${colorScheme}`] = violations;
  }
  expect(found).toEqual({});
}

describe.each(["en", "zh-CN"] as const)("axe finds nothing in %s on", (locale) => {
  it.each(Object.keys(STATES))("%s", async (name) => {
    const page = await browser.open({ locale, reducedMotion: "reduce" });
    await STATES[name]?.(page);
    await expectAccessible(page, SETTINGS[locale]);
  });
});

it("axe finds nothing in the open list of countries", async () => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in`);
  await page.locator(".country-button").click();
  await page.keyboard.type("a");
  await expectAccessible(page, [...SETTINGS.en, ...SETTINGS["zh-CN"]]);
});
