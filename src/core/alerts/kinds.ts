/** Everything that an operator is told of, and does something about. A kind, once used, keeps its meaning. */
export const ALERT_KINDS = {
  sms_balance: {
    en: "The SMS package or balance at the provider is used up; no message goes out.",
    zh: "短信服务商的套餐包或余额已用尽，短信无法发出。",
  },
  sms_arrears: {
    en: "The provider has suspended the service because a bill is not paid.",
    zh: "账户欠费，短信服务已被服务商停用。",
  },
  sms_credentials: {
    en: "The provider refuses the API key: it is wrong, has no right to send, or calls from an address that is not allowed.",
    zh: "服务商拒绝了 API 密钥：密钥错误、没有发送权限，或来源 IP 不在白名单内。",
  },
  sms_clock: {
    en: "The provider refuses our requests because this machine's clock is wrong.",
    zh: "本机时钟不准，服务商拒绝了请求。",
  },
  sms_account: {
    en: "The provider refuses to send for this application or account.",
    zh: "服务商拒绝为该应用或账户发送短信。",
  },
  sms_signature: {
    en: "The signature is wrong or not approved.",
    zh: "短信签名错误或未审核通过。",
  },
  sms_template: {
    en: "The template is wrong, not approved, or its variables do not match what is filled in.",
    zh: "短信模板错误、未审核通过，或参数与模板不符。",
  },
  sms_quota: {
    en: "The provider's daily limit for the application or country is reached.",
    zh: "已达到服务商对应用或国家/地区设置的每日上限。",
  },
  sms_country: {
    en: "The application may not send to this country.",
    zh: "该应用未开通向此国家/地区发送短信。",
  },
  sms_refused: {
    en: "The provider refuses our requests for a reason unknown to this version.",
    zh: "服务商因本版本未知的原因拒绝了请求。",
  },
  sms_unanswered: {
    en: "The sender has taken no message for a minute or longer: it cannot be reached, or does not answer. The next of SMS_SENDER takes its place, if there is one.",
    zh: "该发送渠道已有一分钟以上无法连接或没有应答；如果 SMS_SENDER 中还有下一个，短信改由它发送。",
  },
  spend: {
    en: "A spending budget is 80 % used or more. Once it is used up, strangers get no more messages; if it is the budget of a backend's API keys, that backend gets none.",
    zh: "短信费用已达到预算的八成以上。预算用尽后，未登录过的设备将无法收到短信；如果是某个后端 API 密钥自己的预算，则该后端无法再发送短信。",
  },
  attack: {
    en: "Many messages to strangers lead to no sign-in. With GUARD_MODE=enforce strangers are already being challenged, or soon will be.",
    zh: "大量发往未登录过的设备的短信没有带来登录。GUARD_MODE=enforce 时，系统已经或即将要求这些设备进行人机验证。",
  },
} as const satisfies Record<string, { readonly en: string; readonly zh: string }>;

export type AlertKind = keyof typeof ALERT_KINDS;
