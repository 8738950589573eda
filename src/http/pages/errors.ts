import type { Context } from "hono";
import type { Locale } from "../../core/locale.ts";
import type { Refusal } from "../../core/refusals.ts";
import type { Principal } from "../../core/session/session.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { pageContext } from "./context.ts";
import { COPY, type Copy } from "./copy.ts";
import { sendOutcome } from "./forms/outcome.ts";
import { messagePage } from "./views/message.tsx";

/** The text of a refusal for somebody who is signed in; sessions of test numbers may not do everything. */
export function ownRefusalText({ session }: Principal, refusal: Refusal, locale: Locale): string {
  const isOfTests = session.isTest && refusal.code === "invalid_request";
  return isOfTests ? COPY[locale].account.notForTests : refusalText(refusal, locale);
}

/**
 * Answers with a page that says what went wrong and where to go on.
 *
 * @param more what follows the text of the refusal
 */
export async function messagePageFor(
  c: Context<Env>,
  deps: HttpDeps,
  refusal: Refusal,
  more: (copy: Copy) => string = () => "",
): Promise<Response> {
  const context = pageContext(c, deps, {});
  const copy = COPY[context.locale];
  const page = messagePage({
    context,
    title: copy.errorTitle,
    text: refusalText(refusal, context.locale) + more(copy),
    action: { href: "/sign-in", label: copy.phone.title },
  });
  return await sendOutcome(c, deps, page, { refusal });
}
