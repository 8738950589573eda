import { createHash, randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type App, newPhone, startApp, startSite, submitCode, submitPhone } from "../support.ts";

/** The Phonekey at which people sign in, while the tests of the file run. */
export let app: App;
/** The app that sends people there. */
export let site: Awaited<ReturnType<typeof startSite>>;
/** The requests that the app got. */
export const visits: { readonly url: URL; readonly referer: string | undefined }[] = [];

export function useReturningApp(): void {
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
}

export function newVerifier(): string {
  return randomBytes(32).toString("base64url");
}

interface Request {
  readonly returnTo?: string;
  readonly verifier?: string;
  readonly state?: string;
}

/** The address to which an app sends a person (RFC 7636, 4.3). */
export function signInUrl({
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

/** Follows the app's link, signs in by both forms, and resolves with the address back at the app. */
export async function pass(page: Page, request: Request = {}): Promise<URL> {
  const phone = newPhone();
  await page.goto(signInUrl(request));
  await submitPhone(page, phone);
  await page.waitForURL(`${app.origin}/sign-in/code`);
  await submitCode(page, app.codeFor(phone));
  await page.waitForURL((url) => url.origin === site.origin);
  return new URL(page.url());
}

export function redeem(handover: string | null, codeVerifier: string): Promise<Response> {
  return Promise.resolve(app.world.post("/v1/sessions", { handover, codeVerifier }));
}

export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}
