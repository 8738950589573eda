import { onTestFinished } from "vitest";
import { createSmsClient } from "../../../src/adapters/tencent/client.ts";
import { createTencentSender, type TencentSenderSettings } from "../../../src/adapters/tencent/sender.ts";
import type { SmsMessage } from "../../../src/core/delivery/ports.ts";
import { type Cloud, startCloud } from "../../support/tencent/cloud.ts";
import { createSmsSending, type SmsAccount } from "../../support/tencent/sms-send.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
/** 20:30 in Guangzhou, half past noon UTC. */
export const EVENING = Date.UTC(2026, 10, 25, 12, 30);
export const MIDNIGHT = Date.UTC(2026, 10, 25, 16);
export const CODE_AND_MINUTES = ["code", "minutes"] as const;

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

export const SETTINGS: TencentSenderSettings = {
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

export const MESSAGE = {
  id: "01a20a7c-0000-7000-8000-000000000000",
  to: "+8613800138000",
  purpose: "sign_in",
  locale: "en",
  code: "004217",
  minutes: 5,
  text: "004217 is your code.",
} as SmsMessage;

export interface Options {
  readonly settings?: Partial<TencentSenderSettings>;
  readonly account?: Partial<SmsAccount>;
}

/** A sender, and the cloud that it sends with until the end of the test. */
export async function start({ settings, account }: Options = {}) {
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
