import { join } from "node:path";
import Database from "libsql";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { useBrowser } from "../browser.ts";
import { type App, newPhone, signIn, startApp, startSite } from "../support.ts";

let browser: ReturnType<typeof useBrowser>;
/** The app that is attacked, while the tests of the file run. */
export let app: App;
/** The attacker's site. */
export let site: Awaited<ReturnType<typeof startSite>>;
/** What the attacker's site answers to everything. */
let trap = "";

/** Starts the app, the attacker's site and a browser. */
export function useAttacked() {
  browser = useBrowser();
  beforeAll(async () => {
    app = await startApp({ env: { LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" } });
    site = await startSite((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<!DOCTYPE html><link rel=icon href=data:,>${trap}`);
    });
  });
  beforeEach(() => setTrap(""));
  afterAll(async () => {
    await app.close();
    await site.close();
  });
  return browser;
}

export function setTrap(html: string): void {
  trap = html;
}

/** The id of the verification that was started last, which no answer of the pages shows. */
export function lastVerificationId(): string {
  const database = new Database(join(app.world.folder, "data/phonekey.db"), { readonly: true });
  try {
    const row = database
      .prepare("SELECT id FROM verifications ORDER BY created_at DESC, rowid DESC LIMIT 1")
      .get();
    return (row as { id: string }).id;
  } finally {
    database.close();
  }
}

export async function signedIn(phone = newPhone()): Promise<Page> {
  const page = await browser.open();
  await signIn(page, app, phone);
  return page;
}

export async function setCookie(page: Page, name: string, value: string): Promise<void> {
  await page.context().addCookies([{ name: `phonekey_${name}`, value, url: app.origin }]);
}

/** A page that sends a form as soon as it is open. */
export function autoForm(
  action: string,
  fields: Readonly<Record<string, string>>,
  enctype = "application/x-www-form-urlencoded",
): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  return `<form method="post" action="${action}" enctype="${enctype}">${inputs.join("")}</form>
    <script>document.forms[0].submit()</script>`;
}
