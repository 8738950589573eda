import type { Context } from "hono";
import { equalSecrets, sha256 } from "../../../core/secrets.ts";
import type { Env, HttpSettings } from "../../context.ts";
import { mediaTypeOf } from "../../media-type.ts";
import { originOf } from "../../origin.ts";

/** A form's fields. If a field is given twice, the first counts. */
export type Fields = ReadonlyMap<string, string>;

/**
 * The token by which a page's forms show that they come from it. It is bound to a cookie that no script and no other
 * site can read.
 */
export function csrfToken(cookieSecret: string): string {
  return sha256(`csrf:${cookieSecret}`);
}

/** Reads a form, or undefined when the body is not one. */
export async function readForm(c: Context<Env>): Promise<Fields | undefined> {
  const type = mediaTypeOf(c);
  if (type !== "application/x-www-form-urlencoded") return undefined;
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await c.req.text())) {
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/**
 * Whether a form was sent by our own page: its `Origin` must be ours, the browser must not call it anything but
 * same-origin, and its token must be that of the cookie (T36). A request without `Origin` is no form post of a browser.
 *
 * @param token `csrfToken`
 */
export function isOwnForm(c: Context<Env>, settings: HttpSettings, fields: Fields, token: string): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return false;
  if (c.req.header("origin") !== originOf(c, settings)) return false;
  return equalSecrets(fields.get("csrf") ?? "", token);
}
