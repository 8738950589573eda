import { z } from "zod";
import { Captcha, UnaskedCaptcha } from "./challenges.ts";
import { SECOND_STEPS } from "./factors.ts";
import { boundedText, Code, DeviceToken, Password, StartedId, Time } from "./fields.ts";
import { User } from "./me.ts";

/** All that opens a session. */
export const OpenSessionBody = z.union(
  [
    z.strictObject({
      verificationId: StartedId,
      code: Code,
      deviceToken: DeviceToken.optional(),
      captcha: UnaskedCaptcha,
    }),
    z.strictObject({
      phone: boundedText(64).meta({ example: "+8613800138000", description: "However a person writes it." }),
      password: Password.meta({ description: "As the person typed it." }),
      deviceToken: DeviceToken.optional(),
      captcha: Captcha.optional(),
    }),
    z.strictObject({
      handover: boundedText(4_096).meta({
        description: "What `return_to` handed over; 60 seconds, one use.",
      }),
      codeVerifier: z
        .string({ error: "must be a string" })
        .regex(/^[A-Za-z0-9._~-]{43,128}$/, "must be 43 to 128 unreserved characters (RFC 7636)")
        .meta({ description: "What the challenge was made of (RFC 7636, S256)." }),
      deviceToken: DeviceToken.optional(),
      captcha: UnaskedCaptcha,
    }),
    ...SECOND_STEPS,
  ],
  {
    error:
      "must hold verificationId and code, phone and password, handover and codeVerifier, or a challenge and a factor",
  },
);

export const RefreshBody = z.strictObject({
  refreshToken: boundedText(4_096).meta({ description: "The one of the session's last answer." }),
});

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

export const SessionId = z.object({
  id: z.uuid("must be the id of a session").meta({ description: "The session's id." }),
});

export const SessionScope = z.object({
  scope: z
    .enum(["others", "all"], { error: "must be others or all" })
    .meta({ description: "`others` keeps the session that asks." }),
});
