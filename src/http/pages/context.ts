import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Locale } from "../../core/locale.ts";
import type { Env, HttpDeps, HttpSettings } from "../context.ts";
import { localeOf } from "../middleware/locale.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import { newOnce } from "./forms/once.ts";
import type { Page, PageContext } from "./views/layout.tsx";

/**
 * What every view needs, in the language that the visitor picked, or else the one that the browser asks for.
 *
 * @param page.path the address of a page that can be opened again; absent if only this request is answered with the
 *   page
 */
export function pageContext(
  c: Context<Env>,
  deps: HttpDeps,
  page: { readonly path?: string; readonly csrf?: string },
): PageContext {
  const locale = pageLocale(c, deps.settings);
  return {
    locale,
    assets: deps.assets,
    brand: deps.settings.brandName,
    ...languageLinks(c, page.path),
    ...(page.csrf && { csrf: page.csrf, once: newOnce(deps) }),
  };
}

/** The language that the visitor picked by the switch, which is remembered, or else the negotiated one. */
export function pageLocale(c: Context<Env>, settings: HttpSettings): Locale {
  const picked = localeOf(c.req.query("lang") ?? "");
  if (picked) {
    writeCookie(c, settings, "locale", picked);
    return picked;
  }
  return localeOf(readCookie(c, settings, "locale") ?? "") ?? c.get("locale");
}

/** The answer to a form has no link to another language: opening it anew would lose the answer. */
function languageLinks(c: Context<Env>, path?: string): Pick<PageContext, "languageLinks"> {
  if (path === undefined && c.req.method !== "GET") return {};
  const link = (locale: Locale) => languageLink(c, path, locale);
  return { languageLinks: { en: link("en"), "zh-CN": link("zh-CN") } };
}

/**
 * The link to the same page in another language. Without a path it is the requested address without its query: a
 * refused query is not repeated in the answer.
 */
function languageLink(c: Context<Env>, path: string | undefined, locale: Locale): string {
  const query = new URLSearchParams(c.req.path === path ? c.req.query() : {});
  query.set("lang", locale);
  return `${path ?? ""}?${query}`;
}

/**
 * Answers with a page, under a policy without any inline code.
 *
 * @param more.returnTo further addresses that a form of the page may be answered with
 * @param more.sources the origins of a third party whose challenge the page shows
 */
export async function sendPage(
  c: Context<Env>,
  deps: HttpDeps,
  page: Page,
  {
    status = 200,
    sources = [],
    returnTo = [],
  }: {
    readonly status?: ContentfulStatusCode;
    readonly sources?: readonly string[];
    readonly returnTo?: readonly string[];
  } = {},
): Promise<Response> {
  const policy = contentSecurityPolicy([...deps.settings.returnTo, ...returnTo], sources);
  c.header("content-security-policy", policy);
  // A third party's widget learns the origin of its page, but not the rest of the address.
  if (sources.length > 0) c.header("referrer-policy", "strict-origin-when-cross-origin");
  // Every 401 has to name a scheme (RFC 9110, section 15.5.2). Browsers do not know this one, so they show no dialog.
  if (status === 401) c.header("www-authenticate", "Phonekey");
  return c.html(await page, status);
}

/** A third party's script may run without Trusted Types. Our own script has the one policy (`web/trusted.ts`). */
const TRUSTED_TYPES = ["require-trusted-types-for 'script'", "trusted-types phonekey"];

/** `form-action` names the apps too: browsers apply it to the redirect that answers a form post. */
function contentSecurityPolicy(returnTo: readonly string[], sources: readonly string[]): string {
  const apps = new Set(returnTo.map((address) => new URL(address).origin));
  const from = ["'self'", ...sources].join(" ");
  return [
    "default-src 'none'",
    `script-src ${from}`,
    `style-src ${from}`,
    `img-src ${from}`,
    `connect-src ${from}`,
    "worker-src 'self'",
    ...(sources.length > 0 ? [`frame-src ${sources.join(" ")}`] : TRUSTED_TYPES),
    `form-action ${["'self'", ...apps].join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
