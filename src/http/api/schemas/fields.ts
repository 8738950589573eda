import { z } from "zod";
import { AVATARS } from "../../../core/account/ports.ts";
import { CHALLENGE_KINDS, type ChallengeKind } from "../../../core/protection/challenges/ports.ts";
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

function kind<Kind extends ChallengeKind>(name: Kind) {
  return z.literal(name).meta({ description: "Which challenge it was." });
}

const widgetToken = (max: number) =>
  boundedText(max).meta({ description: "What the widget's callback got." });

/** What a solved challenge gave, one form a kind. */
export const Captcha = z
  .union(
    [
      z.strictObject({
        kind: kind("altcha"),
        payload: boundedText(4_096).meta({
          description: "The solution in Base64, as ALTCHA's widget makes it.",
        }),
      }),
      z.strictObject({
        kind: kind("tencent"),
        ticket: boundedText(2_048).meta({ description: "What the widget's callback got." }),
        randstr: boundedText(128).meta({ description: "What the widget's callback got." }),
      }),
      z.strictObject({ kind: kind("turnstile"), token: widgetToken(2_048) }),
      z.strictObject({ kind: kind("hcaptcha"), token: widgetToken(8_192) }),
    ],
    { error: `must be an object whose kind is ${CHALLENGE_KINDS.join(", ")}, with what belongs to it` },
  )
  .meta({ description: "What a solved challenge gave; it counts once. Needed after `captcha_required`." });

/** For clients that show one with every sign-in. */
export const UnaskedCaptcha = Captcha.optional().meta({
  description: "No challenge is asked for here: one that was solved is taken along, and not used up.",
});

export const ResendBody = z.strictObject({ captcha: Captcha.optional() }).optional();

export const ChallengeBody = z.strictObject({
  phone: boundedText(64).meta({ example: "+8613800138000", description: "The phone of the start to come." }),
  purpose: Purpose.default("sign_in"),
});

export const Challenge = z
  .object({
    kind: z.enum(CHALLENGE_KINDS).meta({ description: "What is to be solved, and the `kind` of `captcha`." }),
    siteKey: z
      .string()
      .optional()
      .meta({ description: "What the third party's widget is started with; its app id with `tencent`." }),
    puzzle: z.looseObject({}).optional().meta({
      description: "With `altcha`: the challenge of its protocol, version 2, for its widget or a solver.",
    }),
  })
  .meta({ id: "Challenge" });

export const VerificationId = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/, "must be the id of a verification")
    .meta({ description: "The verification's id." }),
});

export const Verification = z
  .object({
    id: z.string().meta({ description: "Unguessable; needed together with the code." }),
    status: z
      .enum(["pending", "approved", "expired", "exhausted", "canceled"])
      .meta({ description: "Only a `pending` one can be approved; the others are over." }),
    purpose: Purpose,
    phone: z.string().meta({ description: "Masked.", example: "+86 138••••8000" }),
    codeLength: z.int().meta({ description: "How many characters the code has." }),
    codeAlphabet: z.literal("letters").optional().meta({
      description: "There where the code is a password of letters and digits; codes are digits.",
    }),
    expiresAt: Time.meta({ description: "The first moment at which the code is no longer good." }),
    resendAt: Time.meta({ description: "From when on it may be sent again." }),
  })
  .meta({ id: "Verification" });

export const Code = boundedText(64).meta({
  example: "004217",
  description:
    "The digits, or the letters and digits of a temporary password; full-width ones, spaces and hyphens are taken too.",
});

export const StartedId = boundedText(64).meta({ description: "The `id` of the verification." });

/** More than the longest password in any form of Unicode. */
const MOST_TYPED = 1_024;

export const Password = boundedText(MOST_TYPED).meta({ example: "lantern orchard vessel" });

export const NewPassword = Password.meta({
  description: "8 to 256 characters of any kind; no common ones, patterns, or the phone number.",
});

export const RefreshBody = z.strictObject({
  refreshToken: boundedText(4_096).meta({ description: "The one of the session's last answer." }),
});

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

export const AccessToken = z
  .object({
    accessToken: z.string().meta({
      description:
        "JWT (RFC 9068), ES256; verify it by the JWKS. `acr` is `1`, or `2` after two factors, `amr` says which, `auth_time` when the person last showed who they are.",
    }),
    tokenType: z.literal("Bearer").meta({ description: "How to send it: `Authorization: Bearer …`." }),
    expiresIn: z.int().meta({ description: "Seconds until the access token expires." }),
  })
  .meta({ id: "AccessToken" });

export const SessionTokens = z
  .object({
    ...AccessToken.shape,
    refreshToken: z.string().meta({ description: "For one use at POST /v1/sessions/refresh." }),
    deviceToken: z.string().meta({ description: "Keep it on the device and send it with later sign-ins." }),
    user: User.meta({ description: "Whose session it is." }),
    mustSetPassword: z.literal(true).optional().meta({
      description: "There where a temporary password opened the session: the user has to choose their own.",
    }),
  })
  .meta({ id: "SessionTokens" });

export const OpenedSession = SessionTokens.extend({
  created: z.boolean().meta({ description: "Whether this sign-in made the user." }),
}).meta({ id: "OpenedSession" });

const Session = z
  .object({
    id: z.string().meta({ description: "What DELETE /v1/sessions/{id} takes." }),
    current: z.boolean().meta({ description: "Whether it is the one that asks." }),
    device: z
      .string()
      .meta({ example: "Chrome · Android", description: "What the browser or the app calls itself." }),
    createdAt: Time.meta({ description: "When it was opened." }),
    lastUsedAt: Time.meta({
      description: "When it was opened, last refreshed or last seen on the account page.",
    }),
    expiresAt: Time.meta({ description: "When it ends however much it is used." }),
  })
  .meta({ id: "Session" });

export const Sessions = z
  .object({ sessions: z.array(Session).meta({ description: "Those that are open." }) })
  .meta({ id: "Sessions" });

export const ChangePhoneBody = z.strictObject({
  verificationId: boundedText(64).meta({ description: "The `id` of a verification with `change_phone`." }),
  code: Code,
});

export const PhoneState = z
  .object({
    phone: z.string().meta({ example: "+8613800138000", description: "E.164; the number that signs in." }),
    pending: z
      .object({
        phone: z.string().meta({ example: "+86 139••••9000", description: "The new number, masked." }),
        takesEffectAt: Time.meta({ description: "When the account moves." }),
      })
      .optional()
      .meta({ description: "The number that the account is about to move to, where there is one." }),
  })
  .meta({ id: "PhoneState" });

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
