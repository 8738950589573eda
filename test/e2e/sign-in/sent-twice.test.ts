import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useBrowser } from "../browser.ts";
import { type App, askForCode, csrfOf, newPhone, postForm, startApp } from "../support.ts";

const browser = useBrowser();
let app: App;

beforeAll(async () => {
  app = await startApp({ env: { LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" } });
});
afterAll(() => app.close());

function codeFor(phone: string): string {
  return app.world.sms.lastCode(`+86${phone}`);
}

it("a form that was sent twice is answered once more to the same browser, and to no other", async () => {
  const phone = newPhone();
  const [own, other] = [await browser.open(), await browser.open()];
  await own.goto(`${app.origin}/sign-in`);
  await other.goto(`${app.origin}/sign-in`);
  const once = await own.locator("input[name=once]").inputValue();
  const post = async (page: Page) =>
    (
      await postForm(
        page,
        `${app.origin}/sign-in`,
        { csrf: await csrfOf(page), country: "CN", phone, once },
        { origin: app.origin },
      )
    ).status;
  expect(await post(own)).toBe(303);
  const sent = app.world.sms.sent.length;
  expect(await post(own)).toBe(303);
  expect(await post(other)).toBe(429);
  expect(app.world.sms.sent.length).toBe(sent);
});

it("a right code that was sent twice is no mistake: the page goes on from what it opened", async () => {
  const phone = newPhone();
  const page = await browser.open();
  await askForCode(page, app.origin, phone);
  const fields = { csrf: await csrfOf(page), code: codeFor(phone) };
  const post = async () => {
    const answer = await postForm(page, `${app.origin}/sign-in/code`, fields, { origin: app.origin });
    return [answer.status, answer.headers.get("location")];
  };
  expect(await post()).toEqual([303, "/account"]);
  expect(await post()).toEqual([303, "/sign-in/code"]);
});
