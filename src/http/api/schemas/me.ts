import { z } from "zod";
import { AVATARS } from "../../../core/account/ports.ts";
import { boundedText, Time } from "./fields.ts";

export const User = z
  .object({
    id: z.string().meta({ description: "Stays the same for ever; the phone may change." }),
    phone: z.string().meta({ example: "+8613800138000", description: "E.164; the user's own." }),
    name: z.string().meta({ description: "Empty until the user sets one." }),
    avatar: z.url().meta({ description: "Address of one of the avatars that Phonekey serves." }),
    hasPassword: z.boolean().meta({ description: "Whether the user can sign in with a password, too." }),
    createdAt: Time.meta({ description: "When the first sign-in made the user." }),
  })
  .meta({ id: "User" });

export const ProfileBody = z
  .strictObject({
    name: boundedText(256)
      .optional()
      .meta({ description: "1 to 64 characters without control or bidirectional ones, kept as sent." }),
    avatar: z
      .int({ error: `must be a whole number from 1 to ${AVATARS}` })
      .min(1, `must be a whole number from 1 to ${AVATARS}`)
      .max(AVATARS, `must be a whole number from 1 to ${AVATARS}`)
      .optional()
      .meta({ description: `Which of the ${AVATARS} avatars.` }),
  })
  .refine((body) => body.name !== undefined || body.avatar !== undefined, "must change something");
