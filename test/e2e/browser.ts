import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

export const PHONE_SIZE = { width: 360, height: 740 };
export const DESKTOP_SIZE = { width: 1280, height: 800 };

/**
 * The pages with which the address bar would show its suggestions: two of the browser's own for each window, which nobody sees
 * and which take as long as ours.
 */
const SUGGESTIONS = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"];

/** What Playwright switches off: Chromium takes only the last list that it is given. */
const SWITCHED_OFF = [
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
  `--disable-features=${[...SWITCHED_OFF, ...SUGGESTIONS].join()}`,
];

/** Long for a page that answers in milliseconds, and short enough to name what did not come. */
const TIMEOUT_MS = 10_000;

/** Reports what a policy stopped; the console would name it too, but not for every kind. */
const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violation", event.violatedDirective, event.blockedURI));`;

export interface OpenOptions extends BrowserContextOptions {
  /** Leaves out the watch over console errors, policy violations and dialogs, for pages that are meant to be stopped. */
  readonly unwatched?: boolean;
}

/**
 * A Chromium for the tests of one file. After each test its windows are closed, and the test fails if any page
 * showed a dialog, broke the content security policy, threw, or wrote an error to its console.
 */
export function useBrowser() {
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(problems.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
  });

  return {
    /** A fresh profile with one empty page, at phone size, in English, with JavaScript. */
    async open({ unwatched, ...options }: OpenOptions = {}): Promise<Page> {
      if (!browser) throw new Error("the browser is not running");
      const context = await browser.newContext({ viewport: PHONE_SIZE, locale: "en-US", ...options });
      contexts.push(context);
      context.setDefaultTimeout(TIMEOUT_MS);
      if (!unwatched) {
        await context.addInitScript(REPORT_VIOLATIONS);
        context.on("page", (page) => watch(page, problems));
      }
      return await context.newPage();
    },
  };
}

/** Gives a page another size, and waits until it has it. */
export async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.evaluate(`new Promise((resolve) => {
    const look = () => innerWidth === ${width} && innerHeight === ${height} ? resolve() : requestAnimationFrame(look);
    look();
  })`);
}

/** Waits until the field with this id has the focus: a page gives it with one of its first frames. */
export async function focusOf(page: Page, id: string): Promise<void> {
  await page.locator(`#${id}:focus`).waitFor();
}

async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: findChromium(), args: ARGS });
}

/** Collects the problems of a page. Our refusals are documents too, and Chromium logs an error for each: those do not count. */
function watch(page: Page, problems: string[]): void {
  const refused = new Set<string>();
  page.on("response", (response) => {
    if (response.request().isNavigationRequest() && response.status() >= 400) refused.add(response.url());
  });
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const isRefusal =
      message.text().startsWith("Failed to load resource") && refused.has(message.location().url);
    if (!isRefusal) problems.push(`console on ${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error on ${page.url()}: ${error.message}`));
  page.on("dialog", (dialog) => {
    problems.push(`dialog on ${page.url()}: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

function findChromium(): string {
  const named = process.env.CHROMIUM_PATH;
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, "chromium")).find(isExecutable);
  if (!found) throw new Error("Chromium is missing: install it, or set CHROMIUM_PATH.");
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
