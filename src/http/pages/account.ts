import type { Context } from "hono";
import { AVATARS } from "../../core/account/ports.ts";
import { ok, REFUSALS, type Refusal, type Result, refuse } from "../../core/refusals.ts";
import type { Principal } from "../../core/session/session.ts";
import type { Env, HttpDeps } from "../context.ts";
import { deviceLabel } from "../device-label.ts";
import { refusalText } from "../problem.ts";
import { pageContext, sendPage } from "./context.ts";
import { clearCookie, readCookie, writeCookie } from "./cookies.ts";
import { COPY } from "./copy.ts";
import { messagePageFor } from "./errors.ts";
import { csrfToken, type Fields, isOwnForm, readForm } from "./forms.ts";
import { accountPage } from "./views/account.tsx";

type Handler = (c: Context<Env>, deps: HttpDeps) => Promise<Response>;

/** A signed-in visitor: the session's cookie is also what the page's forms are bound to. */
interface Visitor {
  readonly principal: Principal;
  readonly cookie: string;
}

/** GET /account: name, avatar and sessions. */
export const showAccount: Handler = async (c, deps) => {
  const visitor = await currentVisitor(c, deps);
  if (!visitor) return c.redirect("/sign-in", 303);
  // Ending another session made every device unknown; this one is known again.
  writeCookie(c, deps.settings, "device", await deps.phonekey.sessions.deviceToken(visitor.principal));
  return await accountForm(c, deps, visitor, { saved: c.req.query("saved") !== undefined });
};

/** POST /account/profile: changes name and avatar. */
export const submitProfile: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const { user } = visitor.principal;
    const name = fields.get("name") ?? "";
    const avatar = fields.get("avatar");
    const change = { ...(name !== user.name && { name }), ...(avatar && { avatar: Number(avatar) }) };
    const updated = await deps.phonekey.account.update(user, change);
    if (updated.ok) return c.redirect("/account?saved", 303);
    return await accountForm(c, deps, visitor, { refusal: updated.refusal });
  });

/** POST /account/sessions/end: ends one session. */
export const endOneSession: Handler = (c, deps) =>
  withForm(c, deps, async ({ principal }, fields) => {
    await deps.phonekey.sessions.end(principal, fields.get("id") ?? "");
    return c.redirect("/account", 303);
  });

/** POST /account/sessions/end-others: ends all sessions but this one. */
export const endOtherSessions: Handler = (c, deps) =>
  withForm(c, deps, async ({ principal }) => {
    await deps.phonekey.sessions.endOthers(principal);
    return c.redirect("/account", 303);
  });

/** POST /sign-out: ends this session. The device stays known. */
export const signOut: Handler = (c, deps) =>
  withForm(c, deps, async ({ principal }) => {
    await deps.phonekey.sessions.end(principal, principal.session.id);
    clearCookie(c, deps.settings, "session");
    return c.redirect("/sign-in", 303);
  });

async function currentVisitor(c: Context<Env>, deps: HttpDeps): Promise<Visitor | undefined> {
  const cookie = readCookie(c, deps.settings, "session");
  const principal = cookie ? await deps.phonekey.sessions.authenticatePage(cookie) : undefined;
  return cookie && principal?.ok ? { cookie, principal: principal.value } : undefined;
}

/** Runs `act` for a signed-in visitor whose own page sent the form. */
async function withForm(
  c: Context<Env>,
  deps: HttpDeps,
  act: (visitor: Visitor, fields: Fields) => Promise<Response>,
): Promise<Response> {
  const visitor = await currentVisitor(c, deps);
  if (!visitor) return c.redirect("/sign-in", 303);
  const fields = await ownFields(c, deps, visitor);
  return fields.ok ? await act(visitor, fields.value) : await messagePageFor(c, deps, fields.refusal);
}

async function ownFields(
  c: Context<Env>,
  deps: HttpDeps,
  visitor: Visitor,
): Promise<Result<Fields, "forbidden_origin">> {
  const fields = await readForm(c);
  if (!fields || !isOwnForm(c, deps.settings, fields, visitor.cookie)) return refuse("forbidden_origin");
  return ok(fields);
}

async function accountForm(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, cookie }: Visitor,
  { refusal, saved }: { readonly refusal?: Refusal; readonly saved?: boolean },
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/account", csrf: csrfToken(cookie) });
  const { name, avatar, maskedPhone, createdAt } = await deps.phonekey.account.read(principal.user);
  const sessions = await deps.phonekey.sessions.list(principal);
  const page = accountPage({
    context,
    user: { name, avatar, avatarUrl: avatarUrl(avatar), phoneMasked: maskedPhone, createdAt },
    avatars: Array.from({ length: AVATARS }, (_, index) => ({
      number: index + 1,
      url: avatarUrl(index + 1),
    })),
    sessions: sessions.map(({ id, userAgent, createdAt, lastUsedAt }) => ({
      id,
      current: id === principal.session.id,
      device: deviceLabel(userAgent),
      createdAt,
      lastUsedAt,
    })),
    ...(saved && { notice: COPY[context.locale].account.saved }),
    ...(refusal && { error: formError(refusal, refusalText(refusal, context.locale)) }),
  });
  return await sendPage(c, deps, page, refusal ? REFUSALS[refusal.code].status : 200);
}

function avatarUrl(avatar: number): string {
  return `/avatars/${avatar}.svg`;
}

function formError({ field }: Refusal, text: string): { field?: string; text: string } {
  return field ? { field, text } : { text };
}
