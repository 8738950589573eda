import type { Clock } from "../ports.ts";
import { sha256 } from "../secrets.ts";
import { HOUR_MS } from "../time.ts";
import type { TokenClaims, Tokens } from "./ports.ts";

/** What a browser that is signing in has to keep: encrypted in a cookie, so that nothing of it is in a URL. */
export type Flow = TokenClaims["flow"];

const FLOW_MS = HOUR_MS;

interface FlowDeps {
  readonly tokens: Tokens;
  readonly clock: Clock;
}

export async function issueFlow(deps: FlowDeps, flow: Flow): Promise<string> {
  const now = deps.clock.now();
  return await deps.tokens.issue("flow", flow, { issuedAt: now, expiresAt: now + FLOW_MS });
}

export async function readFlow(deps: FlowDeps, token: string): Promise<Flow | undefined> {
  return await deps.tokens.read("flow", token, deps.clock.now());
}

/** Stands for the browser in a verification: only who has the cookie can name it (T25). */
export function browserOf(flow: Flow): string {
  return sha256(`browser:${flow.pre}`);
}
