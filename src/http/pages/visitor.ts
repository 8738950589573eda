import type { Context } from "hono";
import type { Session } from "../../core/session/ports.ts";
import type { PagePrincipal } from "../../core/session/session.ts";
import type { Env, HttpDeps } from "../context.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import { messagePageFor } from "./errors.ts";
import { csrfToken, type Fields, isOwnForm, readForm } from "./forms/forms.ts";
import { secondsUntil } from "./held.ts";

export type Handler = (c: Context<Env>, deps: HttpDeps) => Promise<Response>;

/** A signed-in visitor. The page's forms are bound to the session's first cookie. */
export interface Visitor {
  readonly principal: PagePrincipal;
  readonly cookie: string;
  readonly csrf: string;
}

/** Where people choose a password of their own. */
export const OWN_PASSWORD = "/account/password";
/** The other pages that are open before a password was chosen: to confirm that it is them, and to sign out. */
const BEFORE_PASSWORD = /^\/(account\/password$|(account\/confirm|sign-out)(\/|$))/;

/** Who is signed in at this browser. */
export async function currentVisitor(
  c: Context<Env>,
  { settings, phonekey }: HttpDeps,
): Promise<Visitor | undefined> {
  const cookie = readCookie(c, settings, "session");
  const principal = cookie ? await phonekey.sessions.authenticatePage(cookie) : undefined;
  if (!cookie || !principal?.ok) return undefined;
  return { cookie, principal: principal.value, csrf: principal.value.form ?? csrfToken(cookie) };
}

/**
 * Keeps a session in its cookie.
 *
 * @param csrf of the replaced cookie, so that forms in other tabs stay valid
 */
export async function keepSession(
  c: Context<Env>,
  { settings, phonekey, clock }: HttpDeps,
  session: Session,
  csrf?: string,
): Promise<void> {
  const token = await phonekey.sessions.pageToken(session, csrf);
  writeCookie(c, settings, "session", token, secondsUntil(session.expiresAt, clock.now()));
}

/** Gives this browser a new device token, because its visitor's last action made those of all devices void. */
export async function renewDevice(c: Context<Env>, deps: HttpDeps): Promise<void> {
  const visitor = await currentVisitor(c, deps);
  if (!visitor) return;
  const { settings, phonekey } = deps;
  writeCookie(c, settings, "device", await phonekey.sessions.deviceToken(visitor.principal));
}

type Nobody = () => Promise<Response | undefined>;

/**
 * Runs `act` for a signed-in visitor.
 *
 * @param nobody answers if nobody is signed in. If it is absent or returns nothing, the sign-in page answers
 */
export async function withVisitor(
  c: Context<Env>,
  deps: HttpDeps,
  act: (visitor: Visitor) => Promise<Response>,
  nobody?: Nobody,
): Promise<Response> {
  const visitor = await currentVisitor(c, deps);
  if (!visitor) return (await nobody?.()) ?? c.redirect("/sign-in", 303);
  const own = deps.phonekey.sessions.requireOwnPassword(visitor.principal);
  return own.ok || BEFORE_PASSWORD.test(c.req.path) ? await act(visitor) : c.redirect(OWN_PASSWORD, 303);
}

/** Runs `act` for a signed-in visitor whose own page sent the form. */
export async function withForm(
  c: Context<Env>,
  deps: HttpDeps,
  act: (visitor: Visitor, fields: Fields) => Promise<Response>,
  nobody?: Nobody,
): Promise<Response> {
  // The form is read first, because it may come slowly. The session must still be open once all of it is here.
  const fields = await readForm(c);
  const forOwn = async (visitor: Visitor) => {
    const isOwn = fields && isOwnForm(c, deps.settings, fields, visitor.csrf);
    return isOwn ? await act(visitor, fields) : await messagePageFor(c, deps, { code: "forbidden_origin" });
  };
  return await withVisitor(c, deps, forOwn, nobody);
}
