import { operation } from "../operation.ts";
import { Challenge, ChallengeBody } from "../schemas/challenges.ts";
import { clientOf } from "./wire.ts";

export const offerChallenge = operation({
  summary: "Get a challenge",
  description:
    "What it takes to solve a challenge after `captcha_required`, for a start or a resend with this very phone and purpose. A solution counts once. `not_found` where nobody is challenged.",
  auth: "none",
  body: ChallengeBody,
  answer: { status: 200, description: "The challenge; it keeps for 5 minutes.", schema: Challenge },
  refusals: ["invalid_request", "invalid_phone", "country_not_allowed", "phone_not_mobile", "not_found"],
  example: { phone: "+8613800138000" },
  handle: async (request, phonekey) =>
    await phonekey.challenges.forStart({ ...request.body, client: clientOf(request) }),
});
