import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonical, readAuthorization, signatureOf } from "../../support/tencent/signature.ts";

/** A request for which the official library and an independent implementation make the same signature. */
const BODY =
  '{"PhoneNumberSet":["+8618511122233"],"SmsSdkAppId":"1400006666","TemplateId":"1110","SignName":"腾讯云","TemplateParamSet":["123456","5"]}';
const REQUEST = {
  method: "POST",
  path: "/",
  query: "",
  headers: { "content-type": "application/json", host: "sms.tencentcloudapi.com" },
  body: Buffer.from(BODY),
};
const SCOPE = { date: "2023-11-14", service: "sms", signedHeaders: ["content-type", "host"] };
const TIME = "1700000000";
const CANONICAL_SHA256 = "ba7a8707c21bcbe475cb9a704c13117c49482bd04a5ab2bbdb0f3bd334c82b7f";
const SIGNATURE = "8c7d33712c7b48899b1c9dbe30f60be69fd422fd412facca35373ef8eb3922d6";

describe("TC3-HMAC-SHA256, as the stand-in verifies it,", () => {
  it("gives the known signature for the known request", () => {
    const text = canonical(REQUEST, SCOPE.signedHeaders);
    expect(createHash("sha256").update(text).digest("hex")).toBe(CANONICAL_SHA256);
    expect(signatureOf(REQUEST, SCOPE, TIME, "secretTEST")).toBe(SIGNATURE);
  });

  it("leaves the port out of the host", () => {
    const headers = { ...REQUEST.headers, host: "sms.tencentcloudapi.com:8443" };
    expect(signatureOf({ ...REQUEST, headers }, SCOPE, TIME, "secretTEST")).toBe(SIGNATURE);
  });

  it.each<[string, object, object, string, string]>([
    ["the body", { body: Buffer.from(BODY.replace("123456", "123457")) }, {}, TIME, "secretTEST"],
    ["the path", { path: "/x" }, {}, TIME, "secretTEST"],
    ["the method", { method: "GET" }, {}, TIME, "secretTEST"],
    ["the time", {}, {}, "1700000001", "secretTEST"],
    ["the service", {}, { service: "cvm" }, TIME, "secretTEST"],
    ["the day", {}, { date: "2023-11-15" }, TIME, "secretTEST"],
    ["the key", {}, {}, TIME, "secretTESU"],
  ])("gives another signature for another value of %s", (_, request, scope, time, key) => {
    expect(signatureOf({ ...REQUEST, ...request }, { ...SCOPE, ...scope }, time, key)).not.toBe(SIGNATURE);
  });

  it.each([
    undefined,
    "",
    "SKIP",
    `TC3-HMAC-SHA256 Credential=a/2023-11-14/sms/tc3_request, SignedHeaders=host, Signature=${SIGNATURE.slice(1)}`,
    `TC3-HMAC-SHA256 Credential=a/2023-11-14/sms/tc4_request, SignedHeaders=host, Signature=${SIGNATURE}`,
    `HMAC Credential=a/2023-11-14/sms/tc3_request, SignedHeaders=host, Signature=${SIGNATURE}`,
  ])("finds no authorization in %j", (header) => {
    expect(readAuthorization(header)).toBeUndefined();
  });
});
