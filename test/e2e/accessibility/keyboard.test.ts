import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { focusOf, useBrowser } from "../browser.ts";
import { newPhone, signIn } from "../support.ts";
import { app, STATES, usePages } from "./page-states.ts";

const browser = useBrowser();
usePages();

describe("a person who uses only the keyboard", () => {
  /** Whether the focused element shows its focus by an outline, a shadow or a border. */
  async function focusIsVisible(page: Page): Promise<boolean> {
    const looks = `(() => {
      const parts = (element) => [element, element.parentElement, element.closest(".field, label, form"), element.nextElementSibling];
      const look = (element) => element ? (({ outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor }) =>
        [outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor].join())(getComputedStyle(element)) : "";
      const cells = (element) => [...(element.parentElement?.querySelectorAll(".cells > span") ?? [])];
      const element = document.activeElement;
      const all = [...parts(element), ...cells(element)];
      const focused = all.map(look).join(";");
      element.blur();
      const blurred = all.map(look).join(";");
      element.focus();
      return focused !== blurred;
    })()`;
    return (await page.evaluate(looks)) as boolean;
  }

  it("signs in, changes the name and signs out, and sees the focus at each step", async () => {
    const phone = newPhone();
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(`${app.origin}/sign-in`);
    await focusOf(page, "phone");
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.type(phone);
    await page.keyboard.press("Tab");
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await focusOf(page, "code");
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.type(app.codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);

    const visited: string[] = [];
    for (let step = 0; step < 30; step += 1) {
      await page.keyboard.press("Tab");
      const label = (await page.evaluate(
        "document.activeElement === document.body ? '' : document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()",
      )) as string;
      if (!label) break;
      expect([label, await focusIsVisible(page)]).toEqual([label, true]);
      visited.push(label);
    }
    // In the order of the page: the skip link, the languages, signing out, name, avatars, saving.
    expect(visited.slice(0, 4)).toEqual(["Skip to content", "English", "简体中文", "Sign out"]);
    expect(visited.indexOf("name")).toBeLessThan(visited.indexOf("avatar"));
    expect(visited.indexOf("avatar")).toBeLessThan(visited.indexOf("Save changes"));

    await page.locator("#name").focus();
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${app.origin}/account?saved`);
    await page.locator('form[action="/sign-out"] button').focus();
    await page.keyboard.press("Space");
    await page.waitForURL(`${app.origin}/sign-in`);
  });

  it("sees which avatar has the focus with forced colours", async () => {
    const page = await browser.open({ forcedColors: "active" });
    await signIn(page, app, newPhone());
    const ring = () =>
      page.evaluate(`(({ outline, outlineOffset }) => [outline, outlineOffset].join())(
        getComputedStyle(document.querySelector("input[name=avatar]:checked")))`);
    await page.locator("#name").focus();
    const before = await ring();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.checked")).toBe(true);
    expect(await ring()).not.toBe(before);
  });

  it("has the focus in the field of the code after a wrong code for a new authenticator app", async () => {
    const page = await browser.open();
    await STATES["an app to set up"]?.(page);
    await focusOf(page, "factor-code");
  });

  it("skips to the content", async () => {
    const page = await browser.open();
    await page.goto(`${app.origin}/docs`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${app.origin}/docs#main`);
  });
});
