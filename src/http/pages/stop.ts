import type { Context } from "hono";
import { REFUSALS } from "../../core/refusals.ts";
import type { Env, HttpDeps } from "../context.ts";
import { pageContext, sendPage } from "./context.ts";
import { LIFE_COPY } from "./copy/life.ts";
import { messagePageFor } from "./errors.ts";
import { csrfToken, isOwnForm, readForm } from "./forms/forms.ts";
import { messagePage } from "./views/message.tsx";
import { stopPage } from "./views/stop.tsx";

/** The form of the codes in the links of notices. Anything else is not looked up. */
const STOP_CODE = /^[0-9a-f]{24}$/;

/** GET /stop/:code: asks whether to stop the change. Opening the link changes nothing. */
export async function showStop(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const code = codeOf(c);
  if (!code || !(await deps.phonekey.life.isStopCode(code))) return await nothingToStop(c, deps);
  const context = pageContext(c, deps, { path: `/stop/${code}`, csrf: csrfToken(code) });
  return await sendPage(c, deps, stopPage({ context, code }));
}

/** POST /stop/:code: stops the change. The link is enough, without a sign-in. The form is bound to the link itself. */
export async function submitStop(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const code = codeOf(c);
  if (!code) return await nothingToStop(c, deps);
  const fields = await readForm(c);
  if (!fields || !isOwnForm(c, deps.settings, fields, csrfToken(code))) {
    return await messagePageFor(c, deps, { code: "forbidden_origin" });
  }
  const stopped = await deps.phonekey.life.stopPhoneChange(code);
  if (!stopped.ok) return await nothingToStop(c, deps);
  const context = pageContext(c, deps, {});
  const copy = LIFE_COPY[context.locale].stop;
  const action = { href: "/sign-in", label: copy.signIn };
  return await sendPage(c, deps, messagePage({ context, title: copy.doneTitle, text: copy.done, action }));
}

async function nothingToStop(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const context = pageContext(c, deps, {});
  const copy = LIFE_COPY[context.locale].stop;
  const action = { href: "/sign-in", label: copy.signIn };
  const page = messagePage({ context, title: copy.goneTitle, text: copy.gone, action });
  return await sendPage(c, deps, page, { status: REFUSALS.not_found.status });
}

function codeOf(c: Context<Env>): string | undefined {
  const code = c.req.param("code") ?? "";
  return STOP_CODE.test(code) ? code : undefined;
}
