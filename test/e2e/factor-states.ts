import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { factorCalls } from "../http/factors/support.ts";
import { type App, askForCode, newPhone, signIn, submitCode, wrongCode } from "./support.ts";

const CONFIRMATION = "/account/confirm?to=/account/factors";

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

/** Presses a button, and waits for the page that answers. */
export async function pressFactor(page: Page, action: string): Promise<void> {
  await page.locator(`form[action="/account/factors/${action}"] button`).click();
  await page.waitForLoadState();
}

/** Signs in a user who has an authenticator app, and no login protection. */
async function signInWithApp(page: Page, app: App, phone: string, path: string): Promise<void> {
  const person = await app.world.signIn(`+86${phone}`);
  await factorCalls(() => app.world).addApp(person);
  await signIn(page, app, phone, path);
}

export async function protect(page: Page, when: string): Promise<void> {
  await page.locator(`input[name=when][value=${when}]`).check();
  await pressFactor(page, "protection");
  await page.locator(`input[name=when][value=${when}]:checked`).waitFor();
}

/** Leads an unknown browser to the second step of a sign-in. */
async function secondStep(page: Page, app: App): Promise<void> {
  const phone = newPhone();
  await factorCalls(() => app.world).protectedBy(`+86${phone}`);
  await askForCode(page, app.origin, phone);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL(`${app.origin}/sign-in/second`);
}

async function confirmByCode(page: Page, app: App, phone: string): Promise<void> {
  await page.locator('form[action="/account/confirm/send"] button').click();
  await page.locator("#code").waitFor();
  await submitCode(page, wrongCode(app.codeFor(phone)), "/account/confirm");
  await page.locator("#code-error").waitFor();
}

/** The pages about second factors in every state that looks different. */
export function factorStates(appOf: () => App): Readonly<Record<string, (page: Page) => Promise<unknown>>> {
  return {
    "no second factors": (page) => signIn(page, appOf(), newPhone(), "/account/factors"),
    "an app to set up": async (page) => {
      await signIn(page, appOf(), newPhone(), "/account/factors");
      await pressFactor(page, "app");
      await page.locator("#factor-code").fill("000000");
      await pressFactor(page, "app/confirm");
      await page.locator("#factor-error").waitFor();
    },
    "a second factor and new recovery codes": async (page) => {
      await signInWithApp(page, appOf(), newPhone(), "/account/factors");
      await pressFactor(page, "codes");
      await page.locator("li code").first().waitFor();
    },
    "the second factors in an old session": async (page) => {
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
    "a confirmation": (page) => signIn(page, appOf(), newPhone(), CONFIRMATION),
    "a confirmation by a wrong code, beside other factors": async (page) => {
      const phone = newPhone();
      await signInWithApp(page, appOf(), phone, CONFIRMATION);
      appOf().world.clock.advance(60_000);
      await confirmByCode(page, appOf(), phone);
    },
  };
}
