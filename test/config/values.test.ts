import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../src/config/schema.ts";
import type { Config } from "../../src/config.ts";
import { config, load, OTHER_SECRET, problems, SECRET, warnings } from "./load.ts";

/** What others cannot be set without. */
const COMPANIONS = { ALERT_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };

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

/** A day of the calendar so many days from today. */
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const SOON = inDays(30);

const LONGEST_URL = `https://${"a".repeat(58)}.${"b".repeat(57)}.com`;

type Case = [string, string, (read: Config) => unknown, unknown];

const MYSQL = { kind: "mysql", host: "db", port: 3306, user: "u", password: "p", database: "phonekey" };

describe("values", () => {
  const taken: Case[] = [
    ["PORT", "0", (read) => read.server.port, 0],
    ["PORT", "65535", (read) => read.server.port, 65_535],
    ["HOST", "localhost", (read) => read.server.host, "localhost"],
    ["PUBLIC_URL", "https://Auth.Example.com/", (read) => read.server.publicUrl, "https://auth.example.com"],
    ["PUBLIC_URL", "http://192.168.1.5:8080", (read) => read.server.publicUrl, "http://192.168.1.5:8080"],
    ["PUBLIC_URL", LONGEST_URL, (read) => read.server.publicUrl, LONGEST_URL],
    ["CLIENT_IP_HEADER", "CF-Connecting-IP", (read) => read.server.clientIpHeader, "cf-connecting-ip"],
    [
      "ALLOWED_ORIGINS",
      "https://a.example,http://localhost:5173",
      (read) => read.server.allowedOrigins,
      ["https://a.example", "http://localhost:5173"],
    ],
    [
      "ALLOWED_ORIGINS",
      "capacitor://localhost, ionic://localhost,tauri://localhost,My.App://localhost",
      (read) => read.server.allowedOrigins,
      ["capacitor://localhost", "ionic://localhost", "tauri://localhost", "my.app://localhost"],
    ],
    ["PHONEKEY_SECRETS", `${SECRET}, ${OTHER_SECRET},`, (read) => read.secrets, [SECRET, OTHER_SECRET]],
    [
      "PHONEKEY_SECRETS",
      "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef8899aabbccddeeff",
      (read) => read.secrets.length,
      1,
    ],
    // 33 bytes, as many as the wrapping of keys asks for.
    ["PHONEKEY_SECRETS", "海内存知己天涯若比邻长", (read) => read.secrets, ["海内存知己天涯若比邻长"]],
    ...["sqlite:/var/lib/phonekey/db", "sqlite:///var/lib/phonekey/db"].map((url): Case => {
      return ["DATABASE_URL", url, (read) => read.database, { kind: "sqlite", path: "/var/lib/phonekey/db" }];
    }),
    ["DATABASE_URL", "mysql://u:p@db/phonekey", (read) => read.database, MYSQL],
    ["DATABASE_URL", "mariadb://u:p@db:3306/phonekey?ssl=false", (read) => read.database, MYSQL],
    [
      "DATABASE_URL",
      "mysql://%75:p%40%2F%3a@[::1]:3307/phone%20key?socketPath=/run/mysqld/mysqld.sock&connections=40",
      (read) => read.database,
      {
        ...MYSQL,
        host: "::1",
        port: 3307,
        password: "p@/:",
        database: "phone key",
        socketPath: "/run/mysqld/mysqld.sock",
        connections: 40,
      },
    ],
    [
      "DATABASE_URL",
      "mysql://u:p@db/phonekey?ssl=true",
      (read) => read.database,
      { ...MYSQL, tls: { serverName: "db" } },
    ],
    [
      "DATABASE_URL",
      "mysql://u:p@10.0.0.5/phonekey?sslName=mysql.internal",
      (read) => read.database,
      { ...MYSQL, host: "10.0.0.5", tls: { serverName: "mysql.internal" } },
    ],
    [
      "DATABASE_URL",
      "mysql://u:p@10.0.0.5/phonekey?sslCa=/etc/ca.pem&sslName=mysql.internal",
      (read) => read.database,
      { ...MYSQL, host: "10.0.0.5", tls: { serverName: "mysql.internal", caFile: "/etc/ca.pem" } },
    ],
    ["STATE_URL", "memory:", (read) => read.state, { kind: "memory" }],
    ...redisUrls(),
    ["RETENTION_MESSAGES_DAYS", "31", (read) => read.retention.messagesDays, 31],
    ["RETENTION_EVENTS_DAYS", "1", (read) => read.retention.eventsDays, 1],
    ["RETENTION_FAILURES_DAYS", "400", (read) => read.retention.failuresDays, 400],
    ["RETENTION_SESSIONS_DAYS", "1", (read) => read.retention.sessionsDays, 1],
    [
      "ALERT_WEBHOOK_SECRET",
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,bmV4dCBzZWNyZXQgb2YgdGhlIHdlYmhvb2s=",
      (read) => read.alerts,
      undefined,
    ],
    [
      "METRICS_TOKEN",
      "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      (read) => read.metrics,
      { token: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
    ],
    ["TENCENT_REGION", "ap-singapore", (read) => read.tencent.region, "ap-singapore"],
    [
      "TENCENT_SMS_ENDPOINT",
      "http://127.0.0.1:4000/",
      (read) => read.tencent.smsEndpoint,
      "http://127.0.0.1:4000",
    ],
    [
      "TENCENT_SMS_CALLBACK_SECRETS",
      `${"a".repeat(24)}, ${"b".repeat(24)}`,
      (read) => read.tencent.callbackSecrets,
      ["a".repeat(24), "b".repeat(24)],
    ],
    ["TENCENT_SMS_PULL_REPORTS", "true", (read) => read.tencent.pullsReports, true],
    ["TENCENT_SMS_SDK_APP_ID", "1400006666", (read) => read.tencent.sdkAppId, "1400006666"],
    ["TENCENT_SMS_SIGN_NAME", "腾讯云", (read) => read.tencent.mainland.signature, "腾讯云"],
    [
      "TENCENT_SMS_INTERNATIONAL_SIGN_NAME",
      "Test demo",
      (read) => read.tencent.international.signature,
      "Test demo",
    ],
    [
      "TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID",
      "1110:code:Test demo",
      (read) => read.tencent.international.template,
      { id: "1110", parameters: ["code"], signature: "Test demo" },
    ],
    ["TENCENT_SMS_INTERNATIONAL_SENDER_ID", "Acme", (read) => read.tencent.international.senderId, "Acme"],
    ...(
      [
        ["1110", { parameters: ["code", "minutes"] }],
        ["1110:minutes,code", { parameters: ["minutes", "code"] }],
        ["1110:code", { parameters: ["code"] }],
        ["1110:none", { parameters: [] }],
        ["1110::腾讯云", { parameters: ["code", "minutes"], signature: "腾讯云" }],
      ] as const
    ).flatMap(([text, more]): Case[] => [
      ["TENCENT_SMS_TEMPLATE_ID", text, (read) => read.tencent.mainland.template, { id: "1110", ...more }],
      [
        "TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID_CHANGE_PHONE",
        text,
        (read) => read.tencent.international.templates,
        { change_phone: { id: "1110", ...more } },
      ],
    ]),
    ...(
      [
        ["1110", { parameters: [] }],
        ["1110:stop", { parameters: ["stop"] }],
        ["1110:none:腾讯云", { parameters: [], signature: "腾讯云" }],
      ] as const
    ).map(
      ([text, more]): Case => [
        "TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGE_STARTED",
        text,
        (read) => read.tencent.mainland.templates,
        { phone_change_started: { id: "1110", ...more } },
      ],
    ),
    [
      "TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID_CONFIRM_TRANSACTION",
      "2120:code,whole:USD:Example Shop",
      (read) => read.tencent.international.transactions,
      [{ id: "2120", parameters: ["code", "whole"], currency: "USD", payee: "Example Shop" }],
    ],
    [
      "TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION",
      "1120:code,whole,fraction:CNY:阳光超市; 1121:whole,minutes,code:JPY:Tea: 1",
      (read) => read.tencent.mainland.transactions,
      [
        { id: "1120", parameters: ["code", "whole", "fraction"], currency: "CNY", payee: "阳光超市" },
        { id: "1121", parameters: ["whole", "minutes", "code"], currency: "JPY", payee: "Tea: 1" },
      ],
    ],
    ["ALLOWED_COUNTRIES", "cn, SG,HK,SG", (read) => read.phone.allowedCountries, ["CN", "SG", "HK"]],
    ["ALLOWED_COUNTRIES", "all", (read) => read.phone.allowedCountries, "all"],
    ["STRICT_NUMBERS", "true", (read) => read.phone.strictNumbers, true],
    ["STRICT_NUMBERS", "false", (read) => read.phone.strictNumbers, false],
    ["FUNCTIONS_API", "off", (read) => read.functions.isOpen, false],
    ["FUNCTIONS_API", "on", (read) => read.functions.isOpen, true],
    ["FUNCTIONS_ALLOW_GET", "false", (read) => read.functions.allowGet, false],
    ["DEFAULT_LOCALE", "zh-CN", (read) => read.pages.defaultLocale, "zh-CN"],
    ["BRAND_NAME", "青铜 & Söhne", (read) => read.pages.brandName, "青铜 & Söhne"],
    ["SESSION_DAYS", "7", (read) => read.session.idleDays, 7],
    ["PHONE_CHANGE_HOURS", "0", (read) => read.life.phoneChangeHours, 0],
    ["NUMBER_UNUSED_DAYS", "0", (read) => read.life.numberUnusedDays, 0],
    ["SIGN_UP", "invited", (read) => read.accounts.signUp, "invited"],
    ["RECYCLED_NUMBERS", "factor", (read) => read.life.sparesProtected, true],
    ["CAPTCHA", "off", (read) => read.challenges.kind, "off"],
    ["CAPTCHA_WHEN", "never", (read) => read.challenges.when, "never"],
    ["ALTCHA_COST", "100000", (read) => read.challenges.altchaCost, 100_000],
    ...["190000001", "2040000001"].map((id): Case => {
      return ["TENCENT_CAPTCHA_APP_ID", id, (read) => read.challenges.tencent.siteKey, id];
    }),
    [
      "TENCENT_CAPTCHA_DISASTER_TICKETS",
      "20/1h",
      (read) => read.challenges.tencent.disasterTickets,
      [{ max: 20, windowMs: 3_600_000 }],
    ],
    ["TURNSTILE_SITE_KEY", "0x4AAA", (read) => read.challenges.turnstile.siteKey, "0x4AAA"],
    ["HCAPTCHA_SECRET_KEY", "ES_0", (read) => read.challenges.hcaptcha.secretKey, "ES_0"],
    [
      "CAPTCHA_ENDPOINT",
      "http://127.0.0.1:4000/",
      (read) => read.challenges.endpoint,
      "http://127.0.0.1:4000",
    ],
    ["LIMIT_PHONE_SENDS", "unlimited", (read) => read.limits.phoneSends, []],
    [
      "LIMIT_PHONE_SENDS",
      " 2/90s, 1/30d",
      (read) => read.limits.phoneSends,
      [
        { max: 2, windowMs: 90_000 },
        { max: 1, windowMs: 2_592_000_000 },
      ],
    ],
    [
      "RETURN_TO",
      "https://app.example/@me/cb?x=1,http://127.0.0.1:3000/cb",
      (read) => read.pages.returnTo,
      ["https://app.example/@me/cb?x=1", "http://127.0.0.1:3000/cb"],
    ],
    ["TRUSTED_PROXIES", "loopback", (read) => read.server.trustedProxies, ["127.0.0.0/8", "::1/128"]],
    ["TRUSTED_PROXIES", "10.1.2.3/8,10.0.0.9/8", (read) => read.server.trustedProxies, ["10.0.0.0/8"]],
    [
      "TRUSTED_PROXIES",
      "192.0.2.7, 2001:DB8::1/32",
      (read) => read.server.trustedProxies,
      ["192.0.2.7/32", "2001:db8::/32"],
    ],
    [
      "TRUSTED_PROXIES",
      "::ffff:10.0.0.9,::ffff:172.16.0.0/108",
      (read) => read.server.trustedProxies,
      ["10.0.0.9/32", "172.16.0.0/12"],
    ],
    // All of IPv4, which the log doubts by that name.
    ["TRUSTED_PROXIES", "::ffff:0.0.0.0/96", (read) => read.server.trustedProxies, ["0.0.0.0/0"]],
  ];

  it.each(taken)("%s=%s is taken", (name, text, read, expected) => {
    expect(read(config({ [name]: text }))).toEqual(expected);
  });

  const refused: [string, ...string[]][] = [
    ["NODE_ENV", "prod", "Production", "staging"],
    ["PORT", "-1", "65536", "80a", "8e1", "0x50", "1.5", "８０"],
    ["HOST", "http://localhost", "localhost:8080", "[::1]", "a b"],
    [
      "PUBLIC_URL",
      "auth.example.com",
      "https://auth.example.com/x",
      "https://auth.example.com?",
      "https://auth.example.com/#",
      "https://u:p@auth.example.com",
      "https://@auth.example.com",
      "ftp://auth.example.com",
      "https:auth.example.com",
      "https://*.example.com",
      "https://a.example,https://b.example",
      "https://a\\b.example",
      `${LONGEST_URL}m`,
    ],
    [
      "TRUSTED_PROXIES",
      "127.1",
      "0177.0.0.1",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "10.0.0.0/",
      "fe80::1%eth0",
      "proxy.example",
      "::ffff:10.0.0.0/129",
      "*",
    ],
    ["CLIENT_IP_HEADER", "x forwarded", "x:y"],
    [
      "ALLOWED_ORIGINS",
      "*",
      "null",
      "https://a.example/x",
      "http://a.example",
      "https://*.a.example",
      "capacitor://",
      "capacitor://localhost/",
      "capacitor://localhost:8080",
      "capacitor://a.example",
      "capacitor://localhost.a.example",
      "capacitor:localhost",
      "*://localhost",
      "file://localhost",
      "ws://localhost",
      "ftp://localhost",
    ],
    [
      "PHONEKEY_SECRETS",
      ",",
      "short",
      "海内存知己天涯若比邻",
      "a".repeat(64),
      "abcdefghij".repeat(5),
      // One byte, one digit, one kind of character too few.
      SECRET.slice(0, 31),
      "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef8899aabbccddeef",
      "abcdefgabcdefgabdcefgabcdefgbacdefgabcdefg",
      "please-change-me-to-something-random-soon",
      "your-secret-goes-here-0123456789abcdefgh",
      "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
      `${SECRET},${SECRET}`,
      `${SECRET},short`,
    ],
    [
      "DATABASE_URL",
      "mysql://db/phonekey",
      "mysql://u:p@db",
      "mysql://u:p@db/",
      "mysql://u:p@db/a/b",
      "mysql://u:p#x@db/phonekey",
      "mysql://u:p%zz@db/phonekey",
      "mysql:u:p@db/phonekey",
      "mysql://u:p@db:99999/phonekey",
      "mysql://u:p@db/phonekey?ssl=yes",
      "mysql://u:p@db/phonekey?ssl=false&sslCa=/etc/ca.pem&ssl=no",
      "mysql://u:p@10.0.0.5/phonekey?ssl=true",
      "mysql://u:p@db/phonekey?rejectUnauthorized=false",
      "mysql://u:p@db/phonekey?connections=0",
      "postgres://db",
      "sqlite:",
      "sqlite::memory:",
      "sqlite://data/phonekey.db",
      "sqlite:a.db?mode=ro",
      "./data/phonekey.db",
    ],
    [
      "STATE_URL",
      "memory",
      "none",
      "redis:",
      "redis://",
      "redis://a,b",
      "redis://a/name",
      "redis://a b",
      "redis://user:p@ss@a",
      "redis+sentinel://a",
      "redis+cluster://a/0",
      "redis+sentinels://a/b",
      "redis://a:65536",
      "redis://a:0",
      "redis://a/123456",
      "redis://%zz@a",
      "redis://a?sslCa=/etc/ca.pem",
      "redis://a?sslName=redis.internal",
      "rediss://a?ca=/etc/ca.pem",
      "rediss://a?sentinelPassword=secret",
      "rediss://a#b",
      "http://a",
    ],
    ["TENCENT_ROLE_HEADERS", "yes", "1"],
    ["IMPORT_DATABASE_URL", "sqlite:./demo.db", "mysql://u:p@db", "postgres://db"],
    ["RETENTION_MESSAGES_DAYS", "30", "0"],
    ["RETENTION_FAILURES_DAYS", "30"],
    ["RETENTION_EVENTS_DAYS", "0", "forever"],
    ["RETENTION_SESSIONS_DAYS", "0"],
    ["SMS_SENDER", "Console", "pigeon"],
    ["ALERT_WEBHOOK", "http://ops.example/hook", "ops.example", "https://user:pass@ops.example/"],
    [
      "ALERT_WEBHOOK_SECRET",
      "c2hvcnQ=",
      "not base64 at all, whatever it is",
      "no base64 at all but long enough for it",
      Buffer.alloc(23, "s").toString("base64"),
      `${"QUFB".repeat(30)}`,
    ],
    [
      "METRICS_TOKEN",
      "short-token",
      "k".repeat(23),
      "a token of twenty-four letters",
      `${"密".repeat(24)}`,
      "k".repeat(257),
    ],
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
      NOTICE_USES.map((use): [string, ...string[]] => [
        `${kind}_TEMPLATE_ID${use}`,
        ...["login", "1110:code,minutes", "1110:stop,", "1110:stop:【腾讯云】"],
      ]),
    ),
    ...["TENCENT_SMS", "TENCENT_SMS_INTERNATIONAL"].flatMap((kind) =>
      TEMPLATE_USES.map((use): [string, ...string[]] => [
        `${kind}_TEMPLATE_ID${use}`,
        "login",
        "1110:code,name",
        "1110:code,",
        "1110:stop",
        "1110:code:【腾讯云】",
        // Spaces are for Global SMS alone.
        ...(kind === "TENCENT_SMS" ? ["1110:code:Test demo"] : []),
        "1110::a:b",
      ]),
    ),
    ...["TENCENT_SMS", "TENCENT_SMS_INTERNATIONAL"].map((kind): [string, ...string[]] => [
      `${kind}_TEMPLATE_ID_CONFIRM_TRANSACTION`,
      "1120",
      "1120:code:CNY:Shop",
      "1120:whole:CNY:Shop",
      "1120:code,whole,cents:CNY:Shop",
      "1120:code,whole:RMB:Shop",
      "1120:code,whole:CNY:",
      "1120:code,whole:CNY:evil.example",
      "1120:code,whole:CNY:Shop;",
    ]),
    ["DEFAULT_COUNTRY", "China", "XX", "CN,SG"],
    ["ALLOWED_COUNTRIES", "CN,XX", "all,CN"],
    ["STRICT_NUMBERS", "yes", "1", "TRUE"],
    ["FUNCTIONS_API", "true", "ON", "0"],
    ["FUNCTIONS_ALLOW_GET", "no", "off"],
    ["DEFAULT_LOCALE", "zh", "fr"],
    ["CODE_LENGTH", "5", "9"],
    [
      "TEST_NUMBERS",
      "+8613800138000",
      `+8613800138000=405938`,
      `13800138000=405938@${SOON}`,
      `+8613800138000=405938@${SOON}T00:00`,
      "+8613800138000=405938@2027-02-30",
      "+8613800138000=405938@2027-13-01",
      "+8613800138000=405938@never",
      // More than a year ahead.
      `+8613800138000=405938@${inDays(370)}`,
      "+8613800138000=405938@9999-12-31",
      // Not of CODE_LENGTH, no digits, too short or long.
      `+8613800138000=40593@${SOON}`,
      `+8613800138000=4059382@${SOON}`,
      `+8613800138000=40593a@${SOON}`,
      `+8613800138000=@${SOON}`,
      // What an attacker tries first.
      ...["000000", "111111", "123456", "654321", "121212", "123123", "112233", "135791", "888666"].map(
        (code) => `+8613800138000=${code}@${SOON}`,
      ),
      ...["456789", "123789", "147258", "138001", "001380", "901234"].map(
        (code) => `+8613800138000=${code}@${SOON}`,
      ),
      // No mobile, or of a country that may not sign in.
      `+861012345678=405938@${SOON}`,
      `+447911123456=405938@${SOON}`,
      `+8613800138000=405938@${SOON},+8613800138000=948205@${SOON}`,
    ],
    ["CODE_TTL_SECONDS", "29", "601"],
    ["CODE_ATTEMPTS", "0", "6"],
    ["RESEND_SECONDS", "0", "601"],
    [
      "LIMIT_PHONE_SENDS",
      ",",
      "5",
      "0/1h",
      "5/0h",
      "5/1w",
      "5/1H",
      "5/31d",
      "5/1h;10/1d",
      "unlimited,5/1h",
      "-5/1h",
      "1e3/1h",
      "5/1h,x/1h",
    ],
    ["LIMIT_ADDRESS_SENDS", "ten"],
    ["CAPTCHA", "recaptcha", "ON"],
    ["CAPTCHA_WHEN", "sometimes"],
    ["ALTCHA_COST", "0", "100001"],
    ["TENCENT_CAPTCHA_APP_ID", "app", "0", "0190000001", "1.9", "1234567890123"],
    ["TENCENT_CAPTCHA_APP_SECRET", "two words"],
    ["TENCENT_CAPTCHA_DISASTER_TICKETS", "unlimited", "true"],
    ["TURNSTILE_SITE_KEY", "two words"],
    ["TURNSTILE_SECRET_KEY", "密"],
    ["HCAPTCHA_SITE_KEY", "two words"],
    ["HCAPTCHA_SECRET_KEY", "密"],
    ["CAPTCHA_ENDPOINT", "captcha.example", "http://captcha.example", "https://a.example/path"],
    ["LIMIT_ADDRESS_CHECKS", "300"],
    ["LIMIT_DEVICE_SENDS", "learned"],
    ["LIMIT_PREFIX_SENDS", "learned", "0/1h"],
    ["LIMIT_COUNTRY_SENDS", "learnt", "5"],
    ["LIMIT_TOTAL_SENDS", "learned,5/1h"],
    [
      "SMS_PRICES",
      "CN=0.05",
      "CNY",
      "cny, CN=0.05",
      "CNY, CN",
      "CNY, CN=0,05",
      "CNY, CN=-1",
      "CNY, ZZ=1",
      "CNY, Tencent/CN=1",
      "CNY, a/b/CN=1",
      "CNY, CN=1=2",
      "CNY, CN=0.0000001",
    ],
    ...["SPEND_HOUR", "SPEND_DAY"].map((name): [string, ...string[]] => [
      name,
      "50",
      "50CNY",
      "CNY 50",
      "-1 CNY",
      "1e3 CNY",
      "50 CNY, US",
      "50 CNY, US=x",
      "50 CNY, US=1=2",
      "50 CNY, US=5 CNY",
      "5 USD",
      "unlimited, US=5",
    ]),
    ["GUARD_MODE", "on"],
    ["GUARD_ALLOW", "8613800138000", "+", "10.0.0.0/33", "loopback", "ZZ", "+86138*"],
    ["ACCESS_TOKEN_MINUTES", "0", "61"],
    ["SESSION_DAYS", "0", "366"],
    ["PHONE_CHANGE_HOURS", "-1", "169", "a day"],
    ["NUMBER_UNUSED_DAYS", "-1", "3651"],
    ["RECYCLED_NUMBERS", "keep", "Fresh"],
    ["SESSION_IDLE_DAYS", "0", "366"],
    ["SIGN_UP", "nobody", "Open"],
    ["BRAND_NAME", "x".repeat(41), "a\u202eb", "a\u0007b", "a\u200bb", "a\u2028b"],
    [
      "RETURN_TO",
      "/cb",
      "http://app.example/cb",
      "https://app.example/cb#x",
      "https://app.example/cb#",
      "https://u@app.example/cb",
      "https://*.example/cb",
      "https://app.example/*",
      "https://app.example\\@evil.example/",
      "javascript:alert(1)",
      "https://app.example/a b",
      "https:///cb",
    ],
    ["LOG_LEVEL", "verbose", "INFO"],
  ];

  it.each(refused)("%s is refused when it is wrong", (name, ...texts) => {
    for (const text of texts) {
      expect(Object.keys(problems({ ...COMPANIONS, [name]: text })), text).toEqual([name]);
    }
  });

  it("cover every variable", () => {
    const names = refused.map(([name]) => name).sort();
    expect(names).toEqual(Object.keys(settingsSchema.shape).sort());
  });
});

describe("test numbers", () => {
  const TEST_NUMBERS = `+8613800138000=405938@${SOON}, +8613800138001=917402@2020-02-29`;

  it("are good to the end of their last day, and may be over", () => {
    expect(config({ TEST_NUMBERS }).testNumbers).toEqual([
      { phone: "+8613800138000", code: "405938", until: Date.parse(SOON) + 86_400_000 },
      { phone: "+8613800138001", code: "917402", until: Date.UTC(2020, 2, 1) },
    ]);
    expect(config().testNumbers).toEqual([]);
  });

  it("may end within a year", () => {
    const numbers = config({ TEST_NUMBERS: `+8613800138000=405938@${inDays(365)}` }).testNumbers;
    expect(numbers).toHaveLength(1);
  });

  it("are told of at every start, without the code or the number, until nothing is left of them", () => {
    const told = warnings({ TEST_NUMBERS }).join();
    expect(told).toContain(`TEST_NUMBERS: 1 number signs in with a fixed code`);
    expect(told).toContain(SOON);
    expect(told).not.toMatch(/405938|917402|13800138/);
    expect(warnings({ TEST_NUMBERS: "+8613800138001=917402@2020-02-29" }).join()).toContain("over");
    expect(warnings({}).join()).not.toContain("TEST_NUMBERS");
  });

  it("are named by no problem, nor is their code", () => {
    const wrong = [
      `+8613800138000=405938@${inDays(900)}`,
      `+8613800138000=4059381@${SOON}`,
      `+447911123456=405938@${SOON}`,
      `+8613800138000=135791@${SOON}`,
      `+8613800138000=405938 @${SOON}`,
    ];
    for (const text of wrong) {
      const problem = problems({ TEST_NUMBERS: text }).TEST_NUMBERS;
      expect(problem).toContain("entry 1");
      expect(problem).not.toMatch(/405938|4059381|135791|13800138000|7911/);
    }
  });

  it("have codes as long as all codes", () => {
    const numbers = `+8613800138000=40593817@${SOON}`;
    expect(problems({ TEST_NUMBERS: numbers, CODE_LENGTH: "8" })).toEqual({});
    expect(problems({ TEST_NUMBERS: numbers }).TEST_NUMBERS).toContain("CODE_LENGTH");
  });

  it("nearly every random code is taken", () => {
    let taken = 0;
    for (let code = 100_000; code < 1_000_000; code += 997) {
      if (!problems({ TEST_NUMBERS: `+8613911111111=${code}@${SOON}` }).TEST_NUMBERS) taken += 1;
    }
    expect(taken / 903).toBeGreaterThan(0.85);
  });
});

describe("money and the guard", () => {
  it("prices are by country and sender, in exact millionths", () => {
    const SMS_PRICES = "USD, us=0.0079, tencent/CN=0.04, tencent/*=2, *=1";
    const { protection } = config({
      SMS_PRICES,
      SPEND_HOUR: "unlimited",
      SPEND_DAY: "20.5 USD, GB=3, tencent=7",
    });
    expect(protection.spendHour).toEqual({ byCountry: {}, bySender: {} });
    expect(protection.spendDay).toEqual({
      currency: "USD",
      total: 20_500_000,
      byCountry: { GB: 3_000_000 },
      bySender: { tencent: 7_000_000 },
    });
    expect(protection.prices).toEqual({
      currency: "USD",
      prices: [
        { country: "US", micros: 7_900 },
        { country: "CN", sender: "tencent", micros: 40_000 },
        { sender: "tencent", micros: 2_000_000 },
        { micros: 1_000_000 },
      ],
    });
  });
});

describe("the guard's allow-list", () => {
  it("takes countries, beginnings of numbers and networks", () => {
    const { guardAllow } = config({ GUARD_ALLOW: "gb, +86138, 198.51.100.0/24, 2001:db8::/33" }).protection;
    expect(guardAllow).toEqual({
      countries: ["GB"],
      prefixes: ["+86138"],
      networks: ["198.51.100.0/24", "2001:db8::/33"],
      networkBits: ["4:110001100011001101100100", `6:00100000000000010000110110111000${"0"}`],
    });
  });
});

describe("limits", () => {
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const windows = fc
    .tuple(
      fc.integer({ min: 1, max: 999_999 }),
      fc.integer({ min: 1, max: 2_592_000 }),
      fc.constantFrom("s", "m", "h", "d"),
    )
    .filter(([, length, unit]) => length * unitMs[unit] <= 30 * unitMs.d);

  it("mean what they say", () => {
    fc.assert(
      fc.property(fc.array(windows, { minLength: 1, maxLength: 5 }), (list) => {
        const text = list.map(([max, length, unit]) => `${max}/${length}${unit}`).join(",");
        const expected = list.map(([max, length, unit]) => ({ max, windowMs: length * unitMs[unit] }));
        expect(config({ LIMIT_PHONE_SENDS: text }).limits.phoneSends).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("take nothing that is not a list of whole windows", () => {
    const text = fc
      .string({ unit: fc.constantFrom(..."0159/smhdw,-. u") })
      .filter((each) => each.trim() !== "");
    fc.assert(
      fc.property(text, (each) => {
        const sound = each.split(",").every((entry) => /^\s*([1-9]\d*\/[1-9]\d*[smhd])?\s*$/.test(entry));
        const read = load({ PHONEKEY_SECRETS: SECRET, LIMIT_PHONE_SENDS: each });
        if (!sound) expect(read.ok, each).toBe(false);
        else if (read.ok) expect(read.config.limits.phoneSends.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

function redisUrls(): [string, string, (read: Config) => unknown, unknown][] {
  const ca = { caFile: "/etc/ca.pem", serverName: "redis.internal" };
  const sentinels = [
    { host: "s1", port: 26_379 },
    { host: "s2", port: 26_380 },
  ];
  const urls: [string, object][] = [
    ["redis://localhost", { topology: "single", hosts: [{ host: "localhost", port: 6379 }] }],
    [
      "redis://:p%40s+s@10.0.0.7:6380/2",
      { topology: "single", hosts: [{ host: "10.0.0.7", port: 6380 }], password: "p@s+s", database: 2 },
    ],
    [
      "rediss://user:secret@redis.example.com:6380",
      {
        topology: "single",
        hosts: [{ host: "redis.example.com", port: 6380 }],
        user: "user",
        password: "secret",
        tls: {},
      },
    ],
    ["redis://[::1]:6379", { topology: "single", hosts: [{ host: "::1", port: 6379 }] }],
    [
      "redis+sentinel://s1,s2:26380/mymaster",
      { topology: "sentinel", hosts: sentinels, masterName: "mymaster" },
    ],
    [
      "rediss+sentinel://:a@s1,s2:26380/mymaster?sentinelPassword=b&sslCa=/etc/ca.pem&sslName=redis.internal",
      {
        topology: "sentinel",
        hosts: sentinels,
        masterName: "mymaster",
        password: "a",
        sentinelPassword: "b",
        tls: ca,
      },
    ],
    [
      "rediss+cluster://:secret@n1:7000,n2",
      {
        topology: "cluster",
        hosts: [
          { host: "n1", port: 7000 },
          { host: "n2", port: 6379 },
        ],
        password: "secret",
        tls: {},
      },
    ],
  ];
  return urls.map(([url, parts]) => ["STATE_URL", url, (read) => read.state, { kind: "redis", ...parts }]);
}
