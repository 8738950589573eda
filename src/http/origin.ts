import type { Context } from "hono";
import type { Env, HttpSettings } from "./context.ts";

/** The origin under which this server is reached: `PUBLIC_URL`, or in development that of the request. */
export function originOf(c: Context<Env>, settings: HttpSettings): string {
  return settings.publicUrl ?? new URL(c.req.url).origin;
}

/** The absolute address of one of the avatars. */
export function avatarUrl(c: Context<Env>, settings: HttpSettings, avatar: number): string {
  return `${originOf(c, settings)}/avatars/${avatar}.svg`;
}
