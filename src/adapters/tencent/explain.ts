import type { TencentError } from "./errors.ts";

const REASONS: readonly (readonly [code: RegExp, sentence: string])[] = [
  [
    /^AuthFailure\.(SecretIdNotFound|InvalidSecretId)$/,
    "it does not know TENCENT_SECRET_ID; see that the key is there and enabled (console, Cloud Access Management, API keys)",
  ],
  [/^AuthFailure\.NoCredential$/, "there is no API key, and no role that brings one"],
  [/^AuthFailure\.SignatureFailure$/, "TENCENT_SECRET_KEY does not belong to TENCENT_SECRET_ID"],
  [
    /^(AuthFailure\.SignatureExpire|InternalError\.RequestTimeException)$/,
    "this machine's clock is wrong by minutes",
  ],
  [/^AuthFailure\.TokenFailure$/, "the temporary key has expired, or its token does not belong to it"],
  [
    /^(AuthFailure\.UnauthorizedOperation|UnauthorizedOperation(\.RequestPermissionDeny|\.CamNoAuth)?)$/,
    "this key may not do that; give its user the right to this action of sms",
  ],
  [/NotEnterpriseCertification$/, "the account has no organizational identity; verify it in the console"],
  [/ProhibitSubAccountUse$/, "a sub-account may not do that; use a key of the main account"],
  [/SdkAppId(NotExist|VerifyFail)$/, "TENCENT_SMS_SDK_APP_ID names no application of this account"],
  [/SdkAppIdIsDisabled$/, "the SMS application is disabled"],
  [
    /(RequestIpNotInWhitelist|IpNotInWhitelist)$/,
    "this machine's address is not on the application's allowlist",
  ],
  [/Ser(iv|vi)ceSuspendDueToArrears$/, "the account is in arrears"],
  [/^UnsupportedRegion$/, "SMS is not served in TENCENT_REGION"],
  [/^RequestLimitExceeded/, "too many calls at once; try again in a minute"],
  [/ImageInvalid$/, "the image cannot be used: a readable JPG or PNG is wanted"],
  [
    /MissingSignature$/,
    "it takes no template before the account has a signature; run this again once that is approved",
  ],
  [/SignExistAndUnapproved$/, "a signature of this name is there already and not approved"],
  [/SignAlreadyPassedCheck$/, "this signature has passed its review already, and cannot be changed"],
  [/TemplateAlreadyPassedCheck$/, "this template has passed its review already, and cannot be changed"],
  [/(Sign|Template)NumberLimit$/, "the account has as many as it may have; delete what is not used"],
  [/UnsupportedTemplateVariable$/, "a notice to Mainland China may have no variables"],
  [/TemplateWithDirtyWords$|DirtyWordFound$|ContainSensitiveWord$/, "the text has a word that is refused"],
  [/^InternalError/, "it has a fault of its own; try again"],
];

/**
 * Why a call failed, in a sentence for the person at the terminal. It contains nothing of the request and no part of a
 * key.
 */
export function explainTencent({ code, httpStatus, hasLeft, requestId }: TencentError): string {
  const request = requestId ? ` (request ${requestId})` : "";
  if (code !== undefined) {
    const known = REASONS.find(([pattern]) => pattern.test(code))?.[1];
    return `Tencent Cloud: ${known ?? "refused"}${known ? ` [${code}]` : `, ${code}`}${request}`;
  }
  if (httpStatus !== undefined) return `Tencent Cloud: something in between answered HTTP ${httpStatus}`;
  const what = hasLeft ? "gave no answer in time" : "cannot be reached";
  return `Tencent Cloud: ${what}; see to the network (no proxy is used) and TENCENT_SMS_ENDPOINT`;
}
