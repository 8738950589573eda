import type { RefusalCode } from "../../core/refusals.ts";

/** What the developer of a client should do about each refusal; `docs/errors.md` prints it. Texts are Markdown. */
export const REMEDIES: Readonly<Record<RefusalCode, string>> = {
  invalid_request:
    "Correct the part that `field` names, as `detail` says. Sending the same again gives the same answer.",
  invalid_phone:
    "Ask for the number again. Numbers without a country code are read as those of `DEFAULT_COUNTRY`.",
  invalid_token:
    "Refresh the access token once and repeat the request. If that is refused too, let the person sign in.",
  invalid_code:
    "Let the person try again, or ask for a new code. Wrong, expired and used-up codes get the same answer on purpose.",
  invalid_api_key:
    "Use the key that `phonekey keys api create` printed, from a network that it allows. Operators: the log says why a known key was refused.",
  invalid_signature:
    "Sign the body as it is sent with `SMS_WEBHOOK_SECRET`, as Standard Webhooks does, and make sure that the clock is right: five minutes are too old.",
  invalid_proof:
    "Start a new verification. A proof lives 5 minutes and can be redeemed once, with a key of the backend that started the verification.",
  phone_taken:
    "Tell the person that the number already has an account. They can sign in with it and delete that account, or use another number; accounts are never merged.",
  purpose_not_allowed: "Use a key made for this purpose; `phonekey keys api list` shows what each is for.",
  invalid_refresh_token: "The session is over. Forget its tokens and let the person sign in.",
  invalid_handover:
    "Send the person to the sign-in page again. A handover lives 60 seconds, works once, and needs the `codeVerifier` of its challenge.",
  forbidden_origin:
    "Load the page again and send its own form. Operators: behind a proxy, make sure that it passes on `Host`, or that `PUBLIC_URL` is right.",
  invalid_credentials:
    "Let the person try again, or sign in with a code. A wrong password, a number without a password and one without an account get the same answer on purpose.",
  code_required:
    "Let the person sign in with a code. After ten wrong passwords in a day, or 50 in 30 days, passwords for the number are not checked; devices that signed in before are counted separately.",
  sign_up_closed:
    "Tell the person that they have no account here. Operators: `SIGN_UP` says who may sign up, and `phonekey users invite` invites people.",
  captcha_required:
    "Let the person solve a challenge of one of the `kinds` and repeat the request with `captcha`, as docs/challenges.md shows. A solution counts once and soon expires.",
  second_factor_required:
    "Ask the person for one of `methods`, and send it with `challenge` to POST /v1/sessions; for `sms`, first start a verification with purpose `second_factor` and the `challenge`. If there are no methods but a `retryAfter`, the password was set by SMS and counts as a second factor only after that time.",
  invalid_challenge:
    "Start again with the first step. A challenge lives 10 minutes and works only on the device that began.",
  factor_missing: "Let the person add an authenticator app or a passkey, and repeat the request.",
  factor_needed:
    "This is the last factor besides the phone. Let the person turn login protection off or add another factor, then repeat the request.",
  too_many_factors: "Let the person remove a factor that they no longer use.",
  password_required:
    "The person signed in with a temporary password. Let them choose one of their own with PUT /v1/me/password, then repeat the request.",
  step_up_required:
    "The person has to confirm who they are: the session needs level `acrValues`, confirmed at most `maxAge` seconds ago. Send one of `methods` to POST /v1/sessions/current/step-up and repeat the request with the new access token. If `methods` names none, the person has to sign in again with a code. Pages lead to `/account/confirm`.",
  user_not_found:
    "Let the person sign up by signing in with a code. Only somebody who entered the right code is told this.",
  not_found:
    "Check the address and the id. What belongs to somebody else, and verifications that are over, are not found either.",
  method_not_allowed: "Use the method that `/docs` names for this address.",
  request_timeout: "Send the request again, without pausing in the middle.",
  idempotency_in_progress:
    "Wait for `retryAfter` seconds and repeat the request with the same key: it gets the first one's answer.",
  request_too_large: "Send less. No call needs a large body.",
  unsupported_media_type: "Send JSON, with the header `Content-Type: application/json`.",
  country_not_allowed: "Ask for another number, or let the operator add the country to `ALLOWED_COUNTRIES`.",
  phone_not_mobile: "Ask for a mobile number. Landlines, satellite and service numbers receive no codes.",
  phone_unreachable:
    "Ask the person to check the number, or to use another one. For the carrier it is off, blocked or out of service.",
  password_too_short: "Ask for a password of 8 characters or more.",
  password_too_long: "Ask for a password of 256 characters or less.",
  password_too_common:
    "Ask for another one. The most common passwords, patterns, and passwords made of the phone number or the name of the service are refused.",
  idempotency_key_reused:
    "Make a new random key for each new request. Use the old key only to repeat exactly the same request.",
  template_unavailable:
    "For a transaction, use a payee and a currency for which there is an approved template; the amount must fit into its variables. Operators: `TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION` lists these templates. A change of number is refused because nobody could tell the former number. Operators: set `TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGE_STARTED` (or `…_PHONE_CHANGED` with `PHONE_CHANGE_HOURS=0`).",
  too_many_requests:
    "Wait for `retryAfter` seconds, then repeat the request with a new `Idempotency-Key` if it had one. Show the person a countdown; asking sooner does not help.",
  headers_too_large: "Send fewer or smaller headers; often the domain's cookies have grown too large.",
  internal_error:
    "Try again later. If it persists, give the operator the `requestId`. Operators: the log has the cause under that id.",
  captcha_unavailable:
    "Try again after `retryAfter` seconds. Operators: the captcha service cannot be reached or refuses your keys; `phonekey doctor` tests it. Devices that signed in before are not affected.",
  sms_unavailable:
    "Try again after `retryAfter` seconds, with a new `Idempotency-Key`: the old one keeps getting this answer for 24 hours. Operators: [alerts](alerts.md#what-there-is) and the log say what is wrong; `phonekey doctor` tests the sender.",
  unavailable:
    "Try again after `retryAfter` seconds, with the same `Idempotency-Key`; nothing was lost. Operators: a store cannot be reached; `phonekey doctor` says which one.",
};
