import { onTestFinished } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { start } from "../http/support.ts";
import { type Cloud, startCloud } from "../support/tencent/cloud.ts";
import { createSmsSending, type SmsAccount, type SmsSending } from "../support/tencent/sms-send.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";

export const SECRETS = ["callback-secret-one-0123456789", "callback-secret-two-0123456789"];

const ACCOUNT: SmsAccount = {
  sdkAppId: "1400006666",
  signatures: ["腾讯云"],
  templates: [
    { id: "1110", content: "{1}为您的登录验证码，请于{2}分钟内填写。" },
    { id: "1120", content: "{1}：向阳光超市确认{2}元{3}分。" },
  ],
  limits: { aDay: 1_000, sameContentIn30Seconds: 1_000 },
};

export interface TencentWorld {
  readonly world: World;
  readonly cloud: Cloud;
  readonly sms: SmsSending;
  /** The code that the phone shows. */
  lastCode(): string;
  /** Posts to the callback address. */
  report(items: unknown, secret?: string): Promise<Response>;
  /** The record of the last message. */
  lastMessage(): Promise<Readonly<Record<string, unknown>>>;
  /** Ends the process and starts another one on the same database. */
  restart(env?: Readonly<Record<string, string>>): Promise<TencentWorld>;
}

/** A whole Phonekey that sends by the official client through the stand-in. */
export async function createTencentWorld(
  env: Readonly<Record<string, string>> = {},
  parts: WorldOptions["parts"] = {},
): Promise<TencentWorld> {
  const sms = createSmsSending(ACCOUNT);
  const account = { secretId: "AKIDtest", secretKey: "secretTEST" };
  const cloud = await startCloud({ products: [sms], accounts: [account] });
  onTestFinished(cloud.close);
  return await openWorld(sms, cloud, { env, parts });
}

async function openWorld(sms: SmsSending, cloud: Cloud, options: WorldOptions): Promise<TencentWorld> {
  const world = await createWorld({
    ...options,
    env: {
      SMS_SENDER: "tencent",
      TENCENT_SECRET_ID: "AKIDtest",
      TENCENT_SECRET_KEY: "secretTEST",
      TENCENT_SMS_SDK_APP_ID: "1400006666",
      TENCENT_SMS_SIGN_NAME: "腾讯云",
      TENCENT_SMS_TEMPLATE_ID: "1110",
      TENCENT_SMS_ENDPOINT: cloud.url,
      TENCENT_SMS_CALLBACK_SECRETS: SECRETS.join(","),
      ...options.env,
    },
    // The settings choose what is not given.
    inbox: true,
  });
  const { folder, clock } = world;
  onTestFinished(() => world.close());
  return {
    world,
    cloud,
    sms,
    lastCode: () => /】(\d+)/.exec(sms.taken.at(-1)?.text ?? "")?.[1] ?? "",
    report: async (items, secret = SECRETS[0]) =>
      await world.post(`/callbacks/tencent/${secret}/status`, items),
    async lastMessage() {
      const database = await openSqlite(`sqlite:${folder}/data/phonekey.db`);
      const rows = await database.db
        .selectFrom("messages")
        .selectAll()
        .orderBy("created_at", "desc")
        .limit(1)
        .execute();
      await database.close();
      return rows[0] ?? {};
    },
    restart: async (env = {}) =>
      await openWorld(sms, cloud, { ...options, folder, clock, env: { ...options.env, ...env } }),
  };
}

/** A status report as the cloud sends it. */
export function statusItem(sid: string, more: object = {}): object {
  return {
    user_receive_time: "2026-11-25 20:30:04",
    nationcode: "86",
    mobile: "13800138000",
    report_status: "SUCCESS",
    errmsg: "DELIVRD",
    description: "用户短信送达成功",
    sid,
    ...more,
  };
}

/** The answer to the cloud for a report that was accepted. */
export const TAKEN = { result: 0, errmsg: "OK" };

/** Such a world in which a message was sent, and the cloud's serial number of it. */
export async function sent(env: Readonly<Record<string, string>> = {}) {
  const tencent = await createTencentWorld(env);
  await start(tencent.world);
  const sid = tencent.sms.taken[0]?.serialNo ?? "";
  return { ...tencent, sid };
}
