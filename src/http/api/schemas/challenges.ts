import { z } from "zod";
import { CHALLENGE_KINDS, type ChallengeKind } from "../../../core/protection/challenges/ports.ts";
import { boundedText, Purpose } from "./fields.ts";

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
        ticket: widgetToken(2_048),
        randstr: widgetToken(128),
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
