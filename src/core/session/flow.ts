import type { Clock } from "../ports.ts";
import { sha256 } from "../secrets.ts";
import { HOUR_MS } from "../time.ts";
import type { TokenClaims, Tokens } from "./ports.ts";

/** What a browser keeps while it signs in: encrypted, in a cookie or a form, so that nothing of it is in a URL. */
export type Flow = TokenClaims["flow"];

const FLOW_MS = HOUR_MS;

interface FlowDeps {
  readonly tokens: Tokens;
  readonly clock: Clock;
}

/** Encrypts a flow; it is good for an hour. */
export async function issueFlow(deps: FlowDeps, flow: Flow): Promise<string> {
  const now = deps.clock.now();
  return await deps.tokens.issue("flow", flow, { issuedAt: now, expiresAt: now + FLOW_MS });
}

/** Decrypts a flow; undefined if it was forged or is too old. */
export async function readFlow(deps: FlowDeps, token: string): Promise<Flow | undefined> {
  return await deps.tokens.read("flow", token, deps.clock.now());
}

/**
 * The hash of the pre-session, which stands for the browser in a verification. Only the browser with the cookie can
 * name it (T25).
 */
export function browserOf(flow: Flow): string {
  return sha256(`browser:${flow.pre}`);
}
