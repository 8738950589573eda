import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { apiKey, backendOf } from "../../backend/support.ts";
import { factorCalls } from "../../http/factors/support.ts";
import { countingHasher, OTHER } from "../../password/support.ts";
import { factorStates } from "../factor-states.ts";
import {
  type App,
  askForCode,
  newPhone,
  signIn,
  startApp,
  submitCode,
  submitPhone,
  wrongCode,
} from "../support.ts";

/** The app with the pages, while the tests of the file run. */
export let app: App;
/** The API key of a backend at that app. */
let key: string;
/** An app with the development inbox. */
let withInbox: App;

export function usePages(): void {
  beforeAll(async () => {
    // All browsers come from one address, which would bring challenges without these settings.
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
}

/** Signs in, and asks to move to another number; resolves with that one. */
async function askForMove(page: Page, phone: string): Promise<string> {
  const to = newPhone();
  await signIn(page, app, phone, "/account/phone");
  await page.locator("#phone").fill(to);
  await page.locator('form[action="/account/phone/send"] button[type=submit]').click();
  await page.locator("#code").waitFor();
  return to;
}

/** Signs in, and enters the code to another number, so that a change of number waits. */
async function startMove(page: Page, phone: string): Promise<void> {
  const to = await askForMove(page, phone);
  await submitCode(page, app.codeFor(to), "/account/phone");
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

type Way = (page: Page) => Promise<unknown>;

const WAYS: Readonly<Record<string, Way>> = {
  "the number": (page) => page.goto(`${app.origin}/sign-in`),
  "a wrong number": async (page) => {
    await page.goto(`${app.origin}/sign-in`);
    await submitPhone(page, "123");
    await page.locator("#phone-error").waitFor();
  },
  "a start that has to wait": async (page) => {
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
    await submitCode(page, wrongCode(app.codeFor(phone)));
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
  "a new password beside a code that is kept": async (page) => {
    const phone = newPhone();
    await forget(page, phone);
    await page.locator("#code").fill(app.codeFor(phone));
    // The user's own number: only the server, which knows the account, refuses it as a password.
    await choose(page, phone);
    await page.locator("input[name=kept]").waitFor({ state: "attached" });
  },
  "a password that was reset": async (page) => {
    const phone = newPhone();
    await factorCalls(() => app.world).protectedBy(`+86${phone}`);
    await forget(page, phone);
    await page.locator("#code").fill(app.codeFor(phone));
    await choose(page, OTHER);
    await page.locator("#factors-title").waitFor();
  },
  "the password of an account": (page) => signIn(page, app, newPhone(), "/account/password"),
  "the password of an account that has one": async (page) => {
    await signIn(page, app, newPhone());
    await page.locator('a[href="/account/password"]').click();
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
  "a change of number": (page) => signIn(page, app, newPhone(), "/account/phone"),
  "the code to a new number": (page) => askForMove(page, newPhone()),
  "a change of number that waits": async (page) => {
    await startMove(page, newPhone());
  },
  "the link that stops a change": async (page) => {
    const phone = newPhone();
    await startMove(page, phone);
    const notice = app.world.sms.sent.findLast(({ to }) => to === `+86${phone}`)?.text ?? "";
    await page.goto(`${app.origin}${/\/stop\/[0-9a-f]+/.exec(notice)?.[0]}`);
    await page.locator(".button-danger").waitFor();
  },
  "the person's data": (page) => signIn(page, app, newPhone(), "/account/data"),
  "the code to delete an account": async (page) => {
    await signIn(page, app, newPhone(), "/account/data");
    await page.locator('form[action="/account/data/send"] button').click();
    await page.locator("#code").waitFor();
  },
  "a stopped change": async (page) => {
    await WAYS["the link that stops a change"]?.(page);
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
  "a page that is not found": (page) => page.goto(`${app.origin}/nowhere`),
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

/** Waits until all of a page is loaded, styles and scripts too. */
const loaded =
  (way: Way): Way =>
  async (page) => {
    await way(page);
    await page.waitForLoadState();
  };

/** Every page in every state that looks different, and how to get there. */
export const STATES: Readonly<Record<string, Way>> = Object.fromEntries(
  Object.entries(WAYS).map(([name, way]) => [name, loaded(way)]),
);

/** The page on which a person enters the code that a backend asked for. */
export async function askedPage(page: Page, ask: object): Promise<void> {
  const response = await backendOf(app.world, key).start({ phone: `+86${newPhone()}`, page: {}, ...ask });
  const { pageUrl } = (await response.json()) as { pageUrl: string };
  await page.goto(app.origin + new URL(pageUrl).pathname);
}
