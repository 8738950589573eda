import { expect, it } from "vitest";
import { TencentError } from "../../../src/adapters/tencent/errors.ts";
import { explainTencent } from "../../../src/adapters/tencent/explain.ts";

it.each([
  ["AuthFailure.SecretIdNotFound", /does not know TENCENT_SECRET_ID/],
  ["AuthFailure.SignatureFailure", /TENCENT_SECRET_KEY does not belong/],
  ["AuthFailure.SignatureExpire", /clock is wrong/],
  ["AuthFailure.TokenFailure", /temporary key/],
  ["AuthFailure.UnauthorizedOperation", /this key may not do that/],
  ["UnauthorizedOperation", /this key may not do that/],
  ["FailedOperation.NotEnterpriseCertification", /organizational identity/],
  ["InvalidParameterValue.SdkAppIdNotExist", /TENCENT_SMS_SDK_APP_ID/],
  ["UnauthorizedOperation.SmsSdkAppIdVerifyFail", /TENCENT_SMS_SDK_APP_ID/],
  ["UnauthorizedOperation.RequestIpNotInWhitelist", /allowlist/],
  ["InvalidParameterValue.ImageInvalid", /image/],
  ["FailedOperation.TemplateNumberLimit", /as many as it may have/],
  ["FailedOperation.MissingSignature", /before the account has a signature/],
  ["UnsupportedRegion", /TENCENT_REGION/],
  ["UnauthorizedOperation.SerivceSuspendDueToArrears", /arrears/],
  ["UnauthorizedOperation.ServiceSuspendDueToArrears", /arrears/],
  ["InvalidParameterValue.UnsupportedTemplateVariable", /no variables/],
])("the error %s is explained by a sentence that says what to do", (code, sentence) => {
  const error = new TencentError({
    code,
    said: "AKIDsecret +8613800138000",
    hasLeft: true,
    requestId: "r-1",
  });
  const text = explainTencent(error);
  expect(text).toMatch(sentence);
  expect(text).toContain(`[${code}] (request r-1)`);
  expect(text).not.toMatch(/AKID|138001/);
});

it("an unknown error is explained by its code", () => {
  expect(explainTencent(new TencentError({ code: "New.Code", hasLeft: true }))).toBe(
    "Tencent Cloud: refused, New.Code",
  );
});

it("an unreachable cloud and a missing answer are told apart", () => {
  expect(explainTencent(new TencentError({ hasLeft: false }))).toMatch(/cannot be reached.*no proxy is used/);
  expect(explainTencent(new TencentError({ hasLeft: true }))).toMatch(/gave no answer/);
  expect(explainTencent(new TencentError({ httpStatus: 502, hasLeft: true }))).toMatch(/HTTP 502/);
});
