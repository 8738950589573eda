import { z } from "zod";
import { AVATARS } from "../../core/account/ports.ts";
import { PURPOSES } from "../../core/verification/purpose.ts";

/** A moment on the wire is RFC 3339 in UTC; inside it is epoch milliseconds. */
const Time = z.iso.datetime().meta({ example: "2026-11-23T08:00:00.000Z", description: "RFC 3339, UTC" });

const Purpose = z
  .enum(PURPOSES, { error: `must be one of ${PURPOSES.join(", ")}` })
  .meta({ description: "What the verification is for; `sign_in` also signs up." });

const boundedText = (max: number) =>
  z
    .string({ error: "must be a string" })
    .min(1, "must not be empty")
    .max(max, `must have at most ${max} characters`);

const DeviceToken = boundedText(4_096).meta({
  description:
    "What an earlier sign-in on this device returned; it keeps strangers from using up this phone's sends.",
});

export const StartBody = z.strictObject({
  phone: boundedText(64).meta({ example: "+8613800138000", description: "However a person writes it." }),
  purpose: Purpose.default("sign_in"),
  locale: z
    .enum(["en", "zh-CN"], { error: "must be en or zh-CN" })
    .optional()
    .meta({ description: "Language of the message; else that of `Accept-Language`." }),
  deviceToken: DeviceToken.optional(),
});

export const VerificationId = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/, "must be the id of a verification")
    .meta({ description: "The verification's id." }),
});

export const Verification = z
  .object({
    id: z.string().meta({ description: "Unguessable; needed together with the code." }),
    status: z.enum(["pending", "approved", "expired", "exhausted", "canceled"]),
    purpose: Purpose,
    phone: z.string().meta({ description: "Masked.", example: "+86 138••••8000" }),
    codeLength: z.number().int().meta({ description: "How many digits the code has." }),
    expiresAt: Time,
    resendAt: Time.meta({ description: "From when on it may be sent again." }),
  })
  .meta({ id: "Verification" });

const Code = boundedText(64).meta({
  example: "004217",
  description: "The digits; full-width digits, spaces and hyphens are taken too.",
});

export const OpenSessionBody = z.union(
  [
    z.strictObject({
      verificationId: boundedText(64),
      code: Code,
      deviceToken: DeviceToken.optional(),
    }),
    z.strictObject({
      handover: boundedText(4_096).meta({
        description: "What `return_to` handed over; 60 seconds, one use.",
      }),
      codeVerifier: z
        .string({ error: "must be a string" })
        .regex(/^[A-Za-z0-9._~-]{43,128}$/, "must be 43 to 128 unreserved characters (RFC 7636)"),
    }),
  ],
  { error: "must hold verificationId and code, or handover and codeVerifier" },
);

export const RefreshBody = z.strictObject({ refreshToken: boundedText(4_096) });

export const User = z
  .object({
    id: z.string(),
    phone: z.string().meta({ example: "+8613800138000", description: "E.164; the user's own." }),
    name: z.string().meta({ description: "Empty until the user sets one." }),
    avatar: z.url().meta({ description: "Address of one of the avatars that Phonekey serves." }),
    createdAt: Time,
  })
  .meta({ id: "User" });

export const SessionTokens = z
  .object({
    accessToken: z.string().meta({ description: "JWT (RFC 9068), ES256; verify it by the JWKS." }),
    tokenType: z.literal("Bearer"),
    expiresIn: z.number().int().meta({ description: "Seconds until the access token expires." }),
    refreshToken: z.string().meta({ description: "For one use at POST /v1/sessions/refresh." }),
    deviceToken: z.string().meta({ description: "Keep it on the device and send it with later sign-ins." }),
    user: User,
  })
  .meta({ id: "SessionTokens" });

export const OpenedSession = SessionTokens.extend({
  created: z.boolean().meta({ description: "Whether this sign-in made the user." }),
}).meta({ id: "OpenedSession" });

const Session = z
  .object({
    id: z.string(),
    current: z.boolean().meta({ description: "Whether it is the one that asks." }),
    device: z.string().meta({ example: "Chrome · Android" }),
    createdAt: Time,
    lastUsedAt: Time,
    expiresAt: Time,
  })
  .meta({ id: "Session" });

export const Sessions = z.object({ sessions: z.array(Session) }).meta({ id: "Sessions" });

export const SessionId = z.object({
  id: z.uuid("must be the id of a session").meta({ description: "The session's id." }),
});

export const SessionScope = z.object({
  scope: z
    .enum(["others", "all"], { error: "must be others or all" })
    .meta({ description: "`others` keeps the session that asks." }),
});

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
