import { describe, expect, it } from "vitest";
import { meaningOf } from "../../../src/adapters/tencent/codes.ts";
import { nextMidnight } from "../../../src/adapters/tencent/midnight.ts";

/** Each code of the API's documents, by the status or alert that it must lead to. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  throttled: [
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
    "LimitExceeded.PhoneNumberDailyLimit",
    "LimitExceeded.PhoneNumberSameContentDailyLimit",
    "LimitExceeded.DeliveryFrequencyLimit",
  ],
  bad_number: [
    "InvalidParameterValue.IncorrectPhoneNumber",
    "FailedOperation.PhoneNumberParseFail",
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.PhoneNumberOnBlacklist",
    "UnsupportedOperation.UnsuportedRegion",
    "UnsupportedOperation.UnsupportedRegion",
  ],
  unavailable: [
    "RequestLimitExceeded",
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
    "RequestLimitExceeded.IPLimitExceeded",
    "RequestLimitExceeded.UinLimitExceeded",
  ],
  unknown: [
    "InternalError",
    "InternalError.Timeout",
    "InternalError.SendAndRecvFail",
    "InternalError.OtherError",
    "InternalError.UnknownError",
    "InternalError.ParseBackendResponseFail",
    "InternalError.JsonParseFail",
    "InternalError.NeverSeenBefore",
  ],
  sms_quota: [
    "LimitExceeded.AppDailyLimit",
    "LimitExceeded.AppMainlandChinaDailyLimit",
    "LimitExceeded.AppGlobalDailyLimit",
    "LimitExceeded.DailyLimit",
    "LimitExceeded.AppCountryOrRegionDailyLimit",
  ],
  sms_country: ["LimitExceeded.AppCountryOrRegionInBlacklist"],
  sms_balance: ["FailedOperation.InsufficientBalanceInSmsPackage"],
  sms_arrears: [
    "UnauthorizedOperation.SerivceSuspendDueToArrears",
    "UnauthorizedOperation.ServiceSuspendDueToArrears",
  ],
  sms_signature: ["FailedOperation.SignatureIncorrectOrUnapproved", "FailedOperation.SignIdNotExist"],
  sms_template: [
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "FailedOperation.TemplateUnapprovedOrNotExist",
    "FailedOperation.TemplateIdNotExist",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.MarketingSendTimeConstraint",
    "InvalidParameter.DirtyWordFound",
    "InvalidParameterValue.TemplateParameterFormatError",
    "InvalidParameterValue.TemplateParameterLengthLimit",
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
    "InvalidParameterValue.ContentLengthLimit",
    "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",
  ],
  sms_credentials: [
    "AuthFailure.SignatureFailure",
    "AuthFailure.SecretIdNotFound",
    "AuthFailure.InvalidSecretId",
    "AuthFailure.InvalidAuthorization",
    "AuthFailure.TokenFailure",
    "AuthFailure.MFAFailure",
    "AuthFailure.UnauthorizedOperation",
    "InternalError.SigFieldMissing",
    "InternalError.SigVerificationFail",
    "IpNotInWhitelist",
    "IpInBlacklist",
    "AuthFailure.NoCredential",
    "UnauthorizedOperation.CamNoAuth",
    "UnauthorizedOperation.RequestIpNotInWhitelist",
    "UnauthorizedOperation.RequestPermissionDeny",
    "FailedOperation.ProhibitSubAccountUse",
  ],
  sms_clock: ["AuthFailure.SignatureExpire", "InternalError.RequestTimeException"],
  sms_account: [
    "FailedOperation.NotEnterpriseCertification",
    "InvalidParameterValue.SdkAppIdNotExist",
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
    "UnauthorizedOperation.SdkAppIdIsDisabled",
    "InvalidParameter.AppidAndBizId",
  ],
  sms_refused: [
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
    "FailedOperation.NeverSeenBefore",
    "LimitExceeded.NeverSeenBefore",
    "AnotherFamily",
    "",
    "__proto__",
  ],
};

describe("the cloud's error codes", () => {
  const cases = Object.entries(EXPECTED).flatMap(([what, codes]) =>
    codes.map((code) => [code, what] as const),
  );

  it.each(cases)("%j means %s", (code, what) => {
    const { status, alert } = meaningOf(code);
    expect(alert ?? status).toBe(what);
    if (alert) expect(status).toBe("rejected");
  });
});

describe("the cloud's next midnight", () => {
  it.each([
    ["2026-11-25T15:59:59.999Z", "2026-11-25T16:00:00.000Z"],
    ["2026-11-25T16:00:00.000Z", "2026-11-26T16:00:00.000Z"],
    ["2026-12-31T12:00:00.000Z", "2026-12-31T16:00:00.000Z"],
    ["2028-02-29T20:00:00.000Z", "2028-03-01T16:00:00.000Z"],
  ])("after %s is %s", (now, midnight) => {
    expect(new Date(nextMidnight(Date.parse(now))).toISOString()).toBe(midnight);
  });
});
