import { describe, expect, it } from "vitest";
import { CODE_COPY } from "../../../src/http/pages/copy/code.ts";
import { useBrowser } from "../browser.ts";
import { askForCode, newPhone, signIn, submitCode, submitPhone } from "../support.ts";
import {
  app,
  codeOf,
  newVerifier,
  pass,
  redeem,
  signInUrl,
  site,
  useReturningApp,
  visits,
} from "./returning-app.ts";

const browser = useBrowser();
useReturningApp();

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
  it("is refused with a wrong verifier, and can then still be redeemed with the right one", async () => {
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

  it("is not accepted as an access token, nor the page's cookies as a handover", async () => {
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

it("a visitor who is signed in gets a handover at once", async () => {
  const page = await browser.open();
  await signIn(page, app, newPhone());
  const verifier = newVerifier();
  const answer = await page.goto(signInUrl({ verifier }));
  expect(answer?.url()).toContain(`${site.origin}/done?handover=`);
  const opened = await redeem(new URL(page.url()).searchParams.get("handover"), verifier);
  expect(opened.status).toBe(201);
  expect(((await opened.json()) as { created: boolean }).created).toBe(false);
});

it("no token, code or number is in any address or Referer, and the app gets no Referer", async () => {
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
  // Compact JWS and JWE begin with it.
  expect(texts.filter((text) => text.includes("eyJ"))).toEqual([]);
  expect(visits).toHaveLength(1);
  expect(visits[0]?.referer).toBeUndefined();
});

describe("the request of an app", () => {
  it.each(["Use another number", "简体中文"])("is kept after the link %s", async (name) => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(signInUrl());
    await submitPhone(page, newPhone());
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await page.getByRole("link", { name }).click();
    await page.waitForLoadState();
    if (await page.locator("#code").count()) {
      await page.getByRole("link", { name: CODE_COPY["zh-CN"].otherNumber }).click();
    }
    await submitPhone(page, phone);
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL((url) => url.origin === site.origin);
  });

  it("is kept if the language is changed after a wrong number", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(signInUrl());
    await submitPhone(page, "1");
    await page.locator("#phone-error").waitFor();
    await page.getByRole("link", { name: "简体中文" }).click();
    await submitPhone(page, phone);
    await page.waitForURL(`${app.origin}/sign-in/code`);
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL((url) => url.origin === site.origin);
  });

  it("is forgotten if the visitor opens the sign-in page again without it", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await page.goto(signInUrl());
    await askForCode(page, app.origin, phone);
    await submitCode(page, app.codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
  });
});
