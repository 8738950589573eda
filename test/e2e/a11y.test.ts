import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiKey, backendOf } from "../backend/support.ts";
import { factorCalls } from "../http/factor-support.ts";
import { countingHasher, OTHER } from "../password/support.ts";
import { useBrowser } from "./browser.ts";
import { factorStates } from "./factor-states.ts";
import {
  type App,
  askForCode,
  newPhone,
  otherCode,
  signIn,
  startApp,
  submitCode,
  submitPhone,
} from "./support.ts";

const browser = useBrowser();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let app: App;
/** Of a backend, at that app. */
let key: string;
/** One with its inbox, which the other has not. */
let withInbox: App;

beforeAll(async () => {
  // All browsers come from one address: what is looked at is not the challenge that this would bring.
  const freely = { LIMIT_PHONE_SENDS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" };
  const env = { ALLOWED_COUNTRIES: "CN,US,FR,DE,JP,SG,GB,HK", ...freely };
  app = await startApp({ env, parts: { passwordHasher: countingHasher().hasher } });
  withInbox = await startApp({ inbox: true });
  const purposes = ["verify_identity", "confirm_transaction", "temporary_password"] as const;
  key = await apiKey(app.world, { purposes });
});
afterAll(async () => {
  await app.close();
  await withInbox.close();
});

function codeFor(phone: string): string {
  return app.world.sms.lastCode(`+86${phone}`);
}

async function askForMove(page: Page, to: string): Promise<void> {
  await page.goto(`${app.origin}/account/phone`);
  await page.locator("#phone").fill(to);
  await page.locator('form[action="/account/phone/send"] button[type=submit]').click();
  await page.locator("#code").waitFor();
}

/** Signs in, and asks to move to another number. */
async function startMove(page: Page, phone: string): Promise<void> {
  const to = newPhone();
  await signIn(page, app, phone);
  await askForMove(page, to);
  await page.locator("#code").fill(codeFor(to));
  await page.locator('form[action="/account/phone/cancel"]').waitFor();
}

async function typePassword(page: Page, phone: string): Promise<void> {
  await page.goto(`${app.origin}/sign-in/password`);
  await page.locator("#phone").fill(phone);
  await page.locator("#password").fill(OTHER);
  await page.locator('form[action="/sign-in/password"] button[type=submit]').click();
}

async function forget(page: Page, phone: string): Promise<void> {
  await page.goto(`${app.origin}/sign-in/forgotten`);
  await page.locator("#phone").fill(phone);
  await page.locator('form[action="/sign-in/forgotten"] button[type=submit]').click();
  await page.waitForURL(`${app.origin}/sign-in/forgotten/code`);
}

/** Sends the form that sets a new password by a code. */
async function choose(page: Page, password: string): Promise<void> {
  await page.locator("#password").fill(password);
  await page.locator('form[action="/sign-in/forgotten/code"] button[type=submit]').click();
}

/** Every page in every state that looks different, and how to get there. */
const STATES: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  "the number": (page) => page.goto(`${app.origin}/sign-in`),
  "a wrong number": async (page) => {
    await page.goto(`${app.origin}/sign-in`);
    await submitPhone(page, "123");
    await page.locator("#phone-error").waitFor();
  },
  "too soon": async (page) => {
    const phone = newPhone();
    await app.world.post("/v1/verifications", { phone: `+86${phone}` });
    await page.goto(`${app.origin}/sign-in`);
    await submitPhone(page, phone);
    await page.locator("#phone-retry").waitFor();
  },
  "the code": (page) => askForCode(page, app.origin, newPhone()),
  "a wrong code": async (page) => {
    const phone = newPhone();
    await askForCode(page, app.origin, phone);
    await submitCode(page, otherCode(codeFor(phone)));
    await page.locator("#code-error").waitFor();
  },
  "an ended code": async (page) => {
    await askForCode(page, app.origin, newPhone());
    app.world.clock.advance(301_000);
    await page.reload();
    await page.locator("#code").waitFor({ state: "detached" });
  },
  "signing in by password": (page) => page.goto(`${app.origin}/sign-in/password`),
  "a wrong password": async (page) => {
    await typePassword(page, newPhone());
    await page.locator("#password-error").waitFor();
  },
  "too many wrong passwords": async (page) => {
    const phone = newPhone();
    const body = { phone: `+86${phone}`, password: OTHER };
    const { deviceToken } = await app.world.signIn(body.phone);
    for (let n = 0; n < 10; n += 1) await app.world.post("/v1/sessions", { ...body, deviceToken });
    await page.context().addCookies([{ name: "phonekey_device", value: deviceToken, url: app.origin }]);
    await typePassword(page, phone);
    await page.locator(".banner").waitFor();
  },
  "a forgotten password": (page) => page.goto(`${app.origin}/sign-in/forgotten`),
  "a new password by a code": (page) => forget(page, newPhone()),
  "a new password that is too short": async (page) => {
    await forget(page, newPhone());
    await choose(page, "short");
    await page.locator("#password-error").waitFor();
  },
  "a password that was reset": async (page) => {
    const phone = newPhone();
    await factorCalls(() => app.world).protectedBy(`+86${phone}`);
    await forget(page, phone);
    await page.locator("#code").fill(codeFor(phone));
    await choose(page, OTHER);
    await page.locator("#factors-title").waitFor();
  },
  "the password of an account": async (page) => {
    await signIn(page, app, newPhone());
    await page.goto(`${app.origin}/account/password`);
  },
  "a password that is there": async (page) => {
    await signIn(page, app, newPhone());
    await page.goto(`${app.origin}/account/password`);
    await page.locator("#password").fill(OTHER);
    await page.locator('form[action="/account/password"] button[type=submit]').click();
    await page.waitForURL(`${app.origin}/account?saved`);
    await page.goto(`${app.origin}/account/password`);
  },
  "the account": async (page) => {
    const phone = newPhone();
    await app.world.signIn(`+86${phone}`);
    await signIn(page, app, phone);
  },
  "another number": async (page) => {
    await signIn(page, app, newPhone());
    await page.goto(`${app.origin}/account/phone`);
  },
  "the code of another number": async (page) => {
    await signIn(page, app, newPhone());
    await askForMove(page, newPhone());
  },
  "a number that is about to change": async (page) => {
    await startMove(page, newPhone());
  },
  "the way to stop a change": async (page) => {
    const phone = newPhone();
    await startMove(page, phone);
    const notice = app.world.sms.sent.findLast(({ to }) => to === `+86${phone}`)?.text ?? "";
    await page.goto(`${app.origin}${/\/stop\/[0-9a-f]+/.exec(notice)?.[0]}`);
    await page.locator(".button-danger").waitFor();
  },
  "the person's data": async (page) => {
    await signIn(page, app, newPhone());
    await page.goto(`${app.origin}/account/data`);
  },
  "the code that deletes": async (page) => {
    await signIn(page, app, newPhone());
    await page.goto(`${app.origin}/account/data`);
    await page.locator('form[action="/account/data/send"] button').click();
    await page.locator("#code").waitFor();
  },
  "a stopped change": async (page) => {
    await STATES["the way to stop a change"]?.(page);
    await page.locator(".button-danger").click();
    await page.locator(".button-danger").waitFor({ state: "detached" });
  },
  "a saved account": async (page) => {
    await signIn(page, app, newPhone());
    await page.locator("#name").fill("Ada");
    await page.locator('form[action="/account/profile"] button').click();
    await page.waitForURL(`${app.origin}/account?saved`);
  },
  "a wrong name": async (page) => {
    await signIn(page, app, newPhone());
    await page.locator("#name").fill("x".repeat(65));
    await page.locator('form[action="/account/profile"] button').click();
    await page.locator("#name-error").waitFor();
  },
  ...factorStates(() => app),
  "a message": (page) => page.goto(`${app.origin}/nowhere`),
  "the inbox": async (page) => {
    await withInbox.world.post("/v1/verifications", { phone: `+86${newPhone()}` });
    await page.goto(`${withInbox.origin}/dev/inbox`);
  },
  "a code that a backend asked for": (page) => askedPage(page, { purpose: "verify_identity" }),
  "a payment to confirm": async (page) => {
    const transaction = { amount: "1234567.89", currency: "CNY", payee: "Müller & Söhne 阳光超市有限公司" };
    await askedPage(page, { purpose: "confirm_transaction", transaction });
    await page.locator("#code").fill("000000");
    await page.getByRole("main").locator("button.button-primary").click();
    await page.locator("#code-error").waitFor();
  },
  "asking for a temporary password": (page) => page.goto(`${app.origin}/temporary-password`),
  "a temporary password": (page) => askedPage(page, { purpose: "temporary_password" }),
  "the API documents": (page) => page.goto(`${app.origin}/docs`),
};

/** The page on which a person enters the code that a backend asked for. */
async function askedPage(page: Page, ask: object): Promise<void> {
  const response = await backendOf(app.world, key).start({ phone: `+86${newPhone()}`, page: {}, ...ask });
  const { pageUrl } = (await response.json()) as { pageUrl: string };
  await page.goto(app.origin + new URL(pageUrl).pathname);
}

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What axe finds with all its rules, those that are off by default for being new among them. */
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

/** Colours change with the next frames: before that a page is half of one theme and half of the other. */
const SETTLED = `(async () => {
  const frame = () => new Promise(requestAnimationFrame);
  for (let calm = 0; calm < 3; calm = document.getAnimations().length ? 0 : calm + 1) await frame();
})()`;

/** Looks at the page as it is in both themes and at both widths. */
async function expectAccessible(page: Page): Promise<void> {
  // What is there to do next is one thing.
  expect(await page.locator("main .button-primary").count()).toBeLessThanOrEqual(1);
  await page.evaluate(AXE);
  const found: Record<string, string[]> = {};
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(SETTLED);
      const violations = await findings(page);
      if (violations.length > 0) found[`${width} ${colorScheme}`] = violations;
    }
  }
  expect(found).toEqual({});
}

describe.each(["en", "zh-CN"])("axe finds nothing in %s on", (locale) => {
  it.each(Object.keys(STATES))("%s", async (name) => {
    const page = await browser.open({ locale });
    await STATES[name]?.(page);
    await expectAccessible(page);
  });
});

it("axe finds nothing in the open list of countries", async () => {
  const page = await browser.open();
  await page.goto(`${app.origin}/sign-in`);
  await page.locator(".country-button").click();
  await page.keyboard.type("a");
  await expectAccessible(page);
});

describe("a person with a keyboard alone", () => {
  /** Whether what has the focus shows it, by an outline, a shadow or a border that it has not without. */
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

  it("signs in, changes the name and signs out, and sees at each step where they are", async () => {
    const phone = newPhone();
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(`${app.origin}/sign-in`);
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.type(phone);
    await page.keyboard.press("Tab");
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${app.origin}/sign-in/code`);
    expect(await focusIsVisible(page)).toBe(true);
    await page.keyboard.type(codeFor(phone));
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
    // In the order of the page: what skips, the languages, signing out, name, avatars, saving.
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

  it("sees which avatar they are at where the system picks the colours", async () => {
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

  it("begins at the field that is wrong where an app is set up", async () => {
    const page = await browser.open();
    await STATES["an app to set up"]?.(page);
    expect(await page.evaluate("document.activeElement.id")).toBe("factor-code");
  });

  it("skips to the content", async () => {
    const page = await browser.open();
    await page.goto(`${app.origin}/docs`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(new URL(page.url()).hash).toBe("#main");
  });
});

describe("a person who enlarges or calms the page", () => {
  const CODES = "a second factor and new recovery codes";
  const PAGES = ["the number", "a wrong code", "the account", CODES, "the inbox", "the API documents"];

  async function expectNoOverflow(page: Page, widths: readonly number[]): Promise<void> {
    for (const width of widths) {
      await page.setViewportSize({ width, height: 512 });
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

  it("reads the longest amount in one line on a small phone, and all of it in letters of twice the size", async () => {
    const page = await browser.open();
    const transaction = { amount: "888888888888.8888", currency: "CLF", payee: "Acme" };
    await askedPage(page, { purpose: "confirm_transaction", transaction });
    await page.setViewportSize({ width: 320, height: 512 });
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

  it("sees the whole number that they type in letters of twice the size", async () => {
    const page = await browser.open();
    await page.goto(`${app.origin}/sign-in`);
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    await page.locator("#phone").fill("13912345678");
    const hidden =
      "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('#phone'))";
    expect(await page.evaluate(hidden)).toBe(0);
  });

  it("sees nothing move that need not", async () => {
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
