import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { type App, askForCode, newPhone, otherCode, signIn, submitCode } from "./support.ts";

export function appCode(app: App, secret: string): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: 30 });
  return totp.generate({ timestamp: app.world.clock.now() });
}

/**
 * Gives a page's browser an authenticator that makes passkeys and signs with them.
 *
 * @param isUserVerified whether the person shows who they are
 */
export async function addAuthenticator(page: Page, isUserVerified = true): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified,
    automaticPresenceSimulation: true,
  } as const;
  await session.send("WebAuthn.addVirtualAuthenticator", { options });
}

/** Presses a button, and waits for the page that answers where one does. */
export async function pressFactor(page: Page, action: string): Promise<void> {
  await page.locator(`form[action="/account/factors/${action}"] button`).click();
  await page.waitForLoadState();
}

/** Signs in, and begins to set up an authenticator app; resolves with its secret. */
async function beginApp(page: Page, app: App, phone: string): Promise<string> {
  await signIn(page, app, phone);
  await page.goto(`${app.origin}/account/factors`);
  await pressFactor(page, "app");
  return ((await page.locator("code").textContent()) ?? "").replaceAll(" ", "");
}

/** Signs in, and sets up an authenticator app; resolves with its secret. */
async function addApp(page: Page, app: App, phone: string): Promise<string> {
  const secret = await beginApp(page, app, phone);
  await page.locator("#factor-code").fill(appCode(app, secret));
  await pressFactor(page, "app/confirm");
  await page.waitForURL(`${app.origin}/account/factors?saved`);
  return secret;
}

export async function protect(page: Page, when: string): Promise<void> {
  await page.locator(`input[name=when][value=${when}]`).check();
  await pressFactor(page, "protection");
  await page.locator(`input[name=when][value=${when}]:checked`).waitFor();
}

/** To the second step of a sign-in, in a browser that forgot all it knew. */
async function secondStep(page: Page, app: App): Promise<void> {
  const phone = newPhone();
  await addApp(page, app, phone);
  await protect(page, "always");
  await page.context().clearCookies({ name: /^phonekey_(?!locale)/ });
  app.world.clock.advance(60_000);
  await askForCode(page, app.origin, phone);
  await submitCode(page, app.world.sms.lastCode(`+86${phone}`));
  await page.waitForURL(`${app.origin}/sign-in/second`);
}

async function confirmByCode(page: Page, app: App, phone: string): Promise<void> {
  await page.goto(`${app.origin}/account/confirm?to=/account/factors`);
  await page.locator('form[action="/account/confirm/send"] button').click();
  await page.locator("#code").waitFor();
  await submitCode(page, otherCode(app.world.sms.lastCode(`+86${phone}`)), "/account/confirm");
  await page.locator("#code-error").waitFor();
}

/** The pages about second factors in every state that looks different. */
export function factorStates(appOf: () => App): Readonly<Record<string, (page: Page) => Promise<unknown>>> {
  return {
    "no second factors": async (page) => {
      await signIn(page, appOf(), newPhone());
      await page.goto(`${appOf().origin}/account/factors`);
    },
    "an app to set up": async (page) => {
      await beginApp(page, appOf(), newPhone());
      await page.locator("#factor-code").fill("000000");
      await pressFactor(page, "app/confirm");
      await page.locator("#factor-error").waitFor();
    },
    "a second factor and new recovery codes": async (page) => {
      await addApp(page, appOf(), newPhone());
      await pressFactor(page, "codes");
      await page.locator("li code").first().waitFor();
    },
    "second factors of a session of long ago": async (page) => {
      await signIn(page, appOf(), newPhone());
      appOf().world.clock.advance(660_000);
      await page.goto(`${appOf().origin}/account/factors`);
    },
    "the second step": (page) => secondStep(page, appOf()),
    "a wrong second factor": async (page) => {
      await secondStep(page, appOf());
      await page.locator("#factor-code").fill("000000");
      await page.locator('form[action="/sign-in/second"] button').click();
      await page.locator("#factor-error").waitFor();
    },
    "what has to be confirmed": async (page) => {
      await signIn(page, appOf(), newPhone());
      await page.goto(`${appOf().origin}/account/confirm?to=/account/factors`);
    },
    "a confirmation by a wrong code, beside other factors": async (page) => {
      const phone = newPhone();
      await addApp(page, appOf(), phone);
      appOf().world.clock.advance(60_000);
      await confirmByCode(page, appOf(), phone);
    },
  };
}
