import { describe, expect, test } from "vitest";
import { LOCALES, type Locale } from "../../../src/core/locale.ts";
import { REFUSALS } from "../../../src/core/refusals.ts";
import { accountPage } from "../../../src/http/pages/views/account/account.tsx";
import { apiDocsPage } from "../../../src/http/pages/views/docs.tsx";
import { inboxPage } from "../../../src/http/pages/views/inbox.tsx";
import type { PageContext } from "../../../src/http/pages/views/layout.tsx";
import { messagePage } from "../../../src/http/pages/views/message.tsx";
import { codePage } from "../../../src/http/pages/views/sign-in/code.tsx";
import { phonePage } from "../../../src/http/pages/views/sign-in/phone.tsx";
import { verifyPage } from "../../../src/http/pages/views/verify.tsx";

const AT = Date.UTC(2026, 10, 23, 21, 35);
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)' style="x">&amp;`;
function contextOf(locale: Locale, more: Partial<PageContext> = {}): PageContext {
  return {
    locale,
    assets: { script: "/assets/sign-in-1.js", style: "/assets/styles-1.css" },
    csrf: "csrf-token",
    languageLinks: { en: "/sign-in?lang=en", "zh-CN": "/sign-in?lang=zh-CN" },
    brand: "Phonekey",
    ...more,
  };
}

const CHINA = { code: "CN", callingCode: "86", name: "China", flag: "🇨🇳" };
const CANADA = { code: "CA", callingCode: "1", name: "Canada", flag: "🇨🇦" };
const CODE = { phoneMasked: "+86 138****8000", codeLength: 6, resendInSeconds: 28, expiresInSeconds: 300 };

function accountProps(context: PageContext, text: string) {
  const session = { device: text, createdAt: AT, lastUsedAt: AT };
  return {
    context,
    user: {
      name: text,
      avatarUrl: "/avatars/1.svg",
      phoneMasked: text,
      createdAt: AT,
      avatar: 1,
      hasPassword: false,
    },
    avatars: [1, 2].map((number) => ({ number, url: `/avatars/${number}.svg` })),
    sessions: [
      { ...session, id: "a", current: true },
      { ...session, id: text, current: false },
    ],
  };
}

/** Every view, with `text` as each of its texts. */
function everyView(locale: Locale, text: string) {
  const context = contextOf(locale, { brand: text, csrf: text });
  const operation = {
    method: "post",
    path: text,
    summary: text,
    description: text,
    auth: text,
    parameters: [{ name: text, in: "header", required: true, description: text }],
    bodies: [[{ name: text, type: text, required: true, description: text }], []],
    answer: { status: 200, description: text, fields: [{ name: text, type: text, description: text }] },
    refusals: [{ code: text, status: 400, text }],
    example: text,
  };
  const country = { code: text, callingCode: text, name: text, flag: text };
  const form = { country: text, phone: text };
  return {
    phone: phonePage({ context, form, countries: [CHINA, country], error: text, retryAfterSeconds: 40 }),
    onlyCountry: phonePage({ context, form, countries: [country] }),
    code: codePage({ context, ...CODE, phoneMasked: text, error: text, codeError: text, inboxUrl: text }),
    ended: codePage({ context, ...CODE, phoneMasked: text, error: text, ended: true }),
    account: accountPage({ ...accountProps(context, text), notice: text, error: { text } }),
    badName: accountPage({ ...accountProps(context, text), error: { field: "name", text } }),
    message: messagePage({ context, title: text, text, action: { href: text, label: text } }),
    inbox: inboxPage({
      context,
      messages: [{ to: text, text, purpose: text, sentAt: AT }],
      refreshSeconds: 3,
    }),
    noMessages: inboxPage({ context, messages: [], refreshSeconds: 3 }),
    docs: apiDocsPage({
      context,
      title: text,
      version: text,
      operations: [operation],
      problemFields: [{ name: text, type: text, description: text }],
      refusals: [{ code: text, status: 400, en: text, zh: text }],
    }),
  };
}

async function rendered(locale: Locale, text: string): Promise<readonly (readonly [string, string])[]> {
  const views = Object.entries(everyView(locale, text));
  return Promise.all(views.map(async ([name, page]) => [name, String(await page)] as const));
}

const tagsOf = (page: string) => page.match(/<[a-z][^>]*>/gi) ?? [];

describe.each(LOCALES)("every view in %s", (locale) => {
  test("writes hostile text as text", async () => {
    for (const [name, page] of await rendered(locale, HOSTILE)) {
      expect(page, name).not.toContain("<script>");
      expect(page, name).not.toContain("<img src=x");
      expect(page, name).not.toContain("&amp;amp;amp;");
      expect(page, name).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    }
  });

  test("has no inline code or style, which the content security policy refuses", async () => {
    for (const [name, page] of await rendered(locale, "text")) {
      for (const tag of tagsOf(page)) expect(tag, name).not.toMatch(/\s(on\w+|style)\s*=|javascript:|data:/i);
      expect(page, name).not.toMatch(/<style[\s>]/i);
      expect(page.match(/<script[^>]*>[^<]*/gi), name).toEqual([
        '<script type="module" src="/assets/sign-in-1.js">',
      ]);
    }
  });

  test("sends the CSRF token with every form, by POST", async () => {
    const pages = [...(await rendered(locale, "text"))];
    const forms = pages.flatMap(([, page]) => page.match(/<form[\s\S]*?<\/form>/g) ?? []);
    expect(forms.length).toBeGreaterThan(10);
    for (const form of forms) {
      expect(form).toMatch(/^<form method="post" action="\/[a-z/-]+"/);
      expect(form).toContain('<input type="hidden" name="csrf" value="text"/>');
    }
  });

  test("is a document in its language with one first heading, one title and unique ids", async () => {
    for (const [name, page] of await rendered(locale, "text")) {
      expect(page, name).toMatch(/^<!DOCTYPE html><html lang="/);
      expect(page, name).toContain(`<html lang="${locale}">`);
      expect(page.match(/<h1[\s>]/g), name).toHaveLength(1);
      expect(page.match(/<title>/g), name).toHaveLength(1);
      const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
      expect(new Set(ids).size, name).toBe(ids.length);
      const labels = [...page.matchAll(/aria-(?:describedby|labelledby)="([^"]+)"/g)];
      for (const id of labels.flatMap(([, list]) => (list ?? "").split(" "))) expect(ids, name).toContain(id);
    }
  });
});

describe("the phone page", () => {
  const form = { country: "CA", phone: "555" };

  test("has a plain select with the chosen country, and a telephone field that the browser can fill", async () => {
    const page = String(await phonePage({ context: contextOf("en"), form, countries: [CHINA, CANADA] }));
    expect(page).toMatch(/<option value="CA" selected=""[^>]*>Canada \+1<\/option>/);
    expect(page).toMatch(
      /<input id="phone" name="phone" type="tel" inputmode="tel" autocomplete="tel" value="555"/,
    );
    expect(page).not.toContain("aria-invalid");
    expect(page).toContain("<title>Sign in · Phonekey</title>");
  });

  test("shows a single country as a prefix", async () => {
    const page = String(await phonePage({ context: contextOf("en"), form, countries: [CHINA] }));
    expect(page).not.toContain("<select");
    expect(page).toContain('<input type="hidden" name="country" value="CN"/>');
    expect(page).toContain('aria-describedby="phone-prefix"');
  });

  test("ties the error to the field and says it first in the title", async () => {
    const context = contextOf("zh-CN");
    const error = REFUSALS.too_many_requests.zh;
    const page = String(
      await phonePage({ context, form, countries: [CHINA, CANADA], error, retryAfterSeconds: 61 }),
    );
    expect(page).toContain("<title>错误：登录 · Phonekey</title>");
    expect(page).toContain('aria-invalid="true" aria-describedby="phone-error phone-retry"');
    expect(page).toMatch(new RegExp(`id="phone-error" role="alert">.*${error}`));
    expect(page).toContain("请于 61 秒钟后重试。");
  });
});

describe("the code page", () => {
  test("asks for the code in one text field, which the browser can fill from a message", async () => {
    const page = String(await codePage({ context: contextOf("en"), ...CODE }));
    expect(page).toContain('type="text" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}"');
    expect(page).not.toContain('type="number"');
    expect(page).toContain("We sent a 6-digit code to");
    expect(page).toContain("It works for 5 minutes.");
    expect(page).not.toContain("/dev/inbox");
    const longer = String(await codePage({ context: contextOf("en"), ...CODE, codeLength: 8 }));
    expect(longer).toContain("We sent an 8-digit code to");
  });

  test.each([
    ["en", "We sent it to "],
    ["zh-CN", "临时密码已发送至 "],
  ] as const)(
    "calls the code of a backend's temporary password a temporary password, though it has only digits (%s)",
    async (locale, text) => {
      const page = verifyPage({
        context: contextOf(locale),
        action: "/",
        backend: "shop",
        asks: "password",
        ...CODE,
      });
      expect(String(await page)).toContain(text);
    },
  );

  test("says the same in its title and its heading, also of a temporary password", async () => {
    for (const locale of LOCALES) {
      for (const hasLetters of [false, true]) {
        const page = String(await codePage({ context: contextOf(locale), ...CODE, hasLetters }));
        const heading = /<h1>([^<]+)/.exec(page)?.[1];
        expect(page).toContain(`<title>${heading} · Phonekey</title>`);
      }
    }
  });

  test("keeps the resend button usable without scripts", async () => {
    const page = String(await codePage({ context: contextOf("en"), ...CODE }));
    expect(tagsOf(page).filter((tag) => /\sdisabled|aria-disabled/.test(tag))).toEqual([]);
    expect(page).toContain('<noscript><p class="hint">You can send it again in 28 seconds.</p></noscript>');
  });

  test("offers a new code, and no field, if the code has ended", async () => {
    const page = String(await codePage({ context: contextOf("en"), ...CODE, ended: true }));
    expect(page).toContain("<title>Error: This code no longer works · Phonekey</title>");
    expect(page).not.toContain('name="code"');
    expect(page).toContain('action="/sign-in/resend"');
  });
});

describe("the account page", () => {
  test("shows times in UTC, and no button to end the current session", async () => {
    const page = String(await accountPage(accountProps(contextOf("en"), "Firefox on Linux")));
    expect(page).toContain(
      '<time datetime="2026-11-23T21:35:00.000Z" data-local-time="">23 Nov 2026, 21:35 UTC</time>',
    );
    expect(page.match(/action="\/account\/sessions\/end"/g)).toHaveLength(1);
    expect(page).toMatch(/name="avatar" value="1" checked=""/);
  });

  test("shows the error of a name at its field", async () => {
    const error = { field: "name", text: "Too long." };
    const page = String(await accountPage({ ...accountProps(contextOf("en"), "x"), error }));
    expect(page).toContain('aria-invalid="true" aria-describedby="name-error name-hint"');
  });
});

test("the inbox shows each message literally and reloads itself only without scripts", async () => {
  const text = "Your code is 204867.\n\n@example.com #204867";
  const messages = [{ to: "+8613800138000", text, purpose: "sign_in", sentAt: AT }];
  const page = String(await inboxPage({ context: contextOf("en"), messages, refreshSeconds: 3 }));
  const bubble = /<p class="bubble-text">([\s\S]*?)<\/p>/.exec(page)?.[1] ?? "";
  expect(bubble.replace(/<\/?b[^>]*>/g, "")).toBe(text);
  expect(page).toContain('data-copy="204867"');
  expect(page).toContain('<noscript><meta http-equiv="refresh" content="3"/></noscript>');
});

test("the API page has an anchor for every refusal that its operations link to", async () => {
  const refusals = Object.entries(REFUSALS).map(([code, entry]) => ({ code, ...entry }));
  const page = String(
    await apiDocsPage({
      context: contextOf("en"),
      title: "API",
      version: "1",
      operations: [],
      problemFields: [],
      refusals,
    }),
  );
  for (const { code, zh } of refusals) {
    expect(page).toContain(`id="error-${code}"`);
    expect(page).toContain(zh);
  }
});

test("the API page lets a long path break after each slash", async () => {
  const page = everyView("en", "/v1/verifications/{id}/resend").docs;
  const broken = "/<wbr/>v1/<wbr/>verifications/<wbr/>{id}/<wbr/>resend";
  expect(String(await page)).toContain(`<span class="path">${broken}</span>`);
});
