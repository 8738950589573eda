import type { Context } from "hono";
import type { Evidence } from "../../core/account/factors/evidence.ts";
import { REFUSALS, type Refusal } from "../../core/refusals.ts";
import type { Flow } from "../../core/session/flow.ts";
import type { VerificationView } from "../../core/verification/verification.ts";
import { siteOf } from "../api/wire.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { pageContext, pageLocale, sendPage } from "./context.ts";
import { clearCookie, readCookie, writeCookie } from "./cookies.ts";
import { evidenceIn } from "./evidence.ts";
import { pageClient } from "./flow.ts";
import { csrfToken, type Fields } from "./forms.ts";
import { confirmPage } from "./views/confirm.tsx";
import { type Handler, type Visitor, withForm, withVisitor } from "./visitor.ts";

/** The account's own pages: nobody is sent elsewhere from here (T39). */
const OWN_PATH = /^\/account(?:\/[a-z][a-z-]*)*$/;

/** To the page that asks the visitor to confirm that it is them, and back to `to`, one of the account's own pages. */
export function confirmFirst(c: Context<Env>, to: string): Response {
  return c.redirect(`/account/confirm?${new URLSearchParams({ to })}`, 303);
}

/** GET /account/confirm: asks the visitor to confirm that it is them; `to` is where they came from. */
export const showConfirm: Handler = (c, deps) =>
  withVisitor(c, deps, async (visitor) => {
    const flow = { ...(await currentConfirmation(c, deps)), ...askedPath(c) };
    await keep(c, deps, flow);
    return await confirmForm(c, deps, visitor, flow);
  });

/** POST /account/confirm/send: sends a code, or the same again. */
export const sendConfirmCode: Handler = (c, deps) =>
  withForm(c, deps, async (visitor) => {
    const flow = await currentConfirmation(c, deps);
    const { user, session } = visitor.principal;
    const input = {
      client: pageClient(c, deps, flow),
      locale: pageLocale(c, deps.settings),
      self: { user, deviceId: session.deviceId },
    };
    const held = await heldCode(c, deps, flow);
    const sent = held
      ? await deps.phonekey.verifications.again({ ...input, id: held.id })
      : await deps.phonekey.verifications.start({ ...input, purpose: "second_factor" });
    if (!sent.ok) return await confirmForm(c, deps, visitor, flow, sent.refusal);
    await keep(c, deps, { ...flow, verification: sent.value.id });
    return confirmFirst(c, pathOf(flow));
  });

/** POST /account/confirm: takes the code, and leads back to where the visitor came from. */
export const submitConfirm: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    const flow = await currentConfirmation(c, deps);
    const raised = await deps.phonekey.sessions.stepUp({
      principal: visitor.principal,
      evidence: evidenceOf(flow, fields),
      client: pageClient(c, deps, flow),
      site: siteOf(c, deps),
      locale: pageLocale(c, deps.settings),
    });
    if (!raised.ok) return await confirmForm(c, deps, visitor, flow, raised.refusal);
    clearCookie(c, deps.settings, "confirm");
    return c.redirect(pathOf(flow), 303);
  });

/** The code that was sent, or another factor. */
function evidenceOf(flow: Flow, fields: Fields): Evidence {
  if (fields.get("by") !== "sms") return evidenceIn(fields);
  return { by: "sms", verificationId: flow.verification ?? "", code: fields.get("code") ?? "" };
}

/** What this browser is confirming; a new beginning where it is nothing. */
async function currentConfirmation(c: Context<Env>, deps: HttpDeps): Promise<Flow> {
  const cookie = readCookie(c, deps.settings, "confirm");
  const flow = cookie ? await deps.phonekey.flow.read(cookie) : undefined;
  return flow ?? { pre: Buffer.from(deps.random.bytes(16)).toString("base64url") };
}

async function keep(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<void> {
  writeCookie(c, deps.settings, "confirm", await deps.phonekey.flow.issue(flow));
}

function askedPath(c: Context<Env>): Pick<Flow, "returnTo"> {
  const to = c.req.query("to");
  return to !== undefined && OWN_PATH.test(to) ? { returnTo: to } : {};
}

function pathOf({ returnTo }: Flow): string {
  return returnTo !== undefined && OWN_PATH.test(returnTo) ? returnTo : "/account";
}

/** The code that was sent to this browser and still works. */
async function heldCode(c: Context<Env>, deps: HttpDeps, flow: Flow): Promise<VerificationView | undefined> {
  const { verification: id } = flow;
  if (!id) return undefined;
  const found = await deps.phonekey.verifications.read({ id, client: pageClient(c, deps, flow) });
  return found.ok && found.value.status === "pending" ? found.value : undefined;
}

async function confirmForm(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, cookie }: Visitor,
  flow: Flow,
  refusal?: Refusal,
): Promise<Response> {
  const context = pageContext(c, deps, { path: "/account/confirm", csrf: csrfToken(cookie) });
  const { maskedPhone } = await deps.phonekey.account.read(principal.user);
  const sent = await heldCode(c, deps, flow);
  // What an earlier visitor of this browser asked for is not theirs.
  const held = sent?.phone === maskedPhone ? sent : undefined;
  if (refusal?.retryAfterSeconds) c.header("retry-after", String(refusal.retryAfterSeconds));
  const resendInSeconds = held && Math.max(0, Math.ceil((held.resendAt - deps.clock.now()) / 1_000));
  const methods = await deps.phonekey.sessions.waysToRaise(principal);
  const passkey = methods.includes("pop")
    ? await deps.phonekey.factors.askForPasskey(principal, siteOf(c, deps))
    : undefined;
  const page = confirmPage({
    context,
    methods,
    ...(passkey?.ok && { passkeyOptions: JSON.stringify(passkey.value) }),
    to: pathOf(flow),
    phoneMasked: maskedPhone,
    ...(held && { sent: { codeLength: held.codeLength, resendInSeconds: resendInSeconds ?? 0 } }),
    ...(refusal && { error: refusalText(refusal, context.locale) }),
  });
  return await sendPage(c, deps, page, refusal ? REFUSALS[refusal.code].status : 200);
}
