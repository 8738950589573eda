import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AVATARS } from "../../../src/core/account/ports.ts";
import { ACCOUNT_COPY } from "../../../src/http/pages/copy/account.ts";
import { bearer } from "../../support/world.ts";
import { DESKTOP_SIZE, useBrowser } from "../browser.ts";
import { type App, newPhone, signIn, startApp, submitPhone } from "../support.ts";

const browser = useBrowser();
let app: App;

beforeAll(async () => {
  const freely = { LIMIT_PHONE_SENDS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" };
  app = await startApp({ env: freely });
});
afterAll(() => app.close());

const copy = ACCOUNT_COPY.en;

async function signedIn(phone = newPhone(), options = {}): Promise<Page> {
  const page = await browser.open(options);
  await signIn(page, app, phone);
  return page;
}

async function saveName(page: Page, name: string): Promise<void> {
  await page.locator("#name").fill(name);
  await page.getByRole("button", { name: copy.save }).click();
}

/** Opens a session with this User-Agent. */
async function signInAs(userAgent: string, phone: string): Promise<void> {
  const started = await app.world.post("/v1/verifications", { phone });
  const { id: verificationId } = (await started.json()) as { id: string };
  const body = { verificationId, code: app.world.sms.lastCode(phone) };
  const opened = await app.world.post("/v1/sessions", body, { "user-agent": userAgent });
  expect(opened.status).toBe(201);
}

/** What would run if a page took any of it for markup, an address or a template (T37). */
const PAYLOADS = [
  "<script>alert(1)</script>",
  "</script><script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  "</bdi><img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "' autofocus onfocus=alert(1) x='",
  '" onmouseover="alert(1)" style="position:fixed;inset:0',
  "<iframe srcdoc='<script>alert(1)</script>'>",
  "<a href=javascript:alert(1)>x</a>",
  "javascript:alert(1)",
  "{{constructor.constructor('alert(1)')()}}",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "<!--<img src='--><img src=x onerror=alert(1)>'>",
  "<style>@import'//127.0.0.1'</style>",
  "<base href=//127.0.0.1>",
  "<meta http-equiv=refresh content=0;url=//127.0.0.1>",
];

describe("name and avatar", () => {
  it("a name is kept as typed", async () => {
    const page = await signedIn();
    for (const name of ["👩‍👩‍👧‍👦 Ada 🏳️‍🌈", "王小明", "🦊".repeat(64), "  Ada   Lovelace "]) {
      await saveName(page, name);
      await expect.poll(() => page.locator(".identity-name").textContent()).toBe(name);
      expect(await page.locator("#name").inputValue()).toBe(name);
    }
    await page.getByText(copy.saved).waitFor();
  });

  it("a name that is too long, invisible or turns text around is refused at its field", async () => {
    const page = await signedIn();
    for (const name of ["x".repeat(65), "Ada\u202egnp.exe", "   "]) {
      await page.goto(`${app.origin}/account`);
      await saveName(page, name);
      await page.locator("#name-error").waitFor();
      expect(await page.locator("#name").getAttribute("aria-invalid")).toBe("true");
      expect(await page.locator(".identity-name").textContent()).toBe(copy.unnamed);
    }
  });

  it("a picked avatar is kept", async () => {
    const page = await signedIn();
    const avatar = page.locator(".avatar-large");
    const chosen = (await avatar.getAttribute("src")) === "/avatars/3.svg" ? 4 : 3;
    await page.locator(`input[name=avatar][value="${chosen}"]`).check();
    await page.locator("#name").fill("Ada");
    await page.getByRole("button", { name: copy.save }).click();
    await page.waitForURL(`${app.origin}/account?saved`);
    await page.getByText(copy.saved).waitFor();
    expect(await avatar.getAttribute("src")).toBe(`/avatars/${chosen}.svg`);
    expect(await page.locator("input[name=avatar]").count()).toBe(AVATARS);
    // The browser could show all of the images.
    const shown = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)";
    await expect.poll(() => page.evaluate(shown)).toBe(true);
  });

  it("an avatar can be picked without a name", async () => {
    const page = await signedIn();
    await page.locator('input[name=avatar][value="7"]').check();
    await page.getByRole("button", { name: copy.save }).click();
    await page.getByText(copy.saved).waitFor();
    expect(await page.locator(".avatar-large").getAttribute("src")).toBe("/avatars/7.svg");
  });

  it("an unknown avatar is refused", async () => {
    const page = await signedIn();
    const before = await page.locator(".avatar-large").getAttribute("src");
    for (const value of ["javascript:alert(1)", "data:image/svg+xml,<svg/>", "0", "11", "1e0x", "../1"]) {
      await page.goto(`${app.origin}/account`);
      await page.locator("input[name=avatar]:checked").evaluate((input: { value: string }, chosen) => {
        input.value = chosen;
      }, value);
      await page.getByRole("button", { name: copy.save }).click();
      await page.locator("#avatar-error").waitFor();
      expect(await page.locator(".avatar-large").getAttribute("src")).toBe(before);
    }
  });
});

describe("what others wrote is shown, never run", () => {
  it("in a name", async () => {
    const page = await signedIn();
    for (const name of PAYLOADS) {
      await saveName(page, name);
      await expect.poll(() => page.locator(".identity-name").textContent()).toBe(name);
      expect(await page.locator("#name").inputValue()).toBe(name);
      await page.locator(".identity-name").hover();
    }
  });

  it("in the User-Agent of a device", async () => {
    const phone = newPhone();
    const userAgents = ["<script>alert(1)", '"onload=alert(1)', "<img src=x>"];
    for (const userAgent of userAgents) await signInAs(userAgent, `+86${phone}`);
    const page = await signedIn(phone);
    const devices = await page.locator(".session-device bdi").allTextContents();
    expect(devices).toEqual(expect.arrayContaining(["<script>alert(1)", '"onload=alert(1)', "<img"]));
    expect(await page.locator(".session :is(script, img, [onload], [onfocus])").count()).toBe(0);
  });

  it("in a number, a language, a query or a path", async () => {
    const page = await browser.open();
    for (const payload of PAYLOADS.slice(0, 8)) {
      const written = encodeURIComponent(payload);
      await page.goto(`${app.origin}/sign-in?lang=${written}&x=${written}&${written}`);
      await submitPhone(page, payload.slice(0, 40));
      await page.locator("#phone-error").waitFor();
      expect(await page.locator("#phone").inputValue()).toBe(payload.slice(0, 40));
    }
    const written = encodeURIComponent(PAYLOADS.join(""));
    await page.goto(`${app.origin}/${written}`);
    await page.goto(`${app.origin}/dev/inbox?phone=${written}`);
  });
});

describe("the list of sessions", () => {
  it("shows both browsers, and can end the other one", async () => {
    const phone = newPhone();
    const laptop = await signedIn(phone, { viewport: DESKTOP_SIZE });
    const mobile = await signedIn(phone, {
      userAgent:
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    });
    await laptop.reload();
    const rows = laptop.locator(".session");
    expect(await rows.count()).toBe(2);
    const other = rows.filter({ hasText: "Safari · iOS" });
    expect(await other.getByText(copy.thisDevice).count()).toBe(0);
    expect(await rows.filter({ hasText: "Linux" }).getByText(copy.thisDevice).count()).toBe(1);
    expect(await rows.locator("time").count()).toBe(4);

    await other.getByRole("button").click();
    await laptop.waitForLoadState();
    expect(await rows.count()).toBe(1);
    await mobile.reload();
    expect(mobile.url()).toBe(`${app.origin}/sign-in`);
  });

  it("can end all others at once, and keeps the current one", async () => {
    const phone = newPhone();
    const first = await signedIn(phone);
    const second = await signedIn(phone);
    const third = await signedIn(phone);
    await third.getByRole("button", { name: copy.endOthers }).click();
    await third.waitForLoadState();
    expect(await third.locator(".session").count()).toBe(1);
    expect(await third.getByRole("button", { name: copy.endOthers }).count()).toBe(0);
    for (const page of [first, second]) {
      await page.reload();
      expect(page.url()).toBe(`${app.origin}/sign-in`);
    }
  });

  it("can end a session whose form is still open: the form then leads to the sign-in page and saves nothing", async () => {
    const phone = newPhone();
    const first = await signedIn(phone);
    const second = await signedIn(phone);
    await second.getByRole("button", { name: copy.endOthers }).click();
    await second.waitForLoadState();
    expect(await second.locator(".session").count()).toBe(1);
    await saveName(first, "too late");
    await first.waitForURL(`${app.origin}/sign-in`);
    await second.reload();
    expect(await second.locator("#name").inputValue()).toBe("");
  });

  it("cannot end a session of another user", async () => {
    const phone = newPhone();
    const victim = await signedIn(phone);
    const { accessToken } = await app.world.signIn(`+86${phone}`);
    const answer = await app.world.request("/v1/sessions", { headers: bearer(accessToken) });
    const { sessions } = (await answer.json()) as { sessions: { id: string; current: boolean }[] };
    const id = sessions.find(({ current }) => !current)?.id ?? "";
    expect(id).not.toBe("");

    const mine = newPhone();
    await signedIn(mine);
    const attacker = await signedIn(mine);
    const forms = attacker.locator('form[action="/account/sessions/end"]');
    await forms.locator("input[name=id]").evaluate((field: { value: string }, other) => {
      field.value = other;
    }, id);
    await forms.getByRole("button").click();
    await attacker.waitForLoadState();
    expect(await attacker.locator(".session").count()).toBe(2);
    await victim.reload();
    expect(victim.url()).toBe(`${app.origin}/account`);
    expect(await victim.locator(".session").count()).toBe(2);
  });
});
