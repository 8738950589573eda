import type { MysqlServer } from "../../src/adapters/sql/mysql/connection.ts";
import { newDatabase } from "../support/services/mysql.ts";
import { type CloudAccount, startCloud } from "../support/tencent/cloud.ts";
import { createSmsSending, type SmsTemplate } from "../support/tencent/sms-send.ts";
import { end, startEvent, type Variables } from "./instance.ts";

const APP_ID = "1250000000";
/** The host of the function's own URL. */
export const HOST = `${APP_ID}-0abcdefgh1.ap-guangzhou.tencentscf.com`;
const SECRET = "q7Yl0VnJmTzE3wKxB1sRdUoPcA9gHfI2";

/** Settings for the package with the console sender, which the rules for production forbid. */
export function variables(server: MysqlServer, more: Variables = {}): Variables {
  return {
    NODE_ENV: "development",
    CAPTCHA: "off",
    GUARD_MODE: "off",
    LIMIT_PREFIX_SENDS: "unlimited",
    PHONEKEY_SECRETS: SECRET,
    DATABASE_URL: `mysql://${server.user}@${server.host}:${server.port}/${server.database}`,
    TENCENTCLOUD_APPID: APP_ID,
    ...more,
  };
}

/** A database of its own, migrated by the maintenance function, and the settings that name it. */
export async function migratedDatabase(folder: string, more: Variables = {}) {
  const server = await newDatabase();
  const env = variables(server, more);
  const { child, invoke } = await startEvent(folder, "maintenance.main_handler", env);
  const { answer, thrown } = await invoke({ action: "migrate" });
  await end(child);
  return { server, env, migrated: answer, thrown };
}

/** An event of a Function URL. */
export function event(
  method: string,
  path: string,
  more: { body?: unknown; headers?: object; query?: object } = {},
) {
  const { body, headers, query } = more;
  return {
    httpMethod: method,
    path,
    headers: {
      host: HOST,
      "x-scf-remote-addr": "203.0.113.7:52344",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(query && { queryString: query }),
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
}

/** The status, headers and body of an answer of `index.main_handler`. */
export function read(answer: unknown) {
  const { statusCode, headers, body } = answer as {
    statusCode: number;
    headers: Record<string, string>;
    body: string;
  };
  const isJson = String(headers["content-type"]).includes("json");
  return { status: statusCode, headers, body: isJson ? (JSON.parse(body) as Record<string, unknown>) : body };
}

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };

const SIGN_IN: SmsTemplate = { id: "1110", content: "{1}为您的登录验证码，请于{2}分钟内填写。" };

/**
 * A cloud that sends, and production settings that use it.
 *
 * @param templates approved beside the one for signing in
 */
export async function startSender(account: CloudAccount = KEYS, templates: readonly SmsTemplate[] = []) {
  const sms = createSmsSending({
    sdkAppId: "1400006666",
    signatures: ["腾讯云"],
    templates: [SIGN_IN, ...templates],
  });
  const cloud = await startCloud({ products: [sms], accounts: [account] });
  const env: Variables = {
    NODE_ENV: "production",
    SMS_SENDER: "tencent",
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_SMS_SDK_APP_ID: "1400006666",
    TENCENT_SMS_SIGN_NAME: "腾讯云",
    TENCENT_SMS_TEMPLATE_ID: "1110",
    TENCENT_SMS_ENDPOINT: cloud.url,
  };
  const lastCode = () => /\d{6}/.exec(sms.taken.at(-1)?.text ?? "")?.[0] ?? "";
  return { env, taken: sms.taken, lastCode, calls: cloud.calls, close: cloud.close };
}
