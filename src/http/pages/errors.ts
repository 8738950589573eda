import type { Context } from "hono";
import type { Locale } from "../../core/locale.ts";
import type { Refusal } from "../../core/refusals.ts";
import type { Principal } from "../../core/session/session.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { pageContext } from "./context.ts";
import { ACCOUNT_COPY } from "./copy/account.ts";
import { LAYOUT_COPY } from "./copy/layout.ts";
import { PHONE_COPY } from "./copy/phone.ts";
import { sendOutcome } from "./forms/outcome.ts";
import { messagePage } from "./views/message.tsx";

/** The text of a refusal for somebody who is signed in. Sessions of test numbers may not do everything. */
export function ownRefusalText({ session }: Principal, refusal: Refusal, locale: Locale): string {
  const isOfTests = session.isTest && refusal.code === "invalid_request";
  return isOfTests ? ACCOUNT_COPY[locale].notForTests : refusalText(refusal, locale);
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
  more: (locale: Locale) => string = () => "",
): Promise<Response> {
  const context = pageContext(c, deps, {});
  const { locale } = context;
  const page = messagePage({
    context,
    title: LAYOUT_COPY[locale].errorTitle,
    text: refusalText(refusal, locale) + more(locale),
    action: { href: "/sign-in", label: PHONE_COPY[locale].title },
  });
  return await sendOutcome(c, deps, page, { refusal });
}
