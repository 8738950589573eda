import type { AlertKind } from "../../core/alerts/kinds.ts";
import type { SendStatus } from "../../core/delivery/ports.ts";

/** What one of the cloud's codes means for a message. */
export interface Meaning {
  /** What becomes of the message, and so what the person is told (`SendStatus`). */
  readonly status: SendStatus;
  /** What the operator is told; a person can do nothing about it. */
  readonly alert?: AlertKind;
  /** When the person may try again. `midnight` is the cloud's: until then it accepts no message for this number. */
  readonly retryAfter?: number | "midnight";
}

const MINUTE = 60;
const HOUR = 3_600;

/**
 * The codes of both layers, the answer's and each number's. They share one list (API 2021-01-11, its client's error
 * list, and the common codes of all products). A code ending in `.*` stands for all of its family that are not listed.
 * Two codes were misspelt in older lists and are right in newer ones; both spellings are here.
 *
 * | meaning | the person is told | the operator is told | |---|---|---|
 * | `throttled` | 429, when to try again | nothing |
 * | `bad_number` | 422, another number | nothing |
 * | `rejected` | 503, later | the alert |
 * | `unavailable` | nothing yet: once more, then the next sender, then 503 | nothing |
 * | `unknown` | 201: it may be on its way | nothing |
 */
const TABLE: readonly (readonly [Meaning, readonly string[]])[] = [
  // The cloud's limits for one number. The same content is the same code, and a code lives ten minutes at most.
  [{ status: "throttled", retryAfter: 35 }, ["LimitExceeded.PhoneNumberThirtySecondLimit"]],
  [{ status: "throttled", retryAfter: MINUTE }, ["LimitExceeded.DeliveryFrequencyLimit"]],
  [{ status: "throttled", retryAfter: 10 * MINUTE }, ["LimitExceeded.PhoneNumberSameContentDailyLimit"]],
  [{ status: "throttled", retryAfter: HOUR }, ["LimitExceeded.PhoneNumberOneHourLimit"]],
  [{ status: "throttled", retryAfter: "midnight" }, ["LimitExceeded.PhoneNumberDailyLimit"]],

  [
    { status: "bad_number" },
    [
      "InvalidParameterValue.IncorrectPhoneNumber",
      "FailedOperation.PhoneNumberParseFail",
      "FailedOperation.PhoneNumberInBlacklist",
      "FailedOperation.PhoneNumberOnBlacklist",
      "UnsupportedOperation.UnsuportedRegion",
      "UnsupportedOperation.UnsupportedRegion",
    ],
  ],

  [{ status: "rejected", alert: "sms_balance" }, ["FailedOperation.InsufficientBalanceInSmsPackage"]],
  [
    { status: "rejected", alert: "sms_arrears" },
    ["UnauthorizedOperation.SerivceSuspendDueToArrears", "UnauthorizedOperation.ServiceSuspendDueToArrears"],
  ],
  [
    { status: "rejected", alert: "sms_quota" },
    [
      "LimitExceeded.AppDailyLimit",
      "LimitExceeded.AppMainlandChinaDailyLimit",
      "LimitExceeded.AppGlobalDailyLimit",
      "LimitExceeded.AppCountryOrRegionDailyLimit",
      "LimitExceeded.DailyLimit",
    ],
  ],
  [{ status: "rejected", alert: "sms_country" }, ["LimitExceeded.AppCountryOrRegionInBlacklist"]],
  [
    { status: "rejected", alert: "sms_signature" },
    ["FailedOperation.SignatureIncorrectOrUnapproved", "FailedOperation.SignIdNotExist"],
  ],
  [
    { status: "rejected", alert: "sms_template" },
    [
      "FailedOperation.TemplateIncorrectOrUnapproved",
      "FailedOperation.TemplateUnapprovedOrNotExist",
      "FailedOperation.TemplateIdNotExist",
      "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
      "FailedOperation.ContainSensitiveWord",
      "FailedOperation.MarketingSendTimeConstraint",
      "InvalidParameter.DirtyWordFound",
      "InvalidParameterValue.ContentLengthLimit",
      "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
      "InvalidParameterValue.TemplateParameterFormatError",
      "InvalidParameterValue.TemplateParameterLengthLimit",
      "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
      "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
      "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",
    ],
  ],
  [
    { status: "rejected", alert: "sms_credentials" },
    [
      "AuthFailure.*",
      "InternalError.SigFieldMissing",
      "InternalError.SigVerificationFail",
      "IpInBlacklist",
      "IpNotInWhitelist",
      "UnauthorizedOperation",
      "UnauthorizedOperation.CamNoAuth",
      "UnauthorizedOperation.RequestIpNotInWhitelist",
      "UnauthorizedOperation.RequestPermissionDeny",
      "FailedOperation.ProhibitSubAccountUse",
    ],
  ],
  [
    { status: "rejected", alert: "sms_clock" },
    ["AuthFailure.SignatureExpire", "InternalError.RequestTimeException"],
  ],
  [
    { status: "rejected", alert: "sms_account" },
    [
      "FailedOperation.NotEnterpriseCertification",
      "InvalidParameter.AppidAndBizId",
      "InvalidParameterValue.SdkAppIdNotExist",
      "UnauthorizedOperation.SdkAppIdIsDisabled",
      "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
    ],
  ],
  // What this program or its settings get wrong, or what the list leaves open.
  [
    { status: "rejected", alert: "sms_refused" },
    [
      "FailedOperation.FailResolvePacket",
      "FailedOperation.JsonParseFail",
      "FailedOperation.OtherError",
      "FailedOperation.ParametersOtherError",
      "InternalError.RestApiInterfaceNotExist",
      "InvalidAction",
      "InvalidParameter",
      "InvalidParameter.InvalidParameters",
      "LimitExceeded.PhoneNumberCountLimit",
      "MissingParameter",
      "MissingParameter.EmptyPhoneNumberSet",
      "NoSuchProduct",
      "NoSuchVersion",
      "UnsupportedOperation",
      "UnsupportedOperation.",
      "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
      "UnsupportedRegion",
    ],
  ],

  // Turned away at the door: certainly not sent.
  [{ status: "unavailable" }, ["RequestLimitExceeded", "RequestLimitExceeded.*"]],
  // An internal error of the cloud. It does not say whether the message had already gone out.
  [{ status: "unknown" }, ["InternalError", "InternalError.*"]],
];

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  TABLE.flatMap(([meaning, codes]) => codes.map((code) => [code, meaning] as const)),
);

/** An unlisted code is a refusal. Trying again might be refused for ever, so an operator has to look. */
const UNKNOWN_CODE: Meaning = { status: "rejected", alert: "sms_refused" };

export function meaningOf(code: string): Meaning {
  const family = `${code.split(".")[0]}.*`;
  return MEANINGS.get(code) ?? MEANINGS.get(family) ?? UNKNOWN_CODE;
}
