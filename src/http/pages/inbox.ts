import type { Context } from "hono";
import type { Env, HttpDeps, InboxMessage } from "../context.ts";
import { timeOf } from "../time.ts";
import { pageContext, sendPage } from "./context.ts";
import { inboxPage } from "./views/inbox.tsx";

const REFRESH_SECONDS = 2;

/** GET /dev/inbox: the messages as a phone would show them. */
export async function showInbox(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const context = pageContext(c, deps, { path: "/dev/inbox" });
  const messages = inboxMessages(c, deps);
  return await sendPage(c, deps, inboxPage({ context, messages, refreshSeconds: REFRESH_SECONDS }));
}

/** GET /dev/inbox.json?phone=: the messages for programs, newest first. */
export function readInbox(c: Context<Env>, deps: HttpDeps): Response {
  const messages = inboxMessages(c, deps);
  return c.json({ messages: messages.map((message) => ({ ...message, sentAt: timeOf(message.sentAt) })) });
}

/**
 * The messages, of one phone if one is named: in E.164, with the plus lost on the way through a URL, or in national
 * form.
 */
function inboxMessages(c: Context<Env>, deps: HttpDeps): readonly InboxMessage[] {
  const messages = deps.inbox?.messages() ?? [];
  const phone = c.req.query("phone");
  if (!phone) return messages;
  const digits = phone.replace(/\D/g, "");
  return digits ? messages.filter(({ to }) => to === `+${digits}` || to.endsWith(digits)) : [];
}
