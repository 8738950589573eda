import { describe, expect, it } from "vitest";
import { REFUSALS } from "../../../src/core/refusals.ts";
import { useBrowser } from "../browser.ts";
import { newPhone, signIn } from "../support.ts";
import { app, signInUrl, site, useReturningApp } from "./returning-app.ts";

const browser = useBrowser();
useReturningApp();

describe("an address that is not exactly one of RETURN_TO is refused, by a page without a link to it (T39)", () => {
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
    expect(body.match(/href="(?!\/[a-z]|#|\?lang=)[^"]*"/g)).toBeNull();
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

  it("also for a visitor who is signed in, in a real browser", async () => {
    const page = await browser.open();
    await signIn(page, app, newPhone());
    const answer = await page.goto(signInUrl({ returnTo: `${site.origin}/evil` }));
    expect(answer?.status()).toBe(400);
    expect(new URL(page.url()).origin).toBe(app.origin);
  });
});
