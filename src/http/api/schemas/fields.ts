import { z } from "zod";
import { PURPOSES } from "../../../core/verification/purpose.ts";

/** A moment on the wire is RFC 3339 in UTC; inside it is epoch milliseconds. */
export const Time = z.iso
  .datetime()
  .meta({ example: "2026-11-23T08:00:00.000Z", description: "RFC 3339, UTC" });

export const Purpose = z.enum(PURPOSES, { error: `must be one of ${PURPOSES.join(", ")}` }).meta({
  description:
    "What the verification is for; `sign_in` also signs up, `temporary_password` sends a password that signs in once, `verify_identity` and `confirm_transaction` take an API key and give a proof, `second_factor` takes an access token and shows again who the person is, `change_phone` goes to the number that their account shall move to, `delete_account` to their own.",
});

export const boundedText = (max: number) =>
  z
    .string({ error: "must be a string" })
    .min(1, "must not be empty")
    .max(max, `must have at most ${max} characters`);

export const DeviceToken = boundedText(4_096).meta({
  description:
    "What an earlier sign-in on this device returned; it keeps strangers from using up this phone's sends.",
});

export const Code = boundedText(64).meta({
  example: "004217",
  description:
    "The digits, or the letters and digits of a temporary password; full-width ones, spaces and hyphens are taken too.",
});

export const StartedId = boundedText(64).meta({ description: "The `id` of the verification." });

/** More characters than the longest password has in any form of Unicode. */
const MOST_TYPED = 1_024;

export const Password = boundedText(MOST_TYPED).meta({ example: "lantern orchard vessel" });
