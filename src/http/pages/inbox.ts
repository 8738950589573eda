import type { Context } from "hono";
import type { Env, HttpDeps, InboxMessage } from "../context.ts";
import { timeOf } from "../time.ts";
import { pageContext, sendPage } from "./context.ts";
import { inboxPage } from "./views/inbox.tsx";

const REFRESH_SECONDS = 2;
const LOOPBACK_PEER = /^(::1|127(\.\d{1,3}){3}|::ffff:127(\.\d{1,3}){3})$/;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;
/** What proxies of any make add. */
const FORWARDING_HEADER = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*)$/;

/**
 * Whether the development inbox may answer: it shows codes, so only to this very machine. A page elsewhere that points
 * its name at 127.0.0.1 is stopped by `Host`, a proxy by the headers that it adds.
 */
export function mayReadInbox(c: Context<Env>): boolean {
  const peer = c.env?.incoming?.socket?.remoteAddress ?? "";
  if (!LOOPBACK_PEER.test(peer) || !LOOPBACK_HOST.test(c.req.header("host") ?? "")) return false;
  return !Object.keys(c.req.header()).some((name) => FORWARDING_HEADER.test(name));
}

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

/** Of one phone, if one is named: in E.164, with the plus lost on the way through a URL, or as written at home. */
function inboxMessages(c: Context<Env>, deps: HttpDeps): readonly InboxMessage[] {
  const messages = deps.inbox?.messages() ?? [];
  const digits = (c.req.query("phone") ?? "").replace(/\D/g, "");
  return digits ? messages.filter(({ to }) => to === `+${digits}` || to.endsWith(digits)) : messages;
}
