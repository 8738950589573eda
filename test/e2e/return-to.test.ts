import { createHash, randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REFUSALS } from "../../src/core/refusals.ts";
import { COPY } from "../../src/http/pages/copy.ts";
import { useBrowser } from "./browser.ts";
import {
  type App,
  askForCode,
  newPhone,
  signIn,
  startApp,
  startSite,
  submitCode,
  submitPhone,
} from "./support.ts";

const browser = useBrowser();
let app: App;
let site: Awaited<ReturnType<typeof startSite>>;
/** What the app was asked for, with what the browser said about where it came from. */
const visits: { readonly url: URL; readonly referer: string | undefined }[] = [];

beforeAll(async () => {
  site = await startSite((request, response) => {
    visits.push({ url: new URL(request.url ?? "", site.origin), referer: request.headers.referer });
    response.setHeader("content-type", "text/html");
    response.end("<!DOCTYPE html><title>The app</title><link rel=icon href=data:,><h1>The app</h1>");
  });
  app = await startApp({ env: { RETURN_TO: `${site.origin}/done,${site.origin}/done?tab=1` } });
});
afterAll(async () => {
  await app.close();
  await site.close();
});

function newVerifier(): string {
  return randomBytes(32).toString("base64url");
}

interface Request {
  readonly returnTo?: string;
  readonly verifier?: string;
  readonly state?: string;
}

/** The address to which an app sends a person (RFC 7636, 4.3). */
function signInUrl({
  returnTo = `${site.origin}/done`,
  verifier = newVerifier(),
  state = "st&te=1",
}: Request = {}): string {
  const query = new URLSearchParams({
    return_to: returnTo,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state,
  });
  return `${app.origin}/sign-in?${query}`;
}

/** From the app's address to the app, through both forms. Resolves with where the person arrived. */
async function pass(page: Page, request: Request = {}): Promise<URL> {
  const phone = newPhone();
  await page.goto(signInUrl(request));
  await submitPhone(page, phone);
  await page.waitForURL(`${app.origin}/sign-in/code`);
  await submitCode(page, app.world.sms.lastCode(`+86${phone}`));
  await page.waitForURL((url) => url.origin === site.origin);
  return new URL(page.url());
}

function redeem(handover: string | null, codeVerifier: string): Promise<Response> {
  return Promise.resolve(app.world.post("/v1/sessions", { handover, codeVerifier }));
}

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}

describe.each([true, false])("with JavaScript: %s", (javaScriptEnabled) => {
  it("the app gets a handover and its state by 303, and redeems it once", async () => {
    const verifier = newVerifier();
    const page = await browser.open({ javaScriptEnabled });
    const redirects: number[] = [];
    page.on("response", (response) => {
      if (response.headers().location?.startsWith(site.origin)) redirects.push(response.status());
    });
    const arrived = await pass(page, { verifier, returnTo: `${site.origin}/done?tab=1` });
    expect(redirects).toEqual([303]);
    expect(arrived.pathname).toBe("/done");
    expect([...arrived.searchParams.keys()].sort()).toEqual(["handover", "state", "tab"]);
    expect(arrived.searchParams.get("state")).toBe("st&te=1");
    expect(await page.locator("h1").textContent()).toBe("The app");

    const handover = arrived.searchParams.get("handover");
    const opened = await redeem(handover, verifier);
    expect(opened.status).toBe(201);
    const { accessToken, created } = (await opened.json()) as { accessToken: string; created: boolean };
    expect(created).toBe(true);
    const me = await app.world.request("/v1/me", { headers: { authorization: `Bearer ${accessToken}` } });
    expect(me.status).toBe(200);

    const again = await redeem(handover, verifier);
    expect(again.status).toBe(401);
    expect(await codeOf(again)).toBe("invalid_handover");
  });
});

describe("a handover", () => {
  it("is worth nothing without the verifier, and a wrong one does not spend it", async () => {
    const verifier = newVerifier();
    const handover = (await pass(await browser.open(), { verifier })).searchParams.get("handover");
    expect((await redeem(handover, newVerifier())).status).toBe(401);
    expect((await redeem(handover, verifier)).status).toBe(201);
  });

  it("ends after 60 seconds", async () => {
    const [early, late] = [newVerifier(), newVerifier()];
    const page = await browser.open();
    const first = (await pass(page, { verifier: early })).searchParams.get("handover");
    await page.goto(signInUrl({ verifier: late }));
    const second = new URL(page.url()).searchParams.get("handover");
    app.world.clock.advance(59_999);
    expect((await redeem(first, early)).status).toBe(201);
    app.world.clock.advance(1);
    expect((await redeem(second, late)).status).toBe(401);
  });

  it("is no token: it opens nothing but a session, and the page's cookies open none", async () => {
    const verifier = newVerifier();
    const page = await browser.open();
    const handover = (await pass(page, { verifier })).searchParams.get("handover");
    const me = await app.world.request("/v1/me", { headers: { authorization: `Bearer ${handover}` } });
    expect(me.status).toBe(401);
    for (const { value } of await page.context().cookies(app.origin)) {
      expect((await redeem(value, verifier)).status).toBe(401);
    }
  });
});

it("who is signed in already goes on at once", async () => {
  const page = await browser.open();
  await signIn(page, app, newPhone());
  const verifier = newVerifier();
  const answer = await page.goto(signInUrl({ verifier }));
  expect(answer?.url()).toContain(`${site.origin}/done?handover=`);
  const opened = await redeem(new URL(page.url()).searchParams.get("handover"), verifier);
  expect(opened.status).toBe(201);
  expect(((await opened.json()) as { created: boolean }).created).toBe(false);
});

it("no token, code, number or verification is in any address or Referer, and no other site learns the page's", async () => {
  const page = await browser.open();
  const requests: { readonly url: string; readonly referer: string | undefined }[] = [];
  page.context().on("request", (request) => {
    requests.push({ url: request.url(), referer: request.headers().referer });
  });
  visits.length = 0;
  const arrived = await pass(page);
  const handover = arrived.searchParams.get("handover") ?? "none";
  await page.goto(`${app.origin}/account`);
  await page.locator('form[action="/sign-out"] button').click();
  await page.waitForURL(`${app.origin}/sign-in`);

  expect(requests.length).toBeGreaterThan(8);
  const sent = app.world.sms.sent.at(-1);
  const cookies = await page.context().cookies();
  const secrets = [sent?.code, sent?.to.slice(3), ...cookies.map(({ value }) => value)].filter(
    (value) => value && value.length > 5,
  );
  const texts = requests.flatMap(({ url, referer = "" }) => [url.replace(handover, ""), referer]);
  for (const secret of secrets) expect(texts.filter((text) => text.includes(secret ?? ""))).toEqual([]);
  // Compact JWS and JWE begin so.
  expect(texts.filter((text) => text.includes("eyJ"))).toEqual([]);
  expect(visits).toHaveLength(1);
  expect(visits[0]?.referer).toBeUndefined();
});

describe("what an app asked for", () => {
  it.each(["Use another number", "简体中文"])("survives the link %s", async (name) => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(signInUrl());
    await submitPhone(page, newPhone());
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await page.getByRole("link", { name }).click();
    if (await page.locator("#code").count()) {
      await page.getByRole("link", { name: COPY["zh-CN"].code.otherNumber }).click();
    }
    await submitPhone(page, phone);
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await submitCode(page, app.world.sms.lastCode(`+86${phone}`));
    await page.waitForURL((url) => url.origin === site.origin);
  });

  it("survives a language picked after a mistake", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(signInUrl());
    await submitPhone(page, "1");
    await page.locator("#phone-error").waitFor();
    await page.getByRole("link", { name: "简体中文" }).click();
    await submitPhone(page, phone);
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await submitCode(page, app.world.sms.lastCode(`+86${phone}`));
    await page.waitForURL((url) => url.origin === site.origin);
  });

  it("is forgotten by who comes to the page later and on their own", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(signInUrl());
    await askForCode(page, app.origin, phone);
    await submitCode(page, app.world.sms.lastCode(`+86${phone}`));
    await page.waitForURL(`${app.origin}/account`);
  });
});

describe("an address that is not exactly one of RETURN_TO is refused, with no way to it (T39)", () => {
  it.each([
    "",
    "/account",
    "//evil.example/done",
    "/\\evil.example/done",
    "\\\\evil.example/done",
    "https:evil.example",
    "https://evil.example/done",
    "\t//evil.example/done",
    " //evil.example",
    "%2f%2fevil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "SITE",
    "SITE/",
    "SITE/done/",
    "SITE/done/more",
    "SITE/Done",
    "SITE/done#x",
    "SITE/done?",
    "SITE/done?tab=2",
    "SITE/done?tab=1&x=1",
    "SITE/./done",
    "SITE/x/../done",
    "SITE/%64one",
    "SITE.evil.example/done",
    "SITE@evil.example/done",
    " SITE/done",
    "SITE/done ",
    "SITE/done\n",
  ])("%j", async (pattern) => {
    const returnTo = pattern.replace("SITE", site.origin);
    const response = await fetch(signInUrl({ returnTo }), { redirect: "manual" });
    expect(response.status).toBe(REFUSALS.invalid_request.status);
    expect(response.headers.get("location")).toBeNull();
    expect(response.headers.get("set-cookie")).toBeNull();
    const body = await response.text();
    expect(body).not.toContain("<form");
    // Every link is to this site.
    expect(body.match(/href="(?!\/[a-z]|#)[^"]*"/g)).toBeNull();
  });

  it.each([
    ["another port", (url: URL) => `http://127.0.0.1:${Number(url.port) + 1}/done`],
    ["another name of the host", (url: URL) => `http://localhost:${url.port}/done`],
    ["another scheme", (url: URL) => `https://${url.host}/done`],
    ["a longer host", (url: URL) => `http://127.0.0.1.evil.example:${url.port}/done`],
    ["credentials", (url: URL) => `http://127.0.0.1:${url.port}@evil.example/done`],
    ["another user", (url: URL) => `http://evil@${url.host}/done`],
    ["a scheme in capitals", (url: URL) => `HTTP://${url.host}/done`],
  ])("%s", async (_, change) => {
    const response = await fetch(signInUrl({ returnTo: change(new URL(site.origin)) }), {
      redirect: "manual",
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
  });

  it.each([
    ["no challenge", { code_challenge: undefined }],
    ["no method", { code_challenge_method: undefined }],
    ["the method plain", { code_challenge_method: "plain" }],
    ["a short challenge", { code_challenge: "abc" }],
    ["a line break in the state", { state: "a\r\nLocation: x" }],
  ])("%s", async (_, change: Readonly<Record<string, string | undefined>>) => {
    const url = new URL(signInUrl());
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    expect((await fetch(url, { redirect: "manual" })).status).toBe(400);
  });

  it("also for who is signed in, in a real browser", async () => {
    const page = await browser.open();
    await signIn(page, app, newPhone());
    const answer = await page.goto(signInUrl({ returnTo: `${site.origin}/evil` }));
    expect(answer?.status()).toBe(400);
    expect(new URL(page.url()).origin).toBe(app.origin);
  });
});
