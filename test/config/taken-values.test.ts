import { expect, it } from "vitest";
import type { Config } from "../../src/config.ts";
import { config, LONGEST_URL, OTHER_SECRET, SECRET, useFolder } from "./load.ts";

useFolder();

type Case = [string, string, (read: Config) => unknown, unknown];

const MYSQL = { kind: "mysql", host: "db", port: 3306, user: "u", password: "p", database: "phonekey" };

const TAKEN: Case[] = [
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
  [
    "ALLOWED_ORIGINS",
    "https://localhost,http://localhost,http://tauri.localhost",
    (read) => read.server.allowedOrigins,
    ["https://localhost", "http://localhost", "http://tauri.localhost"],
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
  ["DATABASE_URL", "MariaDB://u:p@db:3306/phonekey?ssl=false", (read) => read.database, MYSQL],
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
  ["ALTCHA_COST", "100000", (read) => read.challenges, { kind: "altcha", cost: 100_000, when: "risk" }],
  [
    "TENCENT_CAPTCHA_DISASTER_TICKETS",
    "20/1h",
    (read) => read.challenges.disasterTickets,
    [{ max: 20, windowMs: 3_600_000 }],
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
  // All of IPv4, in the form that the warning about it names.
  ["TRUSTED_PROXIES", "::ffff:0.0.0.0/96", (read) => read.server.trustedProxies, ["0.0.0.0/0"]],
];

it.each(TAKEN)("%s=%s is accepted", (name, text, read, expected) => {
  expect(read(config({ [name]: text }))).toEqual(expected);
});

function redisUrls(): Case[] {
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
