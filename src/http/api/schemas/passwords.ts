import { z } from "zod";
import { PROTECTION } from "./factors.ts";
import { Code, DeviceToken, Password, StartedId, Time } from "./fields.ts";

const NewPassword = Password.meta({
  description: "8 to 256 characters of any kind; no common ones, patterns, or the phone number.",
});

export const PasswordBody = z.strictObject({
  newPassword: NewPassword,
  currentPassword: Password.optional().meta({
    description: "The one until now; stands in for a recent sign-in.",
  }),
});

export const ResetBody = z.strictObject({
  verificationId: StartedId,
  code: Code,
  newPassword: NewPassword,
  deviceToken: DeviceToken.optional(),
});

export const Reset = z
  .object({ passwordSetAt: Time.meta({ description: "When the password was set." }), ...PROTECTION })
  .meta({ id: "PasswordReset" });
