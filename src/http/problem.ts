import type { Context } from "hono";
import type { Locale } from "../core/locale.ts";
import { REFUSALS, type Refusal } from "../core/refusals.ts";
import { answerWith } from "./answer-with.ts";
import { bearerToken } from "./bearer.ts";
import type { Env } from "./context.ts";

/** The text of a refusal in a language. */
export function refusalText(refusal: Refusal, locale: Locale): string {
  const entry = REFUSALS[refusal.code];
  return locale === "zh-CN" ? entry.zh : entry.en;
}

/** A problem document (RFC 9457). It contains nothing that the caller sent, and no internal cause. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly field?: string;
  readonly requestId: string;
  readonly retryAfter?: number;
  readonly kinds?: readonly string[];
  /** With `second_factor_required`: the challenge for the second step. */
  readonly challenge?: string;
  /** The methods that may be shown; with `step_up_required` if not every method that raises the session suffices. */
  readonly methods?: readonly string[];
  /** The level that the session lacks, and at most how many seconds ago it may have been reached. */
  readonly acrValues?: string;
  readonly maxAge?: number;
}

export function problemOf(refusal: Refusal, locale: Locale, requestId: string): Problem {
  const title = refusalText(refusal, locale);
  const { field, detail, retryAfterSeconds, kinds, stepUp, secondFactor } = refusal;
  return {
    type: `/docs#error-${refusal.code}`,
    title,
    status: REFUSALS[refusal.code].status,
    detail: detail ? `${field ? `\`${field}\` ` : ""}${detail}.` : title,
    code: refusal.code,
    ...(field && { field }),
    requestId,
    ...(retryAfterSeconds && { retryAfter: retryAfterSeconds }),
    ...(kinds && { kinds }),
    ...secondFactor,
    ...(stepUp && { acrValues: String(stepUp.level), maxAge: stepUp.maxAgeSeconds }),
    ...(stepUp?.methods && { methods: stepUp.methods }),
  };
}

/** Answers a request with a refusal, as a problem document in the request's language. */
export function problem(c: Context<Env>, refusal: Refusal): Response {
  const body = problemOf(refusal, c.get("locale"), c.get("requestId"));
  c.set("refusal", refusal.code);
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (body.retryAfter) headers["retry-after"] = String(body.retryAfter);
  const demand = demandOf(refusal, bearerToken(c) !== undefined);
  if (demand) headers["www-authenticate"] = demand;
  return answerWith(c, JSON.stringify(body), REFUSALS[refusal.code].status, headers);
}

/**
 * The content of `WWW-Authenticate` (RFC 6750, section 3; RFC 9470, section 3). Every 401 has to ask for something (RFC
 * 9110, section 15.5.2), or clients such as Jetty's throw. But a new access token does not help a person who typed a
 * wrong code. A caller that showed no token is told of no error (RFC 6750, section 3.1), but the scheme still has to
 * have a parameter (section 3).
 */
function demandOf({ code, stepUp }: Refusal, isShown: boolean): string | undefined {
  if (code === "invalid_token" || code === "invalid_api_key")
    return isShown ? 'Bearer error="invalid_token"' : 'Bearer realm="phonekey"';
  if (REFUSALS[code].status === 401) return `Phonekey error="${code}"`;
  if (code !== "step_up_required" || !stepUp) return undefined;
  const { level, maxAgeSeconds } = stepUp;
  return `Bearer error="insufficient_user_authentication", acr_values="${level}", max_age="${maxAgeSeconds}"`;
}

/** A refusal as status, headers and body, for requests that reach no route: in English and without a request id. */
export function plainProblem(refusal: Refusal) {
  const body = JSON.stringify(problemOf(refusal, "en", "none"));
  const headers = {
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // A server closes the connection after it.
    connection: "close",
  };
  return { status: REFUSALS[refusal.code].status, headers, body };
}
