import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useBrowser } from "../browser.ts";
import { type App, newPhone, signIn, startApp, submitCode } from "../support.ts";

const browser = useBrowser();
const DAY_MS = 86_400_000;
let app: App;

beforeAll(async () => {
  app = await startApp({ env: { LIMIT_PHONE_SENDS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited" } });
});
afterAll(() => app.close());

/** Asks for a change of number, from the account page. */
async function askToMove(page: Page, to: string): Promise<void> {
  await page.locator('a[href="/account/phone"]').click();
  await page.locator("#phone").fill(to);
  await page.locator('form[action="/account/phone/send"] button').click();
  await page.locator("#code").waitFor();
}

it.each([true, false])("a change of number moves the account (scripts: %s)", async (javaScriptEnabled) => {
  const page = await browser.open({ javaScriptEnabled });
  const [from, to] = [newPhone(), newPhone()];
  await signIn(page, app, from);
  await askToMove(page, to);
  await submitCode(page, app.codeFor(to), "/account/phone");
  await page.locator('form[action="/account/phone/cancel"]').waitFor();
  app.world.clock.advance(DAY_MS);
  await app.world.tick();
  await page.goto(`${app.origin}/account`);
  expect(await page.locator(".identity .number").textContent()).toContain(to.slice(-4));
});

it("the link that the former number got stops a change of number without a sign-in", async () => {
  const page = await browser.open();
  const [from, to] = [newPhone(), newPhone()];
  await signIn(page, app, from);
  await askToMove(page, to);
  await submitCode(page, app.codeFor(to), "/account/phone");
  await page.locator('form[action="/account/phone/cancel"]').waitFor();
  const notice = app.world.sms.sent.findLast(({ to: phone }) => phone === `+86${from}`)?.text ?? "";
  const link = /\/stop\/[0-9a-f]+/.exec(notice)?.[0] ?? "";
  const owner = await browser.open({ javaScriptEnabled: false });
  await owner.goto(`${app.origin}${link}`);
  await owner.locator(`form[action="${link}"] button`).click();
  await owner.locator('a[href="/sign-in"]').waitFor();
  await page.goto(`${app.origin}/account`);
  await page.waitForURL(`${app.origin}/sign-in`);
});

it("the data page gives a file with everything, and deletes the account", async () => {
  const page = await browser.open();
  const phone = newPhone();
  await signIn(page, app, phone);
  await page.locator('a[href="/account/data"]').click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator('form[action="/account/data/export"] button').click(),
  ]);
  expect(download.suggestedFilename()).toBe("account.json");
  await page.locator('form[action="/account/data/send"] button').click();
  await page.locator("#code").waitFor();
  await page.locator("#code").fill(app.codeFor(phone));
  await page.locator('form[action="/account/data/erase"] button').click();
  await page.locator("h1", { hasText: "deleted" }).waitFor();
  await page.goto(`${app.origin}/account`);
  await page.waitForURL(`${app.origin}/sign-in`);
  expect(await app.world.signIn(`+86${phone}`)).toMatchObject({ created: true });
});

it("a change of number goes on by itself after a challenge for the new number", async () => {
  const strict = await startApp({ env: { LIMIT_PREFIX_SENDS: "1/1h" } });
  const page = await browser.open();
  const [from, to] = ["13812340001", "13812340002"];
  await signIn(page, strict, from, "/account/phone");
  await page.locator("#phone").fill(to);
  await page.locator('form[action="/account/phone/send"] button').click();
  await page.locator("#code").waitFor();
  expect(strict.codeFor(to)).toMatch(/^\d+$/);
  await strict.close();
});
