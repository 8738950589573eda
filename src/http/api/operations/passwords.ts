import { ok } from "../../../core/refusals.ts";
import { timeOf } from "../../time.ts";
import { operation } from "../operation.ts";
import { PasswordBody, Reset, ResetBody } from "../schemas/passwords.ts";
import { clientOf, protectionBody } from "./wire.ts";

const PASSWORD_REFUSALS = [
  "invalid_request",
  "password_too_short",
  "password_too_long",
  "password_too_common",
] as const;

export const setPassword = operation({
  summary: "Set or change the password",
  description:
    "Takes a sign-in or a step-up of the last ten minutes, or the current password. All other sessions end, and every device is unknown from then on; this one is known again by the device token of its next refresh.",
  auth: "access_token",
  beforePassword: true,
  body: PasswordBody,
  answer: { status: 204, description: "The password is set." },
  refusals: [
    ...PASSWORD_REFUSALS,
    "invalid_token",
    "invalid_credentials",
    "code_required",
    "step_up_required",
    "too_many_requests",
  ],
  example: { newPassword: "lantern orchard vessel" },
  handle: async ({ principal, body, locale }, phonekey) => {
    const { newPassword, currentPassword } = body;
    const given = currentPassword !== undefined && { currentPassword };
    return await phonekey.passwords.change({ principal, locale, newPassword, ...given });
  },
});

export const removePassword = operation({
  summary: "Remove the password",
  description:
    "The person signs in by code alone from then on. Takes a sign-in or a step-up of the last ten minutes. Sessions and devices as with a change; where there is no password nothing happens.",
  auth: "access_token",
  answer: { status: 204, description: "There is no password." },
  refusals: ["invalid_token", "step_up_required", "factor_needed"],
  handle: async ({ principal, locale }, phonekey) => {
    return await phonekey.passwords.remove({ principal, locale });
  },
});

export const resetPassword = operation({
  summary: "Set a new password by a code",
  description:
    "By the code of a verification with purpose `reset_password`. A password that cannot be taken is refused before the code is looked at. Whether the number has an account is told after the right code alone. All sessions and devices of the account end. The answer names the factors that the account has, so that the person sees whether one is not theirs; after a sign-in they can be removed.",
  auth: "none",
  body: ResetBody,
  answer: { status: 200, description: "The password is set; sign in with it.", schema: Reset },
  refusals: [...PASSWORD_REFUSALS, "invalid_code", "user_not_found", "too_many_requests"],
  example: {
    verificationId: "kTzR3JwWmJ0pQxv1hE2c4A",
    code: "004217",
    newPassword: "lantern orchard vessel",
  },
  handle: async (request, phonekey) => {
    const { deviceToken, ...body } = request.body;
    const { locale } = request;
    const client = clientOf(request, deviceToken);
    const reset = await phonekey.passwords.reset({ ...body, locale, client });
    if (!reset.ok) return reset;
    const { setAt, ...protection } = reset.value;
    return ok({ passwordSetAt: timeOf(setAt), ...protectionBody(protection) });
  },
});
