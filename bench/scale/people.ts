import { deriveCode } from "../../src/core/verification/code.ts";
import type { Installation } from "./installation.ts";
import type { Phonekey } from "./phonekey.ts";

export interface Opened {
  /** Whether this sign-in made the user. */
  readonly created: boolean;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly deviceToken: string;
}

export interface Cycle {
  readonly startMs: number;
  readonly openMs: number;
  readonly opened: Opened;
}

/** Asks for a code and signs in with it, which the caller derives as the server does: no inbox is in the figures. */
export async function signIn({ url }: Phonekey, { keys }: Installation, phone: string): Promise<Cycle> {
  const began = performance.now();
  const started = await call<{ id: string; codeLength: number }>(`${url}/v1/verifications`, "POST", {
    phone,
  });
  const between = performance.now();
  const code = deriveCode(
    keys.code.material,
    { verificationId: started.id, purpose: "sign_in" },
    started.codeLength,
  );
  const from = performance.now();
  const opened = await call<Opened>(`${url}/v1/sessions`, "POST", { verificationId: started.id, code });
  return { startMs: between - began, openMs: performance.now() - from, opened };
}

/** Rejects when it is refused. */
export async function call<T>(
  url: string,
  method: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}
