import type { Context } from "hono";
import type { Env } from "./context.ts";

const LOOPBACK_PEER = /^(::1|127(\.\d{1,3}){3}|::ffff:127(\.\d{1,3}){3})$/;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;
/** What proxies of any make add. */
const FORWARDING_HEADER = /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*)$/;

/**
 * Whether a request comes from this very machine, by the address of its connection. `Host` must be a loopback name,
 * which stops web pages whose own name leads to 127.0.0.1 (DNS rebinding). No forwarding header may be present, which
 * stops requests that a proxy on this machine passes on.
 */
export function isFromLoopback(c: Context<Env>): boolean {
  const peer = c.env?.incoming?.socket?.remoteAddress ?? "";
  if (!LOOPBACK_PEER.test(peer) || !LOOPBACK_HOST.test(c.req.header("host") ?? "")) return false;
  return !Object.keys(c.req.header()).some((name) => FORWARDING_HEADER.test(name));
}
