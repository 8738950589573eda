import { describe, expect, it } from "vitest";
import type { TencentSenderSettings } from "../../../src/adapters/tencent/sender.ts";
import type { SmsMessage } from "../../../src/core/delivery/ports.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { MESSAGE, SETTINGS, start } from "./sending.ts";

describe("a notice by the Tencent sender", () => {
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

  it("fills its own template with the stop code", async () => {
    const { send, sender, sms } = await start({ settings, account });
    expect(sender.carries?.({ ...MESSAGE, ...notice } as unknown as SmsMessage)).toBe(true);
    expect(await send(notice)).toMatchObject({ status: "accepted" });
    expect(sms.taken[0]?.text).toContain("/stop/0123456789abcdef ");
  });

  it("is not sent with the template of a code", async () => {
    const { send, sender, sms } = await start();
    expect(sender.carries?.(MESSAGE)).toBe(true);
    expect(sender.carries?.({ ...MESSAGE, ...notice } as unknown as SmsMessage)).toBe(false);
    expect(await send(notice)).toMatchObject({ status: "rejected", providerCode: "no_template" });
    expect(sms.taken).toEqual([]);
  });
});

describe("the Tencent sender", () => {
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
  ])("fills a template with %s", async (_, mainland, text) => {
    const { send, sms } = await start({ settings: { mainland: { ...SETTINGS.mainland, ...mainland } } });
    expect(await send()).toMatchObject({ status: "accepted" });
    expect(sms.taken[0]?.text).toBe(`【腾讯云】${text}`);
  });

  it("uses the signature of a template that has its own", async () => {
    const template = { id: "1112", parameters: ["code"], signature: "别名" } as const;
    const { send, sms } = await start({ settings: { mainland: { ...SETTINGS.mainland, template } } });
    await send();
    expect(sms.taken[0]?.text).toBe("【别名】验证码004217。");
  });

  it.each([
    ["+85261234567", "HK"],
    ["+886912345678", "TW"],
    ["+14155550123", "US"],
  ])("uses the international template, without a signature, for %s", async (to, country) => {
    const { send, sms } = await start();
    expect(await send({ to })).toMatchObject({
      status: "accepted",
      settles: ["tencent/international", `tencent/international/${country}`, "tencent/international/sign_in"],
    });
    expect(sms.taken).toMatchObject([{ to, text: "004217 is your code for 5 minutes." }]);
  });

  const PURCHASE = { amount: "120.05", currency: "CNY", payee: "阳光超市" };
  const CONFIRM = { purpose: "confirm_transaction", transaction: PURCHASE } as const;

  it("says a transaction with the template that names its payee, and the amount in its variables", async () => {
    const { send, sms } = await start();
    await send(CONFIRM);
    await send({ ...CONFIRM, transaction: { ...PURCHASE, amount: "900", currency: "JPY" } });
    expect(sms.taken.map(({ text }) => text)).toEqual([
      "【腾讯云】验证码004217，向阳光超市确认120元05分。",
      "【腾讯云】向阳光超市确认900日元，验证码004217。",
    ]);
  });

  it("sends no code for a transaction that no template says in full", async () => {
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

  it("asks nothing of the cloud and alerts if there is no template for a message", async () => {
    const { send, cloud } = await start({ settings: { international: { templates: {}, transactions: [] } } });
    expect(await send({ to: "+14155550123" })).toEqual({
      status: "rejected",
      providerCode: "no_template",
      alert: { kind: "sms_template", subject: "tencent/international/sign_in" },
    });
    expect(cloud.calls).toHaveLength(0);
  });

  it("declares the limits of the cloud", async () => {
    const { sender } = await start();
    expect(sender).toMatchObject({ maxCodeLength: 6, resendFloorSeconds: 35, templatesOnly: true });
  });
});
