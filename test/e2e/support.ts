import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { loadAssets } from "../../src/adapters/system/assets.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";

export { wrongCode } from "../support/codes.ts";

const ROOT = join(import.meta.dirname, "../..");
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** Phonekey listening on a port of this machine. */
export interface App {
  readonly origin: string;
  readonly world: World;
  /** The code that was sent last to a number of `newPhone`. */
  codeFor(phone: string): string;
  /** Handles requests from now on, and holds their answers back. */
  holdAnswers(): HeldAnswers;
  close(): Promise<void>;
}

interface HeldAnswers {
  /** How many answers are held back. */
  count(): number;
  release(): void;
}

/** A whole Phonekey with what the build made for browsers, behind its real HTTP server, with a clock to be moved. */
export async function startApp(options: WorldOptions = {}): Promise<App> {
  build();
  const assets = loadAssets(join(ROOT, "dist/web"));
  const world = await createWorld({ ...options, parts: { assets, ...options.parts } });
  let held: Promise<void> | undefined;
  let answers = 0;
  const fetch: typeof world.app.fetch = async (...request) => {
    const answer = await world.app.fetch(...request);
    answers += 1;
    await held;
    return answer;
  };
  const metrics = { countRequest: () => {} };
  const { port, close } = await listen(createHttpServer({ fetch }, { log: SILENT, metrics }));
  return {
    origin: `http://localhost:${port}`,
    world,
    codeFor: (phone) => world.sms.lastCode(`+86${phone}`),
    holdAnswers() {
      const before = answers;
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return { count: () => answers - before, release };
    },
    async close() {
      await close();
      await world.close();
    },
  };
}

/** Another site: another host, and so also another site to the cookies. */
export async function startSite(answer: RequestListener) {
  const { port, close } = await listen(createServer(answer));
  return { origin: `http://127.0.0.1:${port}`, sameSiteOrigin: `http://localhost:${port}`, close };
}

async function listen(server: Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Builds what is out of date, once in each file. A build that failed shows where its files are used: an app of this process needs
 * nothing but what browsers load.
 */
function build(): void {
  if (isBuilt) return;
  const module = pathToFileURL(join(ROOT, "scripts/build-if-stale.js")).href;
  const script = `import { buildIfStale } from ${JSON.stringify(module)}; await buildIfStale();`;
  spawnSync(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  isBuilt = true;
}

let isBuilt = false;

/** The program as a person starts it, in a folder of its own and with no settings but a free port. */
export async function startProcess() {
  build();
  const folder = mkdtempSync(join(tmpdir(), "phonekey-e2e-"));
  const child = spawn(process.execPath, [join(ROOT, "bin/phonekey.js"), "serve"], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const origin = await announcedOrigin(child);
  return {
    origin,
    async close() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function announcedOrigin(child: ChildProcess): Promise<string> {
  let printed = "";
  for await (const chunk of child.stdout ?? []) {
    printed += chunk;
    const found = /(http:\/\/localhost:\d+)\/sign-in/.exec(printed)?.[1];
    if (!found) continue;
    // Nobody reads on from here, and a full pipe would stop the process.
    child.stdout?.resume();
    return found;
  }
  throw new Error(`the server ended: ${printed}`);
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** A form post as any program can send it, with this browser's cookies. */
export async function postForm(
  page: Page,
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  return await fetch(url, {
    method: "POST",
    headers: { ...FORM, cookie, ...headers },
    body: new URLSearchParams(fields).toString(),
    redirect: "manual",
  });
}

/** The token in the forms of the page that is open. */
export async function csrfOf(page: Page): Promise<string> {
  return await page.locator("input[name=csrf]").first().inputValue();
}

let phones = 0;

/** A mobile number of mainland China that no other test of this file uses; no two share a limit of their prefix. */
export function newPhone(): string {
  phones += 10_007;
  return `139${String(phones).padStart(8, "0")}`;
}

/** Whether this page runs its scripts, once it has loaded them. */
export async function hasScripts(page: Page): Promise<boolean> {
  await page.waitForLoadState();
  return (await page.locator("html.js").count()) === 1;
}

/** Leads the browser to the page that asks for the code. */
export async function askForCode(page: Page, origin: string, phone: string): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await submitPhone(page, phone);
  await page.waitForURL(`${origin}/sign-in/code`);
}

export async function submitPhone(page: Page, phone: string): Promise<void> {
  await page.locator("#phone").fill(phone);
  await page.locator('form[action="/sign-in"] button[type=submit]').click();
}

/** Types the code; without scripts the button has to be pressed too. */
export async function submitCode(page: Page, code: string, action = "/sign-in/code"): Promise<void> {
  const automatic = await hasScripts(page);
  await page.locator("#code").fill(code);
  if (!automatic) await page.locator(`form[action^="${action}"] button[type=submit]`).first().click();
}

/** Signs in at an app of `startApp` on its pages, and waits for that of the account. */
export async function signInOnPages(page: Page, app: App, phone: string): Promise<void> {
  await askForCode(page, app.origin, phone);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL(`${app.origin}/account`);
}

/**
 * Signs a browser in by what it would send, and opens a page of the account: for tests of what comes after, since showing
 * the pages in between takes longer than most of them.
 */
export async function signIn(
  page: Page,
  { origin, codeFor }: App,
  phone: string,
  path = "/account",
): Promise<void> {
  const { request } = page.context();
  const form = await request.get(`${origin}/sign-in`);
  const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
  const send = async (to: string, fields: Readonly<Record<string, string>>) => {
    const options = { form: { ...fields, csrf }, headers: { origin }, maxRedirects: 0 };
    const status = (await request.post(origin + to, options)).status();
    if (status !== 303) throw new Error(`${to} answered ${status}`);
  };
  await send("/sign-in", { country: "CN", phone });
  await send("/sign-in/code", { code: codeFor(phone) });
  await page.goto(origin + path);
  await page.waitForURL(origin + path);
}

export async function valueOfCookie(page: Page, name: string): Promise<string | undefined> {
  const cookies = await page.context().cookies();
  return cookies.find((cookie) => cookie.name === `phonekey_${name}`)?.value;
}
