import type { Context } from "hono";
import type { Refusal } from "../../../core/refusals.ts";
import type { Env, HttpDeps } from "../../context.ts";
import { messagePageFor } from "../errors.ts";
import { type FlowForm, pageClient } from "../flow.ts";
import { enter } from "./enter.ts";
import { beginSecondStep } from "./second-step.ts";

/**
 * Signs in by the code in a form, or leads to the second step.
 *
 * @param again shows the form again with the refusal
 */
export async function signInByCode(
  c: Context<Env>,
  deps: HttpDeps,
  { flow, fields }: FlowForm,
  verificationId: string,
  again: (refusal: Refusal) => Promise<Response>,
): Promise<Response> {
  const signedIn = await deps.phonekey.signIn.byCode({
    verificationId,
    code: fields.get("code") ?? "",
    client: pageClient(c, deps, flow),
    userAgent: c.req.header("user-agent") ?? "",
  });
  if (signedIn.ok) return await enter(c, deps, flow, signedIn.value);
  const { refusal } = signedIn;
  if (refusal.secondFactor) return beginSecondStep(c, deps, refusal.secondFactor.challenge);
  // The code was right and is used up, so it cannot be entered again here.
  if (refusal.code === "sign_up_closed") return await messagePageFor(c, deps, refusal);
  return await again(refusal);
}
