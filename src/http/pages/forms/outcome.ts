import type { Context } from "hono";
import { REFUSALS, type Refusal } from "../../../core/refusals.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { sendPage } from "../context.ts";
import type { PageChallenge } from "../views/challenge.tsx";
import type { Page } from "../views/layout.tsx";
import { sourcesOf } from "./challenge.ts";

/** The result of a form, for the page that answers it. Empty if the form is shown for the first time. */
export interface Outcome {
  readonly refusal?: Refusal | undefined;
  readonly challenge?: PageChallenge | undefined;
}

/**
 * Answers with the page of a form, with the status of its result and `Retry-After`. The page may load what its
 * challenge needs.
 *
 * @param outcome.returnTo further addresses that a form of the page may be answered with
 */
export async function sendOutcome(
  c: Context<Env>,
  deps: HttpDeps,
  page: Page,
  { refusal, challenge, returnTo = [] }: Outcome & { readonly returnTo?: readonly string[] },
): Promise<Response> {
  if (refusal) c.set("refusal", refusal.code);
  const seconds = refusal?.retryAfterSeconds;
  if (seconds) c.header("retry-after", String(seconds));
  const status = refusal ? REFUSALS[refusal.code].status : 200;
  return await sendPage(c, deps, page, { status, sources: sourcesOf(challenge), returnTo });
}

/** Whether a refusal only asks for a challenge. It is not shown as an error: the challenge itself says what to do. */
export function isDemand(refusal: Refusal): boolean {
  return refusal.code === "captcha_required";
}

/** Whether a refusal is about the entered code, and about nothing else of the form. */
export function isOfCode({ code, field }: Refusal): boolean {
  return code === "invalid_code" || field === "code";
}

/** Whether a refusal says nothing against the input: the same input may be accepted later. */
export function isBlameless({ code }: Refusal): boolean {
  return REFUSALS[code].status >= 429;
}
