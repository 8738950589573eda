import { describe, expect, it, onTestFinished } from "vitest";
import { createSmsClient } from "../../src/adapters/tencent/client.ts";
import { startCloud } from "../support/tencent/cloud.ts";
import { createCounters } from "../support/tencent/sms-limits.ts";
import { createSmsSending } from "../support/tencent/sms-send.ts";

const KEY = { secretId: "AKIDtest", secretKey: "secretTEST" };
const ORDER = {
  PhoneNumberSet: ["+8613800138000"],
  SmsSdkAppId: "1400006666",
  TemplateId: "1110",
  SignName: "腾讯云",
  TemplateParamSet: ["123456", "5"],
};
const FOREIGN = { PhoneNumberSet: ["+85261234567"], TemplateId: "2110", SignName: undefined };
const two = ["+8613800138000", "+8613900139000"];

async function start() {
  const sms = createSmsSending({
    sdkAppId: "1400006666",
    signatures: ["腾讯云"],
    templates: [
      { id: "1110", content: "{1}为您的登录验证码，请于{2}分钟内填写。" },
      { id: "1111", content: `您好，{1}。${"长".repeat(70)}`, type: "notice" },
      { id: "2110", content: "{1} is your code for {2} minutes.", isInternational: true },
    ],
  });
  const cloud = await startCloud({ products: [sms], accounts: [KEY] });
  onTestFinished(cloud.close);
  const client = createSmsClient({ credential: () => KEY, region: "ap-guangzhou", endpoint: cloud.url });
  const send = async (over: object = {}) => {
    const parameters = JSON.parse(JSON.stringify({ ...ORDER, ...over })) as object;
    return (await client.call("SendSms", parameters)) as { SendStatusSet: Record<string, unknown>[] };
  };
  const codes = async (over: object = {}) => (await send(over)).SendStatusSet.map(({ Code }) => Code);
  return { sms, send, codes };
}

describe("SendSms of the stand-in", () => {
  it.each(["+8613800138000", "008613800138000", "8613800138000", "13800138000"])(
    "takes a number of mainland China as %s",
    async (number) => {
      const { codes, sms } = await start();
      expect(await codes({ PhoneNumberSet: [number] })).toEqual(["Ok"]);
      expect(sms.taken[0]?.to).toBe("+8613800138000");
    },
  );

  it.each<[string, object]>([
    ["MissingParameter", { TemplateId: undefined }],
    ["MissingParameter", { PhoneNumberSet: undefined }],
    ["MissingParameter.EmptyPhoneNumberSet", { PhoneNumberSet: [] }],
    ["UnknownParameter", { Sign: "腾讯云" }],
    ["InvalidParameter", { TemplateId: 1110 }],
    ["InvalidParameter", { PhoneNumberSet: "+8613800138000" }],
    ["InvalidParameter", { SessionContext: "x".repeat(512) }],
    ["InvalidParameterValue.IncorrectPhoneNumber", { PhoneNumberSet: ["+861380013800"] }],
    ["InvalidParameterValue.IncorrectPhoneNumber", { PhoneNumberSet: ["85261234567"] }],
    [
      "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
      { PhoneNumberSet: ["+8613800138000", "+85261234567"] },
    ],
    ["LimitExceeded.PhoneNumberCountLimit", { PhoneNumberSet: Array(201).fill("+8613800138000") }],
    ["UnauthorizedOperation.SmsSdkAppIdVerifyFail", { SmsSdkAppId: "1400000000" }],
    ["FailedOperation.TemplateIncorrectOrUnapproved", { TemplateId: "9" }],
    ["FailedOperation.SignatureIncorrectOrUnapproved", { SignName: undefined }],
    ["FailedOperation.SignatureIncorrectOrUnapproved", { SignName: "【腾讯云】" }],
    ["FailedOperation.TemplateParamSetNotMatchApprovedTemplate", { TemplateParamSet: ["123456"] }],
    ["FailedOperation.TemplateParamSetNotMatchApprovedTemplate", { TemplateParamSet: undefined }],
    ["InvalidParameterValue.TemplateParameterFormatError", { TemplateParamSet: ["1234567", "5"] }],
    ["InvalidParameterValue.TemplateParameterFormatError", { TemplateParamSet: ["12345a", "5"] }],
    ["UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", { ...FOREIGN, TemplateId: "1110" }],
    ["UnsupportedOperation.GlobalTemplateToChineseMainlandPhone", { TemplateId: "2110" }],
  ])("refuses with %s: %j", async (code, over) => {
    const { send, sms } = await start();
    await expect(send(over)).rejects.toMatchObject({ code });
    expect(sms.taken).toHaveLength(0);
  });

  it("takes two hundred numbers, and international ones without a signature", async () => {
    const { codes } = await start();
    const numbers = Array.from({ length: 200 }, (_, n) => `+86138${String(n).padStart(8, "0")}`);
    expect(new Set(await codes({ PhoneNumberSet: numbers }))).toEqual(new Set(["Ok"]));
    expect(await codes(FOREIGN)).toEqual(["Ok"]);
  });

  it("answers for each number", async () => {
    const { send, sms } = await start();
    sms.refuse.push("FailedOperation.PhoneNumberInBlacklist");
    const { SendStatusSet } = await send({ PhoneNumberSet: two, SessionContext: "s1" });
    expect(SendStatusSet).toMatchObject([
      {
        PhoneNumber: two[0],
        Code: "FailedOperation.PhoneNumberInBlacklist",
        Fee: 0,
        SerialNo: "",
        IsoCode: "",
      },
      { PhoneNumber: two[1], Code: "Ok", Fee: 1, SessionContext: "s1", IsoCode: "CN" },
    ]);
  });

  it("takes a repeated call with another content as a second message", async () => {
    const { codes, sms } = await start();
    await codes();
    expect(await codes()).toEqual(["LimitExceeded.PhoneNumberThirtySecondLimit"]);
    expect(await codes({ TemplateParamSet: ["654321", "5"] })).toEqual(["Ok"]);
    expect(sms.taken).toHaveLength(2);
  });

  it("charges a long message by its parts", async () => {
    const { send } = await start();
    const { SendStatusSet } = await send({ TemplateId: "1111", TemplateParamSet: ["您"] });
    expect(SendStatusSet).toMatchObject([{ Code: "Ok", Fee: 2 }]);
  });
});

describe("the limits of the stand-in", () => {
  const HOUR = 3_600_000;
  /** 22:00 in China. */
  const EVENING = Date.UTC(2026, 10, 25, 14);

  it("count by calendar days of +08:00", () => {
    const { refusal } = createCounters({ sameContentIn30Seconds: 100 });
    expect([1, 2, 3].map(() => refusal("a", "x", EVENING))).toEqual([
      undefined,
      undefined,
      "LimitExceeded.PhoneNumberDailyLimit",
    ]);
    expect(refusal("b", "x", EVENING)).toBeUndefined();
    expect(refusal("a", "x", EVENING + 2 * HOUR - 1)).toBe("LimitExceeded.PhoneNumberDailyLimit");
    expect(refusal("a", "x", EVENING + 2 * HOUR)).toBeUndefined();
  });

  it("count by hours if an hourly limit is set", () => {
    const { refusal } = createCounters({ sameContentIn30Seconds: 100, anHour: 1, aDay: 100 });
    expect(refusal("a", "x", EVENING)).toBeUndefined();
    expect(refusal("a", "y", EVENING + HOUR - 1)).toBe("LimitExceeded.PhoneNumberOneHourLimit");
    expect(refusal("a", "y", EVENING + HOUR)).toBeUndefined();
  });

  it("refuse the same content for thirty seconds, and no other content", () => {
    const { refusal } = createCounters({ aDay: 100 });
    expect(refusal("a", "x", EVENING)).toBeUndefined();
    expect(refusal("a", "y", EVENING)).toBeUndefined();
    expect(refusal("a", "x", EVENING + 29_999)).toBe("LimitExceeded.PhoneNumberThirtySecondLimit");
    expect(refusal("a", "x", EVENING + 30_000)).toBeUndefined();
  });
});
