import type { z } from "zod";
import type { Phonekey } from "../../../core/phonekey.ts";
import { ok, type Result } from "../../../core/refusals.ts";
import { selfOf } from "../../../core/session/session.ts";
import type { Client } from "../../../core/verification/client.ts";
import type { Self } from "../../../core/verification/self.ts";
import { originOf } from "../../origin.ts";
import { operation, type PrincipalOf } from "../operation.ts";
import {
  AskedVerification,
  ResendBody,
  StartBody,
  StartedVerification,
  Verification,
  VerificationId,
} from "../schemas/verifications.ts";
import { type AnyRequest, clientOf, pageRequestOf, servedClient, verificationBody } from "./wire.ts";

const SEND_REFUSALS = [
  "captcha_required",
  "captcha_unavailable",
  "too_many_requests",
  "idempotency_in_progress",
  "idempotency_key_reused",
  "phone_unreachable",
  "sms_unavailable",
] as const;

export const startVerification = operation({
  summary: "Start a verification",
  description:
    "Sends a code by SMS. The answer is the same whether or not the number is known. If the outcome of the send is not known in time, the answer is 201 and the person may ask for it again. A backend shows its API key (`Authorization: Bearer pk_…`), a signed-in person their access token, and whoever is between two steps the `challenge` of their sign-in: with it `second_factor` sends a code to their own phone, and `phone` may be left out; `change_phone` sends one to the number that their account shall move to.",
  auth: "any_if_shown",
  sends: true,
  body: StartBody,
  answer: {
    status: 201,
    description: "The verification, waiting for its code.",
    schema: StartedVerification,
  },
  refusals: [
    "invalid_request",
    "invalid_api_key",
    "invalid_token",
    "password_required",
    "invalid_challenge",
    "purpose_not_allowed",
    "invalid_phone",
    "country_not_allowed",
    "phone_not_mobile",
    "template_unavailable",
    ...SEND_REFUSALS,
  ],
  example: { phone: "+8613800138000" },
  handle: async (request, phonekey, deps) => {
    const { phone, purpose, captcha, reference, transaction, locale = request.locale } = request.body;
    const { idempotency, principal } = request;
    const { backend } = principal;
    const client = servedClient(request, backend, request.body);
    if (!client.ok) return client;
    const self = await readSelf(request, client.value, phonekey);
    if (!self.ok) return self;
    const started = await phonekey.verifications.start({
      phone,
      purpose,
      locale,
      client: client.value,
      self: self.value,
      backend,
      reference,
      transaction,
      page: pageRequestOf(request.body.page),
      captcha,
      idempotency,
    });
    if (!started.ok) return started;
    const { link } = started.value;
    const pageUrl = link && `${originOf(request.c, deps.settings)}/verify/${link}`;
    return ok({ ...verificationBody(started.value), ...(pageUrl && { pageUrl }) });
  },
});

type Start = AnyRequest & {
  readonly body: z.output<typeof StartBody>;
  readonly principal: PrincipalOf["any_if_shown"];
};

/**
 * The person who is signed in, or who is between the two steps of a sign-in. The latter counts only for the second
 * step.
 */
async function readSelf(
  { principal: { person }, body: { challenge, purpose } }: Start,
  client: Client,
  { signIn }: Phonekey,
): Promise<Result<Self | undefined, "invalid_challenge">> {
  if (person) return ok(selfOf(person));
  if (challenge === undefined || purpose !== "second_factor") return ok(undefined);
  return await signIn.selfOf({ challenge, client });
}

export const resendVerification = operation({
  summary: "Send the code again",
  description:
    "Sends the same code again while it lives. No new guesses come with it, and it never expires later than 10 minutes after the start. The backend that started it shows its API key and is asked for no challenge.",
  auth: "backend_if_shown",
  sends: true,
  params: VerificationId,
  body: ResendBody,
  answer: { status: 200, description: "The verification as it is now.", schema: Verification },
  refusals: ["not_found", ...SEND_REFUSALS],
  handle: async (request, phonekey) => {
    const { idempotency, params, principal: shownBy } = request;
    const { captcha } = request.body ?? {};
    const sent = await phonekey.verifications.resend({
      id: params.id,
      client: clientOf(request),
      shownBy,
      captcha,
      idempotency,
    });
    return sent.ok ? ok(verificationBody(sent.value)) : sent;
  },
});

export const readVerification = operation({
  summary: "Read a verification",
  description:
    "Its status, and when it expires or may be sent again. The backend that started it shows its API key and gets the proof besides, for 5 minutes after the code was entered.",
  auth: "backend_if_shown",
  params: VerificationId,
  answer: { status: 200, description: "The verification as it is now.", schema: AskedVerification },
  refusals: ["not_found"],
  handle: async (request, phonekey) => {
    const { params, principal: backend } = request;
    const found = await phonekey.verifications.read({ id: params.id, client: clientOf(request), backend });
    if (!found.ok) return found;
    const { proof } = found.value;
    return ok({ ...verificationBody(found.value), ...(proof && { proof }) });
  },
});
