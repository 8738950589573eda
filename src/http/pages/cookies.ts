import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Env, HttpSettings } from "../context.ts";
import { originOf } from "../origin.ts";

/** The pages' cookies, and how long each lives, in seconds. */
const COOKIES = {
  /** The pre-session of a browser that is signing in, encrypted. */
  flow: 3_600,
  /** The pre-session of a visitor who confirms who they are. */
  confirm: 3_600,
  /** The pre-session of a visitor who changes their number. */
  phone: 3_600,
  /** The pre-session of a visitor who deletes their account. */
  erase: 3_600,
  /** The pre-session of a visitor who forgot their password. */
  reset: 3_600,
  /** The challenge for the second step of a sign-in. */
  second: 600,
  /** The code that was sent for that step. */
  second_code: 600,
  /** The app's request with which a browser was led back, for a second click while that is slow. */
  returned: 60,
  /** The longest life of any session; each session has its own end (NIST SP 800-63B-4, 5.1.1). */
  session: 365 * 86_400,
  device: 180 * 86_400,
  locale: 365 * 86_400,
} as const;

export type CookieName = keyof typeof COOKIES;

export function readCookie(c: Context<Env>, settings: HttpSettings, name: CookieName): string | undefined {
  return getCookie(c, cookieName(c, settings, name));
}

/** Uses `__Host-` over https: no subdomain and no other path can set it (RFC 6265bis, 4.1.3.2). */
export function writeCookie(
  c: Context<Env>,
  settings: HttpSettings,
  name: CookieName,
  value: string,
  seconds: number = COOKIES[name],
): void {
  setCookie(c, cookieName(c, settings, name), value, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: isSecure(c, settings),
    maxAge: seconds,
  });
}

export function clearCookie(c: Context<Env>, settings: HttpSettings, name: CookieName): void {
  deleteCookie(c, cookieName(c, settings, name), { path: "/", secure: isSecure(c, settings) });
}

function cookieName(c: Context<Env>, settings: HttpSettings, name: CookieName): string {
  return isSecure(c, settings) ? `__Host-phonekey_${name}` : `phonekey_${name}`;
}

function isSecure(c: Context<Env>, settings: HttpSettings): boolean {
  return originOf(c, settings).startsWith("https:");
}
