import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { startSiteverify } from "../../support/siteverify.ts";
import { createCaptcha } from "../../support/tencent/captcha.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { createTestClock, type WorldOptions } from "../../support/world.ts";
import { useBrowser } from "../browser.ts";
import { type App, startApp } from "../support.ts";

const { open } = useBrowser();
const EASY = { ALTCHA_COST: "1", CAPTCHA_WHEN: "always" };

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function begin(options: WorldOptions = {}): Promise<App> {
  const app = await startApp({ ...options, env: { ...EASY, ...options.env } });
  apps.push(app);
  return app;
}

async function askForCode(page: Page, { origin }: App, phone = "138 0013 8000"): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await page.fill("#phone", phone);
  await page.click("button[type=submit]");
}

const policyOf = async (page: Page, url: string) => {
  const response = await page.goto(url);
  return response?.headers()["content-security-policy"] ?? "";
};

/** Opens a page whose refusal, 403, the browser reports to its console, as it does with every refusal. */
const openRefused = (more = {}) => open({ unwatched: true, ...more });

/** Holds back the script that does the work, until the returned function is called. */
async function holdWork(page: Page): Promise<() => void> {
  let letGo = () => {};
  const free = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route("**/assets/solver*", (route) => free.then(() => route.continue()));
  return letGo;
}

describe("the proof of work on the page", () => {
  it("is solved without a click, and the page goes on to the code", async () => {
    const app = await begin();
    const page = await openRefused();
    const violations: string[] = [];
    page.on(
      "console",
      (message) => message.text().includes("Content Security") && violations.push(message.text()),
    );
    await askForCode(page, app);
    await page.waitForURL("**/sign-in/code");
    await page.fill("#code", app.world.sms.lastCode());
    await page.waitForURL("**/account");
    expect(app.world.sms.sent).toHaveLength(1);
    expect(violations).toEqual([]);
  });

  it("shows that it works, keeps the number, and sends once even if the button is pressed meanwhile", async () => {
    const app = await begin();
    const page = await openRefused({ locale: "zh-CN" });
    const letGo = await holdWork(page);
    let posts = 0;
    page.on("request", (request) => {
      if (request.method() === "POST") posts += 1;
    });
    await askForCode(page, app);
    await page.locator(".challenge[data-state=working]").waitFor();
    await page.getByText("正在进行人机验证，请稍候…").waitFor();
    expect(await page.inputValue("#phone")).toBe("138 0013 8000");
    expect(await page.locator("#phone").getAttribute("aria-invalid")).toBeNull();
    await page.click("button[type=submit]");
    letGo();
    await page.waitForURL("**/sign-in/code", { timeout: 60_000 });
    // The first without the solution, the second with it: the press meanwhile sent nothing.
    expect(posts).toBe(2);
    expect(app.world.sms.sent).toHaveLength(1);
  });

  it("is solved again for another number after it failed, with three posts at most", async () => {
    const app = await begin();
    const page = await openRefused();
    const posts: string[] = [];
    page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
    await page.route("**/assets/solver*", (route) => route.abort());
    await askForCode(page, app);
    await page.getByText("The check did not work.").waitFor();
    expect(app.world.sms.sent).toHaveLength(0);
    await page.unroute("**/assets/solver*");
    await page.fill("#phone", "139 0013 9000");
    await page.click("button[type=submit]");
    await page.waitForURL("**/sign-in/code");
    expect(app.world.sms.sent).toHaveLength(1);
    expect(posts.length).toBeLessThanOrEqual(3);
  });

  it("stops when its solution is refused, and lets the person go on", async () => {
    const app = await begin();
    const page = await openRefused();
    let posts = 0;
    await page.route("**/sign-in", async (route) => {
      const body = route.request().postData() ?? "";
      if (route.request().method() === "POST") posts += 1;
      await route.continue(body ? { postData: body.replace("altcha%22", "altcha%22%2C%22x%22%3A1") } : {});
    });
    await askForCode(page, app);
    // The page before says the same while its solution is on its way.
    await page.locator(".challenge[data-state=solved]:not([data-goes-on])").waitFor();
    await page.getByText("Checked. You can go on.").waitFor();
    await page.waitForTimeout(500);
    expect(posts).toBe(2);
    expect(app.world.sms.sent).toHaveLength(0);
  });

  it("tells people without JavaScript what they can do", async () => {
    const app = await begin();
    const page = await openRefused({ javaScriptEnabled: false });
    await askForCode(page, app);
    await page.locator(".challenge").waitFor();
    await page.waitForLoadState();
    expect(await page.locator("noscript").textContent()).toContain("This check needs JavaScript.");
    expect(await page.locator(".challenge-status").isVisible()).toBe(false);
    expect(await page.inputValue("#phone")).toBe("138 0013 8000");
  });

  it("is solved again before a resend if CAPTCHA_WHEN is risk", async () => {
    const env = { CAPTCHA_WHEN: "risk", LIMIT_ADDRESS_SENDS: "1/1h" };
    const app = await begin({ env });
    const page = await openRefused();
    await askForCode(page, app);
    await page.waitForURL("**/sign-in/code");
    app.world.clock.advance(31_000);
    await page.reload();
    await page.click("form.resend button");
    await expect.poll(() => app.world.sms.sent.length, { timeout: 8_000 }).toBe(2);
    await page.waitForURL("**/sign-in/code");
  });

  it("is not demanded from a known device", async () => {
    const app = await begin();
    const page = await openRefused();
    await askForCode(page, app);
    await page.waitForURL("**/sign-in/code");
    await page.fill("#code", app.world.sms.lastCode());
    await page.waitForURL("**/account");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in**");
    const posts: number[] = [];
    page.on(
      "response",
      (response) => response.request().method() === "POST" && posts.push(response.status()),
    );
    app.world.clock.advance(60_000);
    await askForCode(page, app);
    await page.waitForURL("**/sign-in/code");
    expect(posts).toEqual([303]);
  });

  it.each(["light", "dark"] as const)("passes axe and fits while it works (%s)", async (colorScheme) => {
    const app = await begin();
    const page = await openRefused({ colorScheme });
    await holdWork(page);
    await askForCode(page, app);
    await page.locator(".challenge[data-state=working]").waitFor();
    await page.waitForLoadState();
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
    const found = (await page.evaluate("axe.run()")) as { violations: { id: string }[] };
    expect(found.violations.map(({ id }) => id)).toEqual([]);
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(360);
  });
});

/** Behaves as the widget's script does, as far as a page can see, and gives this token. */
const widgetScript = (name: string, token: string) => `
  window.${name} = { render(place, options) {
    place.append(Object.assign(document.createElement("button"), {
      type: "button", textContent: "I am human", onclick: () => options.callback(${JSON.stringify(token)}),
    }));
  } };
  window.phonekeyWidgetReady();`;

describe.each([
  {
    kind: "turnstile",
    script: "https://challenges.cloudflare.com/turnstile/**",
    hosts: ["challenges.cloudflare.com"],
  },
  { kind: "hcaptcha", script: "https://js.hcaptcha.com/**", hosts: ["hcaptcha.com", "*.hcaptcha.com"] },
] as const)("$kind on the page", ({ kind, script, hosts }) => {
  async function beginWith(more: Record<string, string> = {}) {
    const clock = createTestClock();
    const service = await startSiteverify({ kind, siteKey: "site", secretKey: "secret" }, clock);
    onTestFinished(service.close);
    const name = kind.toUpperCase();
    const env = {
      CAPTCHA: kind,
      CAPTCHA_ENDPOINT: service.url,
      [`${name}_SITE_KEY`]: "site",
      [`${name}_SECRET_KEY`]: "secret",
    };
    return { app: await begin({ clock, env: { ...env, ...more } }), service };
  }

  it("is on the page from the beginning if CAPTCHA_WHEN is always, and the form waits for it", async () => {
    const { app, service } = await beginWith();
    const page = await openRefused();
    await page.route(script, (route) =>
      route.fulfill({ contentType: "text/javascript", body: widgetScript(kind, service.solve()) }),
    );
    await askForCode(page, app);
    expect(page.url()).toMatch(/\/sign-in$/);
    await page.getByText("I am human").click();
    await page.waitForURL("**/sign-in/code");
    expect(app.world.sms.sent).toHaveLength(1);
  });

  it("adds its own hosts to the content security policy, only of pages that show it", async () => {
    const { app } = await beginWith({ CAPTCHA_WHEN: "risk" });
    const page = await openRefused();
    await page.route(script, (route) => route.abort());
    const own = await policyOf(page, `${app.origin}/sign-in`);
    expect(own).not.toContain(hosts[0]);
    expect(own).toContain("require-trusted-types-for 'script'");
    const always = await beginWith();
    const policy = await policyOf(page, `${always.app.origin}/sign-in`);
    expect(policy).toContain(`frame-src ${hosts.map((host) => `https://${host}`).join(" ")};`);
    expect(new Set(policy.match(/https:\/\/[^\s;]+/g))).toEqual(
      new Set(hosts.map((host) => `https://${host}`)),
    );
    expect(policy).not.toMatch(/unsafe|trusted-types/);
    await page.getByText("The check did not work.").waitFor();
  });
});

it("Tencent's widget opens by itself, may be closed and opened again, and lets the person through", async () => {
  const clock = createTestClock(Date.now());
  const captcha = createCaptcha({ appId: 190_000_001, appSecret: "app-secret" }, clock);
  const account = { secretId: "AKIDtest", secretKey: "secretTEST" };
  const cloud = await startCloud({ products: [captcha.product], accounts: [account] });
  onTestFinished(cloud.close);
  const app = await begin({
    clock,
    env: {
      CAPTCHA: "tencent",
      CAPTCHA_ENDPOINT: cloud.url,
      TENCENT_SECRET_ID: account.secretId,
      TENCENT_SECRET_KEY: account.secretKey,
      TENCENT_CAPTCHA_APP_ID: "190000001",
      TENCENT_CAPTCHA_APP_SECRET: "app-secret",
    },
  });
  const { ticket, randstr } = captcha.solve();
  const page = await openRefused();
  await page.route("https://turing.captcha.qcloud.com/TJCaptcha.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `let shown = 0; window.TencentCaptcha = class {
        constructor(appId, callback) { Object.assign(this, { appId, callback }); }
        show() { shown += 1; this.callback(shown === 1 ? { ret: 2, ticket: null }
          : { ret: 0, ticket: ${JSON.stringify(ticket)}, randstr: ${JSON.stringify(randstr)} }); }
      };`,
    }),
  );
  await askForCode(page, app);
  await page.getByRole("button", { name: "Start the check" }).click();
  await page.waitForURL("**/sign-in/code");
  expect(app.world.sms.sent).toHaveLength(1);
});
