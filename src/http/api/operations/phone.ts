import type { z } from "zod";
import type { PhoneState as State } from "../../../core/life/change-phone.ts";
import { ok } from "../../../core/refusals.ts";
import { timeOf } from "../../time.ts";
import { operation } from "../operation.ts";
import { ChangePhoneBody, PhoneState } from "../schemas/phone.ts";
import { clientOf } from "./wire.ts";

export const readPhone = operation({
  summary: "Read the user's phone number",
  description:
    "The number that signs in to the account, and the one that it is about to move to, if there is one.",
  auth: "access_token",
  answer: { status: 200, description: "The number.", schema: PhoneState },
  refusals: ["invalid_token"],
  handle: async ({ principal }, phonekey) => {
    const state = await phonekey.life.readPhone(principal);
    return state.ok ? ok(phoneBody(state.value)) : state;
  },
});

export const changePhone = operation({
  summary: "Move the account to another number",
  description:
    "Takes the code of a verification with purpose `change_phone`, which went to the new number, and a session that showed within 15 minutes that the former number, or more than a password, is at hand: by what raised it last, or by what opened it. `step_up_required` names in `methods` what raises it enough; with login protection that rests on the password it is the password, and then the number. The former number gets a notice by which it can be stopped; the change takes effect after `PHONE_CHANGE_HOURS`, and then all other sessions end. Whether the number has an account (`phone_taken`) is told after the right code alone.",
  auth: "access_token",
  body: ChangePhoneBody,
  answer: { status: 200, description: "The number as it is now.", schema: PhoneState },
  refusals: [
    "invalid_request",
    "invalid_token",
    "invalid_code",
    "step_up_required",
    "template_unavailable",
    "phone_taken",
    "too_many_requests",
  ],
  example: { verificationId: "kTzR3JwWmJ0pQxv1hE2c4A", code: "004217" },
  handle: async (request, phonekey) => {
    const { principal, body, locale } = request;
    const changed = await phonekey.life.changePhone({
      principal,
      ...body,
      locale,
      client: clientOf(request),
    });
    return changed.ok ? ok(phoneBody(changed.value)) : changed;
  },
});

export const cancelPhoneChange = operation({
  summary: "Take a change of number back",
  description: "Ends a change that has not taken effect yet. Any session of the user may do that.",
  auth: "access_token",
  answer: { status: 204, description: "The account keeps its number." },
  refusals: ["invalid_token", "not_found"],
  handle: async ({ principal }, phonekey) => {
    return await phonekey.life.cancelPhoneChange(principal);
  },
});

function phoneBody({ phone, pending }: State): z.input<typeof PhoneState> {
  if (!pending) return { phone };
  return { phone, pending: { phone: pending.phone, takesEffectAt: timeOf(pending.takesEffectAt) } };
}
