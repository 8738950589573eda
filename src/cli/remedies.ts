import type { RefusalCode } from "../core/refusals.ts";

/** What the developer of a client does about each refusal; `docs/errors.md` prints it. Texts are Markdown. */
export const REMEDIES: Readonly<Record<RefusalCode, string>> = {
  invalid_request:
    "Correct the part that `field` names, as `detail` says. Sending the same again gives the same answer.",
  invalid_phone:
    "Ask for the number again. Numbers without a country code are read as those of `DEFAULT_COUNTRY`.",
  invalid_token:
    "Refresh the access token once and repeat the request. If that is refused too, let the person sign in.",
  invalid_code:
    "Let the person try again, or start over after some failures. Wrong, expired, used and exhausted codes are not told apart on purpose.",
  invalid_api_key:
    "Show the key that `phonekey keys api create` printed, from a network that it is for. Operators: the log says why a key that there is was refused.",
  invalid_proof:
    "Start a new verification. A proof lives 5 minutes and is redeemed once, with a key of the backend that started the verification.",
  phone_taken:
    "Tell the person that the number has an account already. They sign in with it and delete that account, or use another number; accounts are never merged.",
  purpose_not_allowed:
    "Use a key that was made with this purpose; `phonekey keys api list` shows what each is for.",
  invalid_refresh_token: "The session is over. Forget its tokens and let the person sign in.",
  invalid_handover:
    "Begin at the sign-in page again. A handover lives 60 seconds, works once, and needs the `codeVerifier` of its challenge.",
  forbidden_origin:
    "Load the page again and send its own form. Behind a proxy, see that it passes `Host` on or that `PUBLIC_URL` is right.",
  invalid_credentials:
    "Let the person try again, or sign in with a code. A wrong password, a number without a password and one without an account are not told apart on purpose.",
  code_required:
    "Let the person sign in with a code. Ten wrong passwords in a day, or 50 in 30 days, and a password alone is not looked at; devices that signed in before count for themselves.",
  sign_up_closed:
    "Tell the person that there is no account for them. Operators: `SIGN_UP` says who may sign up, `phonekey users invite` invites.",
  captcha_required:
    "Let the person solve a challenge of one of the `kinds` and repeat the request with `captcha`, as docs/challenges.md shows. A solution counts once and soon expires.",
  second_factor_required:
    "Let the person show one of `methods`, and send it with `challenge` to POST /v1/sessions; for `sms`, start a verification with `second_factor` and the `challenge` before. No methods and `retryAfter`: the password was set by SMS and counts beside it after that.",
  invalid_challenge: "Begin at the first step again. A challenge lives 10 minutes, on the device that began.",
  factor_missing: "Let the person add an authenticator app or a passkey, and repeat the request.",
  factor_needed:
    "It is the last one beside the phone. Turn login protection off, or add another one, and repeat the request.",
  too_many_factors: "Remove a factor that is not used any more.",
  password_required:
    "The person came by a temporary password. Let them choose one of their own with PUT /v1/me/password, and repeat the request.",
  step_up_required:
    "Raise the session with POST /v1/sessions/current/step-up to the level `acrValues` at most `maxAge` seconds ago, by one of `methods` where it names some (where it names none, the person signs in anew by a code), and repeat the request with the new access token. Pages lead to `/account/confirm`.",
  user_not_found: "Let the person sign up, by signing in with a code. It is told after the right code alone.",
  not_found:
    "Check the address and the id. Things that belong to somebody else and verifications that are over are not found either.",
  method_not_allowed: "Use the method that `/docs` names for this address.",
  request_timeout: "Send the request again, without pauses.",
  idempotency_in_progress:
    "Wait for `retryAfter` seconds and repeat the request with the same key: it gets the first one's answer.",
  request_too_large: "Send less. No call needs a large body.",
  unsupported_media_type: "Send JSON, with the header `Content-Type: application/json`.",
  country_not_allowed: "Ask for another number, or let the operator add the country to `ALLOWED_COUNTRIES`.",
  phone_not_mobile: "Ask for a mobile number. Landlines, satellite and service numbers receive no codes.",
  phone_unreachable:
    "Ask the person to check the number, or for another one. The carrier has it as off, blocked or out of service.",
  password_too_short: "Ask for a password of 8 characters or more.",
  password_too_long: "Ask for a password of 256 characters or less.",
  password_too_common:
    "Ask for another one. Refused are the passwords that are chosen most, patterns, and those made of the phone number or the name of the service.",
  idempotency_key_reused:
    "Make a new random key for each new request. Use the old key only to repeat the very same request.",
  template_unavailable:
    "Of a transaction: use a payee and a currency for which there is an approved text; the amount must fit into its variables. Operators: `TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION` names these texts. Of a change of number: nobody could tell the former number. Operators: name the text of `TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGE_STARTED` (of `…_PHONE_CHANGED` with `PHONE_CHANGE_HOURS=0`).",
  too_many_requests:
    "Wait for `retryAfter` seconds, and take a new `Idempotency-Key` where the call takes one. Show the person a countdown; asking sooner does not help.",
  headers_too_large: "Send fewer or smaller headers; often the cookies of the domain have grown.",
  internal_error: "Try again later. If it stays, give the operator the `requestId`.",
  captcha_unavailable:
    "Try again after `retryAfter` seconds. Operators: the captcha service cannot be reached; devices that signed in before are not affected.",
  sms_unavailable:
    "Try again after `retryAfter` seconds, with a new `Idempotency-Key`: the former one gets this answer for 24 hours. Operators: the log says what is wrong with the sender.",
  unavailable:
    "Try again after `retryAfter` seconds, with the same `Idempotency-Key`. Nothing was lost; a store cannot be reached.",
};
