import type { Context } from "hono";
import { maskPhone } from "../../../core/phone.ts";
import type { Refusal } from "../../../core/refusals.ts";
import type { Flow } from "../../../core/session/flow.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { exportBody } from "../../export-body.ts";
import { refusalText } from "../../problem.ts";
import { pageContext, sendPage } from "../context.ts";
import { clearCookie, readCookie } from "../cookies.ts";
import { LIFE_COPY } from "../copy/life.ts";
import { messagePageFor } from "../errors.ts";
import { pageClient } from "../flow.ts";
import { awaitFirstClick } from "../forms/first-click.ts";
import type { Fields } from "../forms/forms.ts";
import { isOfCode, sendOutcome } from "../forms/outcome.ts";
import { sendOwnCode } from "../forms/send-code.ts";
import { createHeld, type SentCode } from "../held.ts";
import { dataPage } from "../views/account/data.tsx";
import { messagePage } from "../views/message.tsx";
import { type Handler, type Visitor, withForm, withVisitor } from "../visitor.ts";
import { confirmFirst } from "./confirm.ts";

const PATH = "/account/data";
const held = createHeld("erase");

/** GET /account/data: offers the export of everything stored about the visitor, and the deletion of the account. */
export const showData: Handler = (c, deps) =>
  withVisitor(c, deps, async (visitor) => {
    const sent = await held.code(c, deps, await held.begin(c, deps));
    return await answer(c, deps, visitor, { sent });
  });

/** POST /account/data/export: the file. It is a form and no link, so that only the page itself can ask for it. */
export const downloadData: Handler = (c, deps) =>
  withForm(c, deps, async ({ principal }) => {
    const exported = await deps.phonekey.life.export(principal);
    if (!exported.ok) {
      const { refusal } = exported;
      return refusal.code === "step_up_required"
        ? confirmFirst(c, PATH)
        : await messagePageFor(c, deps, refusal);
    }
    c.header("content-disposition", 'attachment; filename="account.json"');
    return c.json(exportBody(exported.value));
  });

/** POST /account/data/send: sends the code that deletes, or the same again. */
export const sendEraseCode: Handler = (c, deps) =>
  withForm(c, deps, async (visitor, fields) => {
    if (!deps.phonekey.life.mayErase(visitor.principal).ok) return confirmFirst(c, PATH);
    const flow = await held.flow(c, deps);
    const started = await sendOwnCode(c, deps, { flow, fields, ...visitor }, "delete_account");
    if (!started.ok) {
      const sent = await held.code(c, deps, flow);
      return await answer(c, deps, visitor, { sent, refusal: started.refusal });
    }
    await held.keep(c, deps, started.value);
    return c.redirect(PATH, 303);
  });

/** POST /account/data/erase: takes the code, and deletes the account. */
export const submitErase: Handler = (c, deps) => {
  const erase = async (visitor: Visitor, fields: Fields) => {
    const flow = await held.flow(c, deps);
    const erased = await deps.phonekey.life.erase({
      principal: visitor.principal,
      verificationId: flow.verification ?? "",
      code: fields.get("code") ?? "",
      client: pageClient(c, deps, flow),
    });
    if (erased.ok) return await donePage(c, deps);
    const { refusal } = erased;
    if (refusal.code === "step_up_required") return confirmFirst(c, PATH);
    if (refusal.code === "invalid_code" && (await isBeingErased(c, deps, visitor, flow)))
      return await donePage(c, deps);
    const sent = await held.code(c, deps, flow);
    return await answer(c, deps, visitor, { sent, refusal });
  };
  return withForm(c, deps, erase, () => doneBefore(c, deps));
};

/**
 * Answers if nobody is signed in any more: the right code was sent twice and the account is erased, or the session
 * ended.
 */
async function doneBefore(c: Context<Env>, deps: HttpDeps): Promise<Response | undefined> {
  const cookie = readCookie(c, deps.settings, "session");
  if (cookie && !(await deps.phonekey.sessions.isErased(cookie))) return undefined;
  return (await held.isUsed(c, deps, await held.flow(c, deps))) ? await donePage(c, deps) : undefined;
}

/** Whether the right code was sent before: then the account will be gone in a moment. */
async function isBeingErased(
  c: Context<Env>,
  deps: HttpDeps,
  { cookie }: Visitor,
  flow: Flow,
): Promise<boolean> {
  if (!(await held.isUsed(c, deps, flow))) return false;
  const look = () => deps.phonekey.sessions.isErased(cookie);
  return await awaitFirstClick(deps, look, (isErased) => isErased);
}

async function donePage(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  for (const cookie of ["session", "device"] as const) clearCookie(c, deps.settings, cookie);
  const context = pageContext(c, deps, {});
  const { doneTitle: title, done: text } = LIFE_COPY[context.locale].data;
  return await sendPage(c, deps, messagePage({ context, title, text }));
}

async function answer(
  c: Context<Env>,
  deps: HttpDeps,
  { principal, csrf }: Visitor,
  { sent, refusal }: { readonly sent?: SentCode | undefined; readonly refusal?: Refusal },
): Promise<Response> {
  const context = pageContext(c, deps, { path: PATH, csrf });
  const { phone } = await deps.phonekey.account.read(principal.user);
  const page = dataPage({
    context,
    phoneMasked: maskPhone(phone),
    // A code that an earlier visitor of this browser asked for is not shown to this one.
    ...(sent?.phoneMasked === maskPhone(phone) && { sent }),
    ...(refusal && { error: refusalText(refusal, context.locale) }),
    isOfCode: refusal !== undefined && isOfCode(refusal),
  });
  return await sendOutcome(c, deps, page, { refusal });
}
