import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../src/config/schema.ts";
import { developmentSecret } from "../src/config/secrets.ts";
import { settings } from "../src/config/setting.ts";
import type { Config } from "../src/config.ts";
import {
  config,
  type Env,
  folder,
  load,
  OTHER_SECRET,
  PRODUCTION,
  problems,
  SECRET,
  TENCENT,
  warnings,
} from "./config/load.ts";

describe("defaults", () => {
  it("need no variable in development", () => {
    expect(load({})).toEqual({
      ok: true,
      warnings: [],
      config: {
        mode: "development",
        server: { port: 8080, host: "127.0.0.1", trustedProxies: [], allowedOrigins: [] },
        secrets: [readFileSync(join(folder, "data/secret"), "utf8").trim()],
        database: { kind: "sqlite", path: join(folder, "data/phonekey.db") },
        state: { kind: "database" },
        sender: "console",
        tencent: {
          region: "ap-guangzhou",
          callbackSecrets: [],
          pullsReports: false,
          mainland: { templates: {}, transactions: [] },
          international: { templates: {}, transactions: [] },
        },
        phone: { defaultCountry: "CN", allowedCountries: ["CN"], strictNumbers: false },
        verification: { codeLength: 6, ttlSeconds: 300, attempts: 3, resendSeconds: 30 },
        testNumbers: [],
        limits: {
          phoneSends: [
            { max: 5, windowMs: 3_600_000 },
            { max: 10, windowMs: 86_400_000 },
          ],
          addressSends: [{ max: 10, windowMs: 3_600_000 }],
          addressChecks: [{ max: 300, windowMs: 300_000 }],
          deviceSends: [
            { max: 5, windowMs: 3_600_000 },
            { max: 10, windowMs: 86_400_000 },
          ],
          prefixSends: [{ max: 20, windowMs: 3_600_000 }],
          countrySends: "learned",
          totalSends: "learned",
        },
        protection: {
          guardMode: "enforce",
          guardAllow: { countries: [], prefixes: [], networks: [], networkBits: [] },
          prices: { currency: "CNY", prices: [{ country: "CN", micros: 50_000 }, { micros: 1_000_000 }] },
          spendHour: { total: 50_000_000, currency: "CNY", byCountry: {}, bySender: {} },
          spendDay: { total: 300_000_000, currency: "CNY", byCountry: {}, bySender: {} },
        },
        challenges: {
          kind: "altcha",
          when: "risk",
          altchaCost: 2000,
          tencent: { siteKey: "", secretKey: "" },
          turnstile: { siteKey: "", secretKey: "" },
          hcaptcha: { siteKey: "", secretKey: "" },
        },
        accounts: { signUp: "open" },
        life: { phoneChangeHours: 24, numberUnusedDays: 90, sparesProtected: false },
        session: { accessTokenMinutes: 15, sessionDays: 30, idleDays: 14 },
        retention: { messagesDays: 90, eventsDays: 180, failuresDays: 31, sessionsDays: 30 },
        functions: { isOpen: true, allowGet: true },
        pages: { brandName: "Phonekey", defaultLocale: "en", returnTo: [] },
        metrics: {},
        logLevel: "info",
      },
    });
  });

  it("hold for blank variables too, and spaces around a value are dropped", () => {
    expect(config({ PORT: " \r", CODE_LENGTH: " 7\r" })).toMatchObject({
      server: { port: 8080 },
      verification: { codeLength: 7 },
    });
  });

  it("listen everywhere in production alone, unless told otherwise", () => {
    expect(config(PRODUCTION).server.host).toBe("0.0.0.0");
    expect(config({ ...PRODUCTION, HOST: "::1" }).server.host).toBe("::1");
  });

  it("give a configuration that nothing can change", () => {
    const { server, limits } = config({ TRUSTED_PROXIES: "10.0.0.1" });
    expect(Object.isFrozen(server)).toBe(true);
    expect(Object.isFrozen(server.trustedProxies)).toBe(true);
    expect(limits.phoneSends.every((window) => Object.isFrozen(window))).toBe(true);
  });

  it("are each described by a sentence", () => {
    for (const [name, schema] of Object.entries(settingsSchema.shape)) {
      expect(settings.get(schema)?.sentence, name).toMatch(/^[A-Z`].+\.$/);
    }
  });
});

describe("problems", () => {
  it("are all reported at once, in the order of the document", () => {
    const loaded = load({ NODE_ENV: "production", PORT: "x", CODE_LENGTH: "9", STATE_URL: "memory:" });
    expect(loaded.ok ? [] : loaded.problems.map(({ name }) => name)).toEqual([
      "PORT",
      "PUBLIC_URL",
      "PHONEKEY_SECRETS",
      "STATE_URL",
      "SMS_SENDER",
      "CODE_LENGTH",
    ]);
  });

  it("and warnings never hold the value of a variable", () => {
    const canary = "k4n4ry-wert";
    for (const name of [...Object.keys(settingsSchema.shape), "LIMIT_PHONE_SEND", "PHONEKEY_SECRET"]) {
      for (const text of [
        canary,
        `https://${canary}@x.example/#${canary}`,
        `mysql://root:${canary}@db`,
        `5/1h,${canary}`,
        `${SECRET},${canary}`,
        `sqlite:${canary}?x`,
      ]) {
        const { ok, ...said } = load({ ...PRODUCTION, [name]: text });
        const spoken = JSON.stringify("warnings" in said && ok ? said.warnings : said);
        expect(spoken, name).not.toContain(canary);
        expect(spoken, name).not.toContain(SECRET);
      }
    }
  });

  it("say which entry of a list is wrong", () => {
    expect(problems({ RETURN_TO: "https://a.example/,https://b.example/#x" }).RETURN_TO).toMatch(
      /^entry 2 must be /,
    );
    expect(problems({ PHONEKEY_SECRETS: `${SECRET},short` }).PHONEKEY_SECRETS).toBe(
      "secret 2 is shorter than 32 bytes",
    );
  });

  it.each<[string, Env, string[]]>([
    [
      "all that the sender needs",
      { SMS_SENDER: "tencent" },
      [
        "TENCENT_SECRET_ID",
        "TENCENT_SECRET_KEY",
        "TENCENT_SMS_SDK_APP_ID",
        "TENCENT_SMS_SIGN_NAME",
        "TENCENT_SMS_TEMPLATE_ID",
      ],
    ],
    ["half a key", { ...TENCENT, TENCENT_SECRET_KEY: undefined }, ["TENCENT_SECRET_KEY"]],
    [
      "half a key beside a role",
      { ...TENCENT, TENCENT_SECRET_KEY: undefined, TENCENTCLOUD_RUNENV: "SCF" },
      ["TENCENT_SECRET_KEY"],
    ],
    [
      "a key where the role has half of one",
      {
        ...TENCENT,
        TENCENT_SECRET_ID: undefined,
        TENCENT_SECRET_KEY: undefined,
        TENCENTCLOUD_SECRETID: "AKIDrole",
      },
      ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"],
    ],
    [
      "the texts for the countries that may sign in",
      { ...TENCENT, TENCENT_SMS_SIGN_NAME: undefined, ALLOWED_COUNTRIES: "HK,SG" },
      ["TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID"],
    ],
    [
      "both kinds of texts where everybody may",
      { ...TENCENT, TENCENT_SMS_SIGN_NAME: undefined, ALLOWED_COUNTRIES: "all" },
      ["TENCENT_SMS_SIGN_NAME", "TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID"],
    ],
    [
      "no key where a function has a role",
      { ...TENCENT, TENCENT_SECRET_ID: undefined, TENCENT_SECRET_KEY: undefined, TENCENTCLOUD_RUNENV: "SCF" },
      [],
    ],
    [
      "what Tencent's captcha needs, the key of the cloud once",
      { CAPTCHA: "tencent", TENCENT_CAPTCHA_APP_ID: "190000001" },
      ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "TENCENT_CAPTCHA_APP_SECRET"],
    ],
    [
      "the keys of the captcha that is chosen",
      { CAPTCHA: "turnstile", TURNSTILE_SITE_KEY: "0x4", HCAPTCHA_SITE_KEY: "x" },
      ["TURNSTILE_SECRET_KEY"],
    ],
  ])("name %s", (_, env, names) => {
    expect(Object.keys(problems(env))).toEqual(names);
  });

  it("name the secret that a webhook needs", () => {
    expect(Object.keys(problems({ ALERT_WEBHOOK: "https://ops.example/hook" }))).toEqual([
      "ALERT_WEBHOOK_SECRET",
    ]);
    const env = {
      ALERT_WEBHOOK: "https://ops.example/hook?key=1",
      ALERT_WEBHOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    };
    expect(config(env).alerts).toEqual({
      url: env.ALERT_WEBHOOK,
      secrets: ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    });
  });

  it("do not ask for what only another sender needs", () => {
    expect(problems({ TENCENT_SMS_SDK_APP_ID: "1400006666" })).toEqual({});
  });
});

describe("production", () => {
  it("starts with secrets, a real sender and a public address", () => {
    const loaded = load(PRODUCTION);
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [],
      config: { mode: "production", sender: "tencent" },
    });
  });

  const stops: [string, Env, string][] = [
    ["missing secrets", { PHONEKEY_SECRETS: undefined }, "PHONEKEY_SECRETS"],
    ["short secrets", { PHONEKEY_SECRETS: "short" }, "PHONEKEY_SECRETS"],
    ["the console sender", { SMS_SENDER: undefined }, "SMS_SENDER"],
    ["the console sender by name", { SMS_SENDER: "console" }, "SMS_SENDER"],
    ["memory state", { STATE_URL: "memory:" }, "STATE_URL"],
    ["no public address", { PUBLIC_URL: undefined }, "PUBLIC_URL"],
  ];

  it.each(stops)("is stopped by %s alone", (_, change, name) => {
    expect(Object.keys(problems({ ...PRODUCTION, ...change }))).toEqual([name]);
  });

  it("is stopped by what the document says, and by the sender where codes are too long for it", () => {
    const documented = Object.entries(settingsSchema.shape)
      .filter(([, schema]) => settings.get(schema)?.stopsProduction)
      .map(([name]) => name);
    expect(new Set(documented)).toEqual(new Set([...stops.map(([, , name]) => name), "CODE_LENGTH"]));
  });

  it("makes no secret of its own", () => {
    load({ ...PRODUCTION, PHONEKEY_SECRETS: undefined });
    expect(readdirSync(folder)).toEqual([]);
  });

  const modes: [string, Env, Config["mode"]][] = [
    [
      "a real sender at a public https address",
      { ...TENCENT, PUBLIC_URL: "https://auth.example.com" },
      "production",
    ],
    [
      "the same with NODE_ENV=development",
      { NODE_ENV: "development", ...TENCENT, PUBLIC_URL: "https://203.0.114.5" },
      "production",
    ],
    ["a real sender on plain http", { ...TENCENT, PUBLIC_URL: "http://auth.example.com" }, "development"],
    ["a real sender on loopback", { ...TENCENT, PUBLIC_URL: "https://app.localhost:8443" }, "development"],
    ["a real sender on loopback by number", { ...TENCENT, PUBLIC_URL: "https://2130706433" }, "development"],
    ["a real sender in a private network", { ...TENCENT, PUBLIC_URL: "https://[fd00::1]" }, "development"],
    ["a real sender without an address", { ...TENCENT }, "development"],
    ["the console at a public https address", { PUBLIC_URL: "https://auth.example.com" }, "development"],
    ["a test run", { NODE_ENV: "test" }, "development"],
  ];

  it.each(modes)("holds or not: %s", (_, env, mode) => {
    expect(config(env).mode).toBe(mode);
  });

  it("also stops where NODE_ENV was forgotten", () => {
    const env = { PHONEKEY_SECRETS: undefined, ...TENCENT, PUBLIC_URL: "https://auth.example.com" };
    expect(Object.keys(problems(env))).toEqual(["PHONEKEY_SECRETS"]);
  });
});

describe("warnings", () => {
  const doubtful: [string, Env][] = [
    ["PUBLIC_URL", { ...PRODUCTION, PUBLIC_URL: "http://auth.example.com" }],
    ["DATABASE_URL", { ...PRODUCTION, DATABASE_URL: "mysql://u:p@db/phonekey" }],
    ["TRUSTED_PROXIES", { TRUSTED_PROXIES: "10.0.0.0/8,::/0" }],
    ["CLIENT_IP_HEADER", { CLIENT_IP_HEADER: "x-real-ip", TRUSTED_PROXIES: "10.0.0.1" }],
    ["DEFAULT_COUNTRY", { DEFAULT_COUNTRY: "SG" }],
    ["RESEND_SECONDS", { RESEND_SECONDS: "60", CODE_TTL_SECONDS: "60" }],
    ["CAPTCHA_WHEN", { CAPTCHA_WHEN: "always" }],
    ["SESSION_DAYS", { SESSION_DAYS: "31" }],
    ["SESSION_IDLE_DAYS", { SESSION_DAYS: "7", SESSION_IDLE_DAYS: "8" }],
    ["LIMIT_PHONE_SENDS", { ...PRODUCTION, LIMIT_PHONE_SENDS: "unlimited" }],
    ["LIMIT_ADDRESS_SENDS", { ...PRODUCTION, LIMIT_ADDRESS_SENDS: "unlimited" }],
    ["LIMIT_ADDRESS_CHECKS", { ...PRODUCTION, LIMIT_ADDRESS_CHECKS: "unlimited" }],
  ];

  it.each(doubtful)("%s alone is doubted", (name, env) => {
    expect(warnings(env).map((warning) => warning.split(":")[0])).toEqual([name]);
  });

  it("leave sound settings alone", () => {
    const sound = {
      PUBLIC_URL: "http://localhost:8080",
      CLIENT_IP_HEADER: "x-real-ip",
      DEFAULT_COUNTRY: "SG",
      ALLOWED_COUNTRIES: "all",
      SESSION_DAYS: "7",
    };
    expect(warnings(sound)).toEqual([]);
  });

  it.each(["db/phonekey?ssl=true", "127.0.0.1/phonekey", "db/phonekey?socketPath=/run/mysqld.sock"])(
    "are not given about a database that nobody listens to on its way (%s)",
    (rest) => {
      expect(warnings({ ...PRODUCTION, DATABASE_URL: `mysql://u:p@${rest}` })).toEqual([]);
    },
  );

  it.each([{ FUNCTIONS_API: "off" }, { CAPTCHA: "off" }, { CAPTCHA_WHEN: "risk" }])(
    "are not given about strangers who are not asked with %j",
    (env) => {
      expect(warnings({ CAPTCHA_WHEN: "always", ...env })).toEqual([]);
    },
  );

  it.each([
    ["LIMIT_PHONE_SEND", "LIMIT_PHONE_SENDS"],
    ["CODE_LENGHT", "CODE_LENGTH"],
    ["PHONEKEY_SECRET", "PHONEKEY_SECRETS"],
    ["PHONEKEY_SECRETS_FILE", "PHONEKEY_SECRETS"],
    ["ALLOWED_COUNTRY", "ALLOWED_COUNTRIES"],
    ["DATABASE_URI", "DATABASE_URL"],
  ])("name the setting that %s is near", (typo, near) => {
    const spoken = warnings({ [typo]: "x" });
    expect(spoken).toEqual([`${typo}: not a setting of this version. The nearest one is ${near}.`]);
  });

  it("stay silent about what other programs use", () => {
    const others = {
      PATH: "/bin",
      HOSTNAME: "x",
      LOGNAME: "x",
      SESSION_MANAGER: "x",
      PORTS: "x",
      npm_config_host: "x",
    };
    expect(warnings(others)).toEqual([]);
    const callers = { PHONEKEY_URL: "x", PHONEKEY_ISSUER: "x", PHONEKEY_API_KEY: "x" };
    expect(warnings(callers)).toEqual([]);
  });

  it("about names come with problems too", () => {
    const loaded = load({ ...PRODUCTION, PHONEKEY_SECRETS: undefined, PHONEKEY_SECRET: SECRET });
    expect(loaded.ok).toBe(false);
    expect(loaded.warnings.join()).toContain("PHONEKEY_SECRET:");
  });
});

describe("the secret of development", () => {
  it("is made once, for its owner's eyes alone", () => {
    const first = developmentSecret(folder);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(developmentSecret(folder)).toBe(first);
    expect(config({ PHONEKEY_SECRETS: undefined }).secrets).toEqual([first]);
    expect(statSync(join(folder, "data/secret")).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "data"))).toEqual(["secret"]);
  });

  it("can be rotated in its file", () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/secret"), `${OTHER_SECRET},${SECRET}\n`);
    expect(config({ PHONEKEY_SECRETS: undefined }).secrets).toEqual([OTHER_SECRET, SECRET]);
  });

  it("is not used when the file was damaged", () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/secret"), "cut o");
    expect(problems({ PHONEKEY_SECRETS: undefined }).PHONEKEY_SECRETS).toContain("data/secret");
    expect(readFileSync(join(folder, "data/secret"), "utf8")).toBe("cut o");
  });

  it("is a problem where none can be kept", () => {
    writeFileSync(join(folder, "data"), "");
    expect(problems({ PHONEKEY_SECRETS: undefined }).PHONEKEY_SECRETS).toMatch(/data\/secret \(E\w+\)$/);
  });

  it("is not made while other settings are wrong", () => {
    expect(problems({ PHONEKEY_SECRETS: undefined, PORT: "x" })).toHaveProperty("PORT");
    expect(readdirSync(folder)).toEqual([]);
  });
});
