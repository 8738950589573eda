import { join } from "node:path";
import Database from "libsql";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { COPY } from "../../src/http/pages/copy.ts";
import { useBrowser } from "./browser.ts";
import {
  type App,
  askForCode,
  csrfOf,
  newPhone,
  postForm,
  signIn,
  startApp,
  startSite,
  submitCode,
  valueOfCookie,
} from "./support.ts";

const browser = useBrowser();
let app: App;
let site: Awaited<ReturnType<typeof startSite>>;
/** What the attacker's site answers to everything. */
let trap = "";

beforeAll(async () => {
  app = await startApp({ env: { LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" } });
  site = await startSite((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!DOCTYPE html><link rel=icon href=data:,>${trap}`);
  });
});
beforeEach(() => {
  trap = "";
});
afterAll(async () => {
  await app.close();
  await site.close();
});

function codeFor(phone: string): string {
  return app.world.sms.lastCode(`+86${phone}`);
}

/** The id of the verification that was started last, which no answer of the pages shows. */
function lastVerificationId(): string {
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

async function signedIn(phone = newPhone()): Promise<Page> {
  const page = await browser.open();
  await signIn(page, app, phone);
  return page;
}

async function setCookie(page: Page, name: string, value: string): Promise<void> {
  await page.context().addCookies([{ name: `phonekey_${name}`, value, url: app.origin }]);
}

describe("a verification of the pages belongs to the browser that started it (T25)", () => {
  it("another browser cannot finish it, even with the right code", async () => {
    const phone = newPhone();
    const attacker = await browser.open();
    await askForCode(attacker, app.origin, phone);
    const victim = await browser.open();
    await victim.goto(`${app.origin}/sign-in`);
    const csrf = await csrfOf(victim);
    const answer = await postForm(
      victim,
      `${app.origin}/sign-in/code`,
      { csrf, code: codeFor(phone) },
      { origin: app.origin },
    );
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/sign-in");
    expect(answer.headers.get("set-cookie")).toBeNull();
    // It is the attacker's still, and not spent.
    await submitCode(attacker, codeFor(phone));
    await attacker.waitForURL(`${app.origin}/account`);
  });

  it("its code is worth nothing at the API, even with its id, and costs it no guess of its owner", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await askForCode(page, app.origin, phone);
    const verificationId = lastVerificationId();
    const opened = await app.world.post("/v1/sessions", { verificationId, code: codeFor(phone) });
    expect(opened.status).toBe(401);
    expect((await app.world.request(`/v1/verifications/${verificationId}`)).status).toBe(404);
    const resent = await app.world.request(`/v1/verifications/${verificationId}/resend`, { method: "POST" });
    expect(resent.status).toBe(404);
    await submitCode(page, codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
  });

  it("a form of the attacker's site cannot sign the victim in as the attacker", async () => {
    const phone = newPhone();
    const attacker = await browser.open();
    await askForCode(attacker, app.origin, phone);
    const csrf = await csrfOf(attacker);
    trap = autoForm(`${app.origin}/sign-in/code`, { csrf, code: codeFor(phone) });
    const victim = await browser.open();
    await victim.goto(`${app.origin}/sign-in`);
    for (const origin of [site.origin, site.sameSiteOrigin]) {
      const [answer] = await Promise.all([
        victim.waitForResponse((response) => response.url() === `${app.origin}/sign-in/code`),
        victim.goto(origin),
      ]);
      expect(answer.status()).toBe(403);
      expect(await valueOfCookie(victim, "session")).toBeUndefined();
    }
  });

  it("a pre-session that the attacker planted does not let the attacker follow", async () => {
    const attacker = await browser.open();
    await attacker.goto(`${app.origin}/sign-in`);
    const planted = (await valueOfCookie(attacker, "flow")) ?? "";
    const victim = await browser.open();
    await setCookie(victim, "flow", planted);
    const phone = newPhone();
    await askForCode(victim, app.origin, phone);
    await attacker.goto(`${app.origin}/sign-in/code`);
    expect(attacker.url()).toBe(`${app.origin}/sign-in`);
    await submitCode(victim, codeFor(phone));
    await victim.waitForURL(`${app.origin}/account`);
    await attacker.goto(`${app.origin}/account`);
    expect(attacker.url()).toBe(`${app.origin}/sign-in`);
  });
});

describe("a session begins with the sign-in (T25)", () => {
  it("with a cookie of its own each time, and the pre-session is over", async () => {
    const phone = newPhone();
    const page = await browser.open();
    await askForCode(page, app.origin, phone);
    const flow = await valueOfCookie(page, "flow");
    expect(await valueOfCookie(page, "session")).toBeUndefined();
    await submitCode(page, codeFor(phone));
    await page.waitForURL(`${app.origin}/account`);
    const first = await valueOfCookie(page, "session");
    expect(await valueOfCookie(page, "flow")).toBeUndefined();
    await page.getByRole("main").locator('form[action="/sign-out"] button').click();
    await page.waitForURL(`${app.origin}/sign-in`);
    expect(await valueOfCookie(page, "session")).toBeUndefined();
    expect(await valueOfCookie(page, "flow")).not.toBe(flow);
    await signIn(page, app, phone);
    expect(await valueOfCookie(page, "session")).not.toBe(first);
    // What was signed out stays so, for whoever kept a copy.
    const copy = await browser.open();
    await setCookie(copy, "session", first ?? "");
    await copy.goto(`${app.origin}/account`);
    expect(copy.url()).toBe(`${app.origin}/sign-in`);
  });

  it("and takes the place of one that somebody planted, which ends", async () => {
    const attacker = await signedIn();
    const planted = (await valueOfCookie(attacker, "session")) ?? "";
    const phone = newPhone();
    const victim = await browser.open();
    await askForCode(victim, app.origin, phone);
    await setCookie(victim, "session", planted);
    await submitCode(victim, codeFor(phone));
    await victim.waitForURL(`${app.origin}/account`);
    expect(await valueOfCookie(victim, "session")).not.toBe(planted);
    await attacker.reload();
    expect(attacker.url()).toBe(`${app.origin}/sign-in`);
  });

  it("no script can read its cookies, and other sites do not send them with posts", async () => {
    const page = await signedIn();
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name).sort()).toEqual(["phonekey_device", "phonekey_session"]);
    expect(
      cookies.every(({ httpOnly, sameSite, path }) => httpOnly && sameSite === "Lax" && path === "/"),
    ).toBe(true);
    expect(await page.evaluate("document.cookie")).toBe("");
  });
});

/** A page that sends a form as soon as it is open. */
function autoForm(
  action: string,
  fields: Readonly<Record<string, string>>,
  enctype = "application/x-www-form-urlencoded",
): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  return `<form method="post" action="${action}" enctype="${enctype}">${inputs.join("")}</form>
    <script>document.forms[0].submit()</script>`;
}

const ENCTYPES = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"];

/** The routes that change something, and what a form for them has beside its token. */
const FORMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/account/profile": { name: "Mallory", avatar: "1" },
  "/account/sessions/end": { id: "x" },
  "/account/sessions/end-others": {},
  "/sign-out": {},
};
const SIGN_IN_FORMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/sign-in": { country: "CN", phone: "13700001234" },
  "/sign-in/code": { code: "000000" },
  "/sign-in/resend": {},
};

describe("a form counts only from our own page (T36)", () => {
  /** Asserts that the victim's name, avatar and both sessions are as they were. */
  async function expectUntouched(victim: Page, second: Page, avatar: string | null): Promise<void> {
    await victim.goto(`${app.origin}/account`);
    expect(await victim.locator("#name").inputValue()).toBe("");
    expect(await victim.locator(".avatar-large").getAttribute("src")).toBe(avatar);
    expect(await victim.locator(".session").count()).toBe(2);
    await second.goto(`${app.origin}/account`);
    expect(second.url()).toBe(`${app.origin}/account`);
  }

  it("not from another site, whatever the form, in a real browser", async () => {
    const phone = newPhone();
    const second = await signedIn(phone);
    const victim = await signedIn(phone);
    const csrf = await csrfOf(victim);
    const avatar = await victim.locator(".avatar-large").getAttribute("src");
    for (const [path, fields] of Object.entries(FORMS)) {
      for (const enctype of path === "/account/profile" ? ENCTYPES : ENCTYPES.slice(0, 1)) {
        trap = autoForm(app.origin + path, { ...fields, csrf }, enctype);
        // Of another site the cookie does not come along; of another port of this host it does, and Origin tells.
        for (const [origin, expected] of [
          [site.origin, 303],
          [site.sameSiteOrigin, 403],
        ] as const) {
          const [answer] = await Promise.all([
            victim.waitForResponse((response) => response.url() === app.origin + path),
            victim.goto(origin),
          ]);
          expect([path, enctype, origin, answer.status()]).toEqual([path, enctype, origin, expected]);
        }
      }
    }
    await expectUntouched(victim, second, avatar);
  });

  it("not from programs or browsers that say anything else, even with the cookies", async () => {
    const phone = newPhone();
    const second = await signedIn(phone);
    const victim = await signedIn(phone);
    const starting = await browser.open();
    await askForCode(starting, app.origin, newPhone());
    const own = { account: await csrfOf(victim), flow: await csrfOf(starting) };
    const foreign = await csrfOf(second);
    const avatar = await victim.locator(".avatar-large").getAttribute("src");
    const sent = app.world.sms.sent.length;
    const origin = app.origin;
    const cases: readonly [string, Readonly<Record<string, string>>, token?: string][] = [
      ["no Origin", {}],
      ["the Origin null", { origin: "null" }],
      ["a foreign Origin", { origin: "https://evil.example" }],
      ["an Origin that begins like ours", { origin: "http://localhost" }],
      ["an Origin that continues ours", { origin: `${origin}.evil.example` }],
      ["our Origin, but called cross-site", { origin, "sec-fetch-site": "cross-site" }],
      ["our Origin, but called same-site", { origin, "sec-fetch-site": "same-site" }],
      ["text/plain", { origin, "content-type": "text/plain" }],
      ["JSON", { origin, "content-type": "application/json" }],
      ["no token", { origin }, ""],
      ["another browser's token", { origin }, foreign],
    ];
    for (const [name, headers, token] of cases) {
      for (const [path, fields] of Object.entries(FORMS)) {
        const form = { ...fields, csrf: token ?? own.account };
        const answer = await postForm(victim, origin + path, form, headers);
        expect([name, path, answer.status]).toEqual([name, path, 403]);
        expect(answer.headers.get("set-cookie")).toBeNull();
      }
      for (const [path, fields] of Object.entries(SIGN_IN_FORMS)) {
        const form = { ...fields, csrf: token ?? own.flow };
        const answer = await postForm(starting, origin + path, form, headers);
        expect([name, path, answer.status]).toEqual([name, path, 403]);
      }
    }
    expect(app.world.sms.sent.length).toBe(sent);
    await expectUntouched(victim, second, avatar);
  });

  it("while our own page's form, sent in the same way, counts", async () => {
    const page = await signedIn();
    const csrf = await csrfOf(page);
    const answer = await postForm(
      page,
      `${app.origin}/account/profile`,
      { name: "Ada", csrf },
      { origin: app.origin },
    );
    expect(answer.status).toBe(303);
    await page.reload();
    expect(await page.locator("#name").inputValue()).toBe("Ada");
  });

  it("and never by GET", async () => {
    const page = await signedIn();
    for (const path of [...Object.keys(FORMS), "/sign-in/resend"]) {
      const answer = await page.goto(`${app.origin}${path}?name=Mallory&_method=POST`);
      expect([path, answer?.status()]).toEqual([path, 405]);
    }
    await page.goto(`${app.origin}/account?name=Mallory&avatar=1`);
    expect(await page.locator("#name").inputValue()).toBe("");
  });
});

describe("no page shows in a frame of another site (T47)", () => {
  it("whichever page, whichever site", async () => {
    const page = await browser.open({ unwatched: true });
    for (const path of ["/sign-in", "/account", "/dev/inbox", "/docs", "/nowhere"]) {
      trap = `<iframe src="${app.origin}${path}"></iframe>`;
      for (const origin of [site.origin, site.sameSiteOrigin]) {
        await page.goto(origin);
        const frame = page.frames().find((each) => each !== page.mainFrame());
        await expect.poll(() => frame?.url(), { message: path }).toBe("chrome-error://chromewebdata/");
        expect(await frame?.content()).not.toContain(COPY.en.skipToContent);
      }
    }
  });

  it("while they show in a window, with every header that keeps others out", async () => {
    const page = await browser.open();
    const answer = await page.goto(`${app.origin}/sign-in`);
    const headers = answer?.headers() ?? {};
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["referrer-policy"]).toBe("same-origin");
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
  });
});
