import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CODE_COPY } from "../../../src/http/pages/copy/code.ts";
import { PHONE_COPY } from "../../../src/http/pages/copy/phone.ts";
import { useBrowser } from "../browser.ts";
import {
  type App,
  askForCode,
  csrfOf,
  newPhone,
  postForm,
  startApp,
  submitCode,
  submitPhone,
} from "../support.ts";

const browser = useBrowser();
let app: App;

beforeAll(async () => {
  app = await startApp({ env: { LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" } });
});
afterAll(() => app.close());

it("a form that is sent twice gets the same answer in the same browser, and is refused in another", async () => {
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

it("a right code that is sent twice is redirected the second time, not refused", async () => {
  const phone = newPhone();
  const page = await browser.open();
  await askForCode(page, app.origin, phone);
  const fields = { csrf: await csrfOf(page), code: app.codeFor(phone) };
  const post = async () => {
    const answer = await postForm(page, `${app.origin}/sign-in/code`, fields, { origin: app.origin });
    return [answer.status, answer.headers.get("location")];
  };
  expect(await post()).toEqual([303, "/account"]);
  expect(await post()).toEqual([303, "/sign-in/code"]);
});

it.each([true, false])(
  "a second click on the button of a code before the answer uses the code once, and the person can go on (scripts: %s)",
  async (javaScriptEnabled) => {
    const phone = newPhone();
    const page = await browser.open({ javaScriptEnabled });
    await askForCode(page, app.origin, phone);
    let [posts, givenUp] = [0, 0];
    page.on("request", (request) => {
      if (request.method() === "POST") posts += 1;
    });
    page.on("requestfailed", () => {
      givenUp += 1;
    });
    // Not by the field, which sends itself: both clicks have to reach the button.
    await page.locator("#code").evaluate((field: { value: string }, code) => {
      field.value = code;
    }, app.codeFor(phone));
    const answers = app.holdAnswers();
    try {
      const box = await page.locator('form[action="/sign-in/code"] button[type=submit]').boundingBox();
      const click = () => page.mouse.click((box?.x ?? 0) + 9, (box?.y ?? 0) + 9);
      await click();
      await expect.poll(answers.count).toBe(1);
      await click();
      // The script drops the second click; else the browser drops the first answer and its cookies.
      const clicks = javaScriptEnabled ? 1 : 2;
      await expect.poll(() => [posts, givenUp]).toEqual([clicks, clicks - 1]);
    } finally {
      answers.release();
    }
    if (!javaScriptEnabled) {
      await page.locator("h1", { hasText: CODE_COPY.en.usedTitle }).waitFor();
      await page.getByRole("main").getByRole("link", { name: PHONE_COPY.en.title }).click();
      await submitPhone(page, phone);
      await page.waitForURL(`${app.origin}/sign-in/code`);
      await submitCode(page, app.codeFor(phone));
    }
    await page.waitForURL(`${app.origin}/account`);
    // The session of the first click is listed too: the person can end it.
    expect(await page.locator(".session").count()).toBe(javaScriptEnabled ? 1 : 2);
  },
);
