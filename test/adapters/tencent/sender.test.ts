import { describe, expect, it, onTestFinished } from "vitest";
import { createSmsClient } from "../../../src/adapters/tencent/client.ts";
import { createTencentSender, type TencentSenderSettings } from "../../../src/adapters/tencent/sender.ts";
import type { SmsMessage } from "../../../src/core/delivery/ports.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { type Cloud, startCloud } from "../../support/tencent/cloud.ts";
import { createSmsSending, type SmsAccount } from "../../support/tencent/sms-send.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
/** 20:30 in Guangzhou, half past noon UTC. */
const EVENING = Date.UTC(2026, 10, 25, 12, 30);
const MIDNIGHT = Date.UTC(2026, 10, 25, 16);
const CODE_AND_MINUTES = ["code", "minutes"] as const;

const ACCOUNT: SmsAccount = {
  sdkAppId: "1400006666",
  signatures: ["腾讯云", "别名"],
  templates: [
    { id: "1110", content: "{1}为您的登录验证码，请于{2}分钟内填写。" },
    { id: "1111", content: "请于{1}分钟内填写验证码{2}。" },
    { id: "1112", content: "验证码{1}。" },
    { id: "1113", content: "验证码{1}，向阳光超市确认{2}元{3}分。" },
    { id: "1115", content: "向阳光超市确认{1}日元，验证码{2}。" },
    { id: "2110", content: "{1} is your code for {2} minutes.", isInternational: true },
  ],
};

const SETTINGS: TencentSenderSettings = {
  sdkAppId: "1400006666",
  mainland: {
    signature: "腾讯云",
    template: { id: "1110", parameters: CODE_AND_MINUTES },
    templates: {},
    transactions: [
      { id: "1113", parameters: ["code", "whole", "fraction"], currency: "CNY", payee: "阳光超市" },
      { id: "1114", parameters: ["whole", "code"], currency: "CNY", payee: "Round Ltd" },
      { id: "1115", parameters: ["whole", "code"], currency: "JPY", payee: "阳光超市" },
    ],
  },
  international: { template: { id: "2110", parameters: CODE_AND_MINUTES }, templates: {}, transactions: [] },
};

const MESSAGE = {
  id: "01a20a7c-0000-7000-8000-000000000000",
  to: "+8613800138000",
  purpose: "sign_in",
  locale: "en",
  code: "004217",
  minutes: 5,
  text: "004217 is your code.",
} as SmsMessage;

interface Options {
  readonly settings?: Partial<TencentSenderSettings>;
  readonly account?: Partial<SmsAccount>;
}

async function start({ settings, account }: Options = {}) {
  const sms = createSmsSending({ ...ACCOUNT, ...account });
  const clock = { now: () => Date.now() };
  const cloud: Cloud = await startCloud({ products: [sms], accounts: [KEYS], clock });
  onTestFinished(cloud.close);
  const access = { credential: () => KEYS, region: "ap-guangzhou", endpoint: cloud.url };
  const sender = createTencentSender({
    client: createSmsClient(access),
    settings: { ...SETTINGS, ...settings },
    clock: { now: () => EVENING },
  });
  const send = (over: object = {}, deadlineMs = 3_000) =>
    sender.send({ ...MESSAGE, ...over } as SmsMessage, { signal: () => AbortSignal.timeout(deadlineMs) });
  return { cloud, sms, sender, send };
}

describe("a notice", () => {
  const notice = {
    purpose: "phone_change_started",
    code: undefined,
    minutes: undefined,
    stopCode: "0123456789abcdef",
  };
  const account = {
    templates: [
      {
        id: "3110",
        type: "notice" as const,
        content: "您的账号即将更换手机号，如非本人操作，请打开 id.example.com/stop/{1} 停止。",
      },
    ],
  };
  const own = { id: "3110", parameters: ["stop"] as const };
  const settings = { mainland: { ...SETTINGS.mainland, templates: { phone_change_started: own } } };

  it("fills a template of its own with what stops the thing", async () => {
    const { send, sender, sms } = await start({ settings, account });
    expect(sender.carries?.({ ...MESSAGE, ...notice } as unknown as SmsMessage)).toBe(true);
    expect(await send(notice)).toMatchObject({ status: "accepted" });
    expect(sms.taken[0]?.text).toContain("/stop/0123456789abcdef ");
  });

  it("is not carried by the text of a code", async () => {
    const { send, sender, sms } = await start();
    expect(sender.carries?.(MESSAGE)).toBe(true);
    expect(sender.carries?.({ ...MESSAGE, ...notice } as unknown as SmsMessage)).toBe(false);
    expect(await send(notice)).toMatchObject({ status: "rejected", providerCode: "no_template" });
    expect(sms.taken).toEqual([]);
  });
});

describe("what it sends", () => {
  it("fills the approved template and carries our id", async () => {
    const { send, sms, cloud } = await start();
    const outcome = await send();
    expect(sms.taken).toMatchObject([
      {
        to: MESSAGE.to,
        text: "【腾讯云】004217为您的登录验证码，请于5分钟内填写。",
        sessionContext: MESSAGE.id,
      },
    ]);
    expect(outcome).toEqual({
      status: "accepted",
      providerId: sms.taken[0]?.serialNo,
      requestId: cloud.calls[0]?.requestId,
      fee: 1,
      settles: ["tencent/mainland", "tencent/mainland/CN", "tencent/mainland/sign_in"],
    });
  });

  it.each<[string, Partial<TencentSenderSettings["mainland"]>, string]>([
    [
      "another order",
      { template: { id: "1111", parameters: ["minutes", "code"] } },
      "请于5分钟内填写验证码004217。",
    ],
    ["fewer variables", { template: { id: "1112", parameters: ["code"] } }, "验证码004217。"],
    [
      "a template of the purpose",
      { templates: { sign_in: { id: "1112", parameters: ["code"] } } },
      "验证码004217。",
    ],
  ])("knows %s", async (_, mainland, text) => {
    const { send, sms } = await start({ settings: { mainland: { ...SETTINGS.mainland, ...mainland } } });
    expect(await send()).toMatchObject({ status: "accepted" });
    expect(sms.taken[0]?.text).toBe(`【腾讯云】${text}`);
  });

  it("knows a signature of one template alone", async () => {
    const template = { id: "1112", parameters: ["code"], signature: "别名" } as const;
    const { send, sms } = await start({ settings: { mainland: { ...SETTINGS.mainland, template } } });
    await send();
    expect(sms.taken[0]?.text).toBe("【别名】验证码004217。");
  });

  it.each([
    ["+85261234567", "HK"],
    ["+886912345678", "TW"],
    ["+14155550123", "US"],
  ])("takes the international text, without a signature, to %s", async (to, country) => {
    const { send, sms } = await start();
    expect(await send({ to })).toMatchObject({
      status: "accepted",
      settles: ["tencent/international", `tencent/international/${country}`, "tencent/international/sign_in"],
    });
    expect(sms.taken).toMatchObject([{ to, text: "004217 is your code for 5 minutes." }]);
  });

  const PURCHASE = { amount: "120.05", currency: "CNY", payee: "阳光超市" };
  const CONFIRM = { purpose: "confirm_transaction", transaction: PURCHASE } as const;

  it("says a transaction by the text that names its payee, the amount in its variables", async () => {
    const { send, sms } = await start();
    await send(CONFIRM);
    await send({ ...CONFIRM, transaction: { ...PURCHASE, amount: "900", currency: "JPY" } });
    expect(sms.taken.map(({ text }) => text)).toEqual([
      "【腾讯云】验证码004217，向阳光超市确认120元05分。",
      "【腾讯云】向阳光超市确认900日元，验证码004217。",
    ]);
  });

  it("sends no code for a transaction that no text says whole", async () => {
    const { send, cloud } = await start();
    const outcome = { status: "rejected", providerCode: "no_template" };
    expect(await send({ purpose: "confirm_transaction" })).toMatchObject(outcome);
    expect(await send({ ...CONFIRM, transaction: { ...PURCHASE, payee: "阳光商店" } })).toMatchObject(
      outcome,
    );
    expect(cloud.calls).toHaveLength(0);
  });

  it.each([
    [PURCHASE, true],
    [{ ...PURCHASE, amount: "999999.99" }, true],
    [{ ...PURCHASE, amount: "1000000.00" }, false],
    [{ ...PURCHASE, payee: "阳光超市 " }, false],
    [{ ...PURCHASE, payee: "阳光超⼤" }, false],
    [{ ...PURCHASE, currency: "USD" }, false],
    [{ amount: "7.00", currency: "CNY", payee: "Round Ltd" }, true],
    [{ amount: "7.50", currency: "CNY", payee: "Round Ltd" }, false],
    [{ amount: "7", currency: "JPY", payee: "阳光超市" }, true],
  ])("carries %j: %s", async (transaction, carried) => {
    const { sender } = await start();
    const to = (phone: string) => ({ ...CONFIRM, locale: "en" as const, transaction, to: phone as Phone });
    expect(sender.carries?.(to("+8613800138000"))).toBe(carried);
    expect(sender.carries?.(to("+14155550123"))).toBe(false);
  });

  it("asks for nothing where there is no text for a message, and says so", async () => {
    const { send, cloud } = await start({ settings: { international: { templates: {}, transactions: [] } } });
    expect(await send({ to: "+14155550123" })).toEqual({
      status: "rejected",
      providerCode: "no_template",
      alert: { kind: "sms_template", subject: "tencent/international/sign_in" },
    });
    expect(cloud.calls).toHaveLength(0);
  });

  it("declares what the cloud carries", async () => {
    const { sender } = await start();
    expect(sender).toMatchObject({ maxCodeLength: 6, resendFloorSeconds: 35, templatesOnly: true });
  });
});

describe("what the cloud's own rules refuse", () => {
  it("the same content within 30 seconds: throttled", async () => {
    const { send } = await start();
    await send();
    expect(await send()).toMatchObject({ status: "throttled", retryAfterSeconds: 35 });
  });

  it("the third message of a day: held until the cloud's midnight", async () => {
    const { send } = await start();
    await send({ code: "111111" });
    await send({ code: "222222" });
    expect(await send({ code: "333333" })).toMatchObject({
      status: "throttled",
      providerCode: "LimitExceeded.PhoneNumberDailyLimit",
      heldUntil: MIDNIGHT,
      retryAfterSeconds: (MIDNIGHT - EVENING) / 1_000,
    });
  });

  it.each<[string, Options, object, object]>([
    [
      "a number that is none",
      {},
      { to: "+86123" },
      { status: "bad_number", providerCode: "InvalidParameterValue.IncorrectPhoneNumber" },
    ],
    [
      "a signature that nobody approved",
      { account: { signatures: [] } },
      {},
      { status: "rejected", alert: { kind: "sms_signature", subject: "tencent/mainland/sign_in" } },
    ],
    [
      "a template that nobody approved",
      { account: { templates: [] } },
      {},
      { status: "rejected", alert: { kind: "sms_template", subject: "tencent/mainland/sign_in" } },
    ],
    [
      "a template with another count of variables",
      {
        settings: {
          mainland: { ...SETTINGS.mainland, template: { id: "1112", parameters: CODE_AND_MINUTES } },
        },
      },
      {},
      { providerCode: "FailedOperation.TemplateParamSetNotMatchApprovedTemplate" },
    ],
    [
      "more digits than a verification template takes",
      {},
      { code: "12345678" },
      { status: "rejected", providerCode: "InvalidParameterValue.TemplateParameterFormatError" },
    ],
    [
      "another application",
      { settings: { sdkAppId: "1400009999" } },
      {},
      { status: "rejected", alert: { kind: "sms_account", subject: "tencent/mainland" } },
    ],
  ])("%s", async (_, options, over, outcome) => {
    const { send, sms } = await start(options);
    expect(await send(over)).toMatchObject(outcome);
    expect(sms.taken).toHaveLength(0);
  });
});

describe("what goes wrong", () => {
  it.each([
    ["error", "FailedOperation.InsufficientBalanceInSmsPackage", "rejected", "sms_balance"],
    ["number", "FailedOperation.InsufficientBalanceInSmsPackage", "rejected", "sms_balance"],
    ["error", "UnauthorizedOperation.SerivceSuspendDueToArrears", "rejected", "sms_arrears"],
    ["error", "LimitExceeded.AppDailyLimit", "rejected", "sms_quota"],
    ["number", "FailedOperation.PhoneNumberInBlacklist", "bad_number", undefined],
    ["number", "FailedOperation.BrandNewReason", "rejected", "sms_refused"],
    ["error", "InternalError.Timeout", "unknown", undefined],
  ])("by the %s layer: %s", async (layer, code, status, kind) => {
    const { send, cloud, sms } = await start();
    if (layer === "error") cloud.faults.push({ error: code });
    else sms.refuse.push(code);
    const outcome = await send();
    expect({ ...outcome, kind: outcome.alert?.kind }).toMatchObject({ status, providerCode: code, kind });
    expect(outcome.requestId).toBe(cloud.calls[0]?.requestId);
    expect(cloud.calls).toHaveLength(1);
  });

  it.each(["LimitExceeded.AppCountryOrRegionInBlacklist", "LimitExceeded.AppCountryOrRegionDailyLimit"])(
    "%s is about its country: what goes well to another one does not settle it",
    async (code) => {
      const { send, sms } = await start();
      sms.refuse.push(code);
      const { alert } = await send({ to: "+14155550123" });
      expect(alert?.subject).toBe("tencent/international/US");
      expect((await send({ to: "+85261234567" })).settles).not.toContain(alert?.subject);
      expect((await send({ to: "+14155550124" })).settles).toContain(alert?.subject);
    },
  );

  it("tells the operator where there is no key, and asks nobody", async () => {
    const sender = createTencentSender({
      client: createSmsClient({
        credential: () => Promise.reject(new Error("no role")),
        region: "ap-guangzhou",
        endpoint: "http://127.0.0.1:1",
      }),
      settings: SETTINGS,
      clock: { now: () => EVENING },
    });
    expect(await sender.send(MESSAGE, { signal: () => AbortSignal.timeout(1_000) })).toMatchObject({
      status: "rejected",
      alert: { kind: "sms_credentials", subject: "tencent/mainland" },
    });
  });

  it("tries once more what was certainly not sent", async () => {
    const { send, cloud, sms } = await start();
    cloud.faults.push({ error: "RequestLimitExceeded" });
    expect(await send()).toMatchObject({ status: "accepted" });
    expect(sms.taken).toHaveLength(1);
  });

  it("does not try a third time", async () => {
    const { send, cloud, sms } = await start();
    for (let n = 0; n < 3; n += 1) cloud.faults.push({ error: "RequestLimitExceeded" });
    expect(await send()).toMatchObject({ status: "unavailable" });
    expect({ calls: cloud.calls.length, taken: sms.taken.length }).toEqual({ calls: 2, taken: 0 });
  });

  it("knows that nothing was sent where nobody listens", async () => {
    const { send, cloud } = await start();
    await cloud.close();
    expect(await send()).toEqual({ status: "unavailable", providerCode: "no_connection" });
  });

  it.each([
    [{ hang: "taken" }, "no_answer", 1],
    [{ hang: "not_taken" }, "no_answer", 0],
    [{ cut: "taken" }, "no_answer", 1],
    [{ slowMs: 10_000 }, "no_answer", 1],
    [{ garbage: "<html>" }, "no_answer", 1],
    [{ garbage: '{"Response":{"SendStatusSet":"Ok"}}' }, "not_understood", 1],
    [{ garbage: '{"Response":{"SendStatusSet":[]}}' }, "not_understood", 1],
    [{ garbage: '{"Response":{"SendStatusSet":[null]}}' }, "not_understood", 1],
    [{ garbage: '{"Response":{"SendStatusSet":[{"Code":7}]}}' }, "not_understood", 1],
    [{ httpStatus: 502 }, "http_502", 0],
  ] as const)("%j: nobody knows, and nothing is sent again", async (fault, providerCode, taken) => {
    const { send, cloud, sms } = await start();
    cloud.faults.push(fault);
    expect(await send({}, 300)).toEqual({ status: "unknown", providerCode });
    expect({ taken: sms.taken.length, left: cloud.faults.length }).toEqual({ taken, left: 0 });
  });

  it("takes a proxy that turns it away for a refusal", async () => {
    const { send, cloud } = await start();
    cloud.faults.push({ httpStatus: 403, body: "blocked" });
    expect(await send()).toMatchObject({ status: "rejected", alert: { kind: "sms_refused" } });
  });

  it("does not keep what would not fit its record", async () => {
    const { send, cloud } = await start();
    const status = { Code: "Ok", SerialNo: "5".repeat(500), Fee: 1e99, PhoneNumber: MESSAGE.to };
    const answer = { SendStatusSet: [status], RequestId: "r".repeat(500) };
    cloud.faults.push({ garbage: JSON.stringify({ Response: answer }) });
    expect(await send()).toEqual({
      status: "accepted",
      settles: ["tencent/mainland", "tencent/mainland/CN", "tencent/mainland/sign_in"],
    });
  });
});
