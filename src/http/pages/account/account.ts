import type { Context } from "hono";
import { AVATARS } from "../../../core/account/ports.ts";
import type { Locale } from "../../../core/locale.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { deviceLabel } from "../../device-label.ts";
import { refusalText } from "../../problem.ts";
import { pageContext } from "../context.ts";
import { clearCookie, writeCookie } from "../cookies.ts";
import { ACCOUNT_COPY } from "../copy/account.ts";
import { sendOutcome } from "../forms/outcome.ts";
import { forgetFormer } from "../held.ts";
import { accountPage } from "../views/account/account.tsx";
import { type Handler, type Visitor, withForm, withVisitor } from "../visitor.ts";

/** GET /account: name, avatar and sessions. */
export const showAccount: Handler = (c, deps) =>
  withVisitor(c, deps, async (visitor) => {
    // Ending another session makes all device tokens void, so this browser gets a new one.
    writeCookie(c, deps.settings, "device", await deps.phonekey.sessions.deviceToken(visitor.principal));
    return await accountForm(c, deps, visitor, { saved: c.req.query("saved") !== undefined });
  });

/** POST /account/profile: changes name and avatar. */
export const submitProfile: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const { user } = visitor.principal;
    const name = fields.get("name") ?? "";
    const avatar = fields.get("avatar");
    const change = { ...(name !== user.name && { name }), ...(avatar && { avatar: Number(avatar) }) };
    const updated = await deps.phonekey.account.update(user, change);
    if (updated.ok) return c.redirect("/account?saved", 303);
    return await accountForm(c, deps, visitor, { refusal: updated.refusal, typedName: name });
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
    forgetFormer(c, deps);
    return c.redirect("/sign-in", 303);
  });

interface Outcome {
  readonly refusal?: Refusal;
  readonly saved?: boolean;
  readonly typedName?: string;
}

async function accountForm(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, csrf }: Visitor,
  { refusal, saved, typedName }: Outcome,
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/account", csrf });
  const { name, avatar, maskedPhone, hasPassword, createdAt } = await deps.phonekey.account.read(
    principal.user,
  );
  const copy = ACCOUNT_COPY[context.locale];
  const sessions = (await deps.phonekey.sessions.list(principal)).map(
    async ({ id, userAgent, createdAt, lastUsedAt }) => ({
      id,
      current: id === principal.session.id,
      device: await deviceLabel(userAgent, copy.unknownDevice),
      createdAt,
      lastUsedAt,
    }),
  );
  const page = accountPage({
    context,
    user: { name, avatar, avatarUrl: avatarUrl(avatar), phoneMasked: maskedPhone, hasPassword, createdAt },
    avatars: Array.from({ length: AVATARS }, (_, index) => ({
      number: index + 1,
      url: avatarUrl(index + 1),
    })),
    sessions: await Promise.all(sessions),
    ...(typedName !== undefined && { typedName }),
    ...(saved && { notice: copy.saved }),
    ...(refusal && { error: formError(refusal, context.locale) }),
  });
  return await sendOutcome(c, deps, page, { refusal });
}

function avatarUrl(avatar: number): string {
  return `/avatars/${avatar}.svg`;
}

function formError(refusal: Refusal, locale: Locale): { field?: string; text: string } {
  const { field } = refusal;
  const text = field === "name" ? ACCOUNT_COPY[locale].nameWrong : refusalText(refusal, locale);
  return field ? { field, text } : { text };
}
