import type { Context } from "hono";
import type { PasskeySite } from "../core/account/factors/ports.ts";
import type { Env, HttpDeps, HttpSettings } from "./context.ts";
import { isOwnHost, NOWHERE } from "./scf/own-host.ts";

/**
 * The origin under which this server is reached: `PUBLIC_URL`, or in development that of the request. On SCF without
 * `PUBLIC_URL`, the request's origin counts only if it is the function's own, because a request can name any host.
 */
export function originOf(c: Context<Env>, { publicUrl, scf }: HttpSettings): string {
  if (publicUrl !== undefined) return publicUrl;
  const { origin, host } = new URL(c.req.url);
  if (!scf) return origin;
  // The platform terminates TLS and speaks plain HTTP to a function.
  return isOwnHost(host, scf) ? `https://${host}` : NOWHERE;
}

/** The absolute address of one of the avatars. */
export function avatarUrl(c: Context<Env>, settings: HttpSettings, avatar: number): string {
  return `${originOf(c, settings)}/avatars/${avatar}.svg`;
}

/** Where passkeys are used: at the pages' own origin. */
export function siteOf(c: Context<Env>, { settings }: HttpDeps): PasskeySite {
  return { origin: originOf(c, settings), name: settings.brandName };
}
