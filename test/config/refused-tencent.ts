/** A setting, and values of it that are refused. */
export type Refused = [name: string, ...texts: string[]];

const TEMPLATE_USES = [
  "",
  "_RESET_PASSWORD",
  "_SECOND_FACTOR",
  "_VERIFY_IDENTITY",
  "_TEMPORARY_PASSWORD",
  "_CHANGE_PHONE",
  "_DELETE_ACCOUNT",
];

const NOTICE_USES = [
  "_PASSWORD_CHANGED",
  "_PASSWORD_RESET",
  "_FACTOR_ADDED",
  "_FACTOR_REMOVED",
  "_RECOVERY_CODE_USED",
  "_LOGIN_PROTECTION_OFF",
  "_PHONE_CHANGE_STARTED",
  "_PHONE_CHANGED",
];

/** The settings of Tencent Cloud SMS. */
export const REFUSED_TENCENT: readonly Refused[] = [
  ["TENCENT_SECRET_ID", "two words", "密"],
  ["TENCENT_SECRET_KEY", "two words", "k".repeat(257)],
  ["TENCENT_REGION", "guangzhou", "AP-GUANGZHOU", "ap-guangzhou.evil"],
  ["TENCENT_SMS_SDK_APP_ID", "app", "14000 06666"],
  ["TENCENT_SMS_SIGN_NAME", "【腾讯云】", "[腾讯云]", "腾讯 云", "云".repeat(41)],
  ["TENCENT_SMS_INTERNATIONAL_SIGN_NAME", "【Acme】", "Test  demo", "Test\u00a0demo"],
  ["TENCENT_SMS_INTERNATIONAL_SENDER_ID", "a", "Acme Inc", "x".repeat(16)],
  [
    "TENCENT_SMS_CALLBACK_SECRETS",
    "short",
    "a".repeat(23),
    "with/slash/and/more/characters",
    `${"a".repeat(24)},b`,
  ],
  ["TENCENT_SMS_PULL_REPORTS", "yes"],
  ["TENCENT_SMS_ENDPOINT", "sms.tencentcloudapi.com", "https://a.example/path", "ftp://a.example"],
  ...["TENCENT_SMS", "TENCENT_SMS_INTERNATIONAL"].flatMap((kind) =>
    NOTICE_USES.map(
      (use): Refused => [
        `${kind}_TEMPLATE_ID${use}`,
        ...["login", "1110:code,minutes", "1110:stop,", "1110:stop:【腾讯云】"],
      ],
    ),
  ),
  ...["TENCENT_SMS", "TENCENT_SMS_INTERNATIONAL"].flatMap((kind) =>
    TEMPLATE_USES.map(
      (use): Refused => [
        `${kind}_TEMPLATE_ID${use}`,
        "login",
        "1110:code,name",
        "1110:code,",
        "1110:stop",
        "1110:code:【腾讯云】",
        // Only Global SMS takes spaces.
        ...(kind === "TENCENT_SMS" ? ["1110:code:Test demo"] : []),
        "1110::a:b",
      ],
    ),
  ),
  ...["TENCENT_SMS", "TENCENT_SMS_INTERNATIONAL"].map(
    (kind): Refused => [
      `${kind}_TEMPLATE_ID_CONFIRM_TRANSACTION`,
      "1120",
      "1120:code:CNY:Shop",
      "1120:whole:CNY:Shop",
      "1120:code,whole,cents:CNY:Shop",
      "1120:code,whole:RMB:Shop",
      "1120:code,whole:CNY:",
      "1120:code,whole:CNY:evil.example",
      "1120:code,whole:CNY:Shop;",
    ],
  ),
];
