import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../src/config/schema.ts";
import { settings } from "../src/config/setting.ts";
import {
  BOTH,
  config,
  type Env,
  folder,
  load,
  PRODUCTION,
  problems,
  SECRET,
  TENCENT,
  useFolder,
} from "./config/load.ts";

useFolder();

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
        senders: [{ name: "console" }],
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
        challenges: { kind: "altcha", cost: 2000, when: "risk" },
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

  it("apply to blank variables, too; spaces around a value are dropped", () => {
    expect(config({ PORT: " \r", CODE_LENGTH: " 7\r" })).toMatchObject({
      server: { port: 8080 },
      verification: { codeLength: 7 },
    });
  });

  it("listen on all addresses in production, unless HOST is set", () => {
    expect(config(PRODUCTION).server.host).toBe("0.0.0.0");
    expect(config({ ...PRODUCTION, HOST: "::1" }).server.host).toBe("::1");
  });

  it("give a frozen configuration", () => {
    const { server, limits } = config({ TRUSTED_PROXIES: "10.0.0.1" });
    expect(Object.isFrozen(server)).toBe(true);
    expect(Object.isFrozen(server.trustedProxies)).toBe(true);
    expect(limits.phoneSends.every((window) => Object.isFrozen(window))).toBe(true);
  });

  it("resolve relative paths against the working folder", () => {
    const { database, state } = config({
      DATABASE_URL: "mysql://u:p@db/phonekey?sslCa=db.pem",
      STATE_URL: "rediss://redis?sslCa=certs/redis.pem",
    });
    expect(database).toMatchObject({ tls: { caFile: join(folder, "db.pem") } });
    expect(state).toMatchObject({ tls: { caFile: join(folder, "certs/redis.pem") } });
  });

  it("belong to settings that each have a sentence of description", () => {
    for (const [name, schema] of Object.entries(settingsSchema.shape)) {
      expect(settings.get(schema)?.sentence, name).toMatch(/^[A-Z`].+\.$/);
    }
  });
});

describe("problems", () => {
  it("are all reported at once, in the order of docs/configuration.md", () => {
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

  it("never contain the value of a variable, nor do warnings", () => {
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
      "every setting that Tencent Cloud SMS needs",
      { SMS_SENDER: "tencent" },
      [
        "TENCENT_SECRET_ID",
        "TENCENT_SECRET_KEY",
        "TENCENT_SMS_SDK_APP_ID",
        "TENCENT_SMS_SIGN_NAME",
        "TENCENT_SMS_TEMPLATE_ID",
      ],
    ],
    ["all that the webhook sender needs", { SMS_SENDER: "webhook" }, ["SMS_WEBHOOK", "SMS_WEBHOOK_SECRET"]],
    [
      "every setting that each of several senders needs",
      { SMS_SENDER: "webhook,tencent" },
      [
        "SMS_WEBHOOK",
        "SMS_WEBHOOK_SECRET",
        "TENCENT_SECRET_ID",
        "TENCENT_SECRET_KEY",
        "TENCENT_SMS_SDK_APP_ID",
        "TENCENT_SMS_SIGN_NAME",
        "TENCENT_SMS_TEMPLATE_ID",
      ],
    ],
    [
      "the texts for the mainland and abroad if there are neither, even beside another sender",
      {
        ...BOTH,
        TENCENT_SMS_SIGN_NAME: undefined,
        TENCENT_SMS_TEMPLATE_ID: undefined,
        ALLOWED_COUNTRIES: "CN,US",
      },
      ["TENCENT_SMS_SIGN_NAME", "TENCENT_SMS_TEMPLATE_ID", "TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID"],
    ],
    [
      "the template of the mainland if only its signature is set",
      { ...BOTH, TENCENT_SMS_TEMPLATE_ID: undefined, ALLOWED_COUNTRIES: "CN,US" },
      ["TENCENT_SMS_TEMPLATE_ID"],
    ],
    ["the missing half of a key", { ...TENCENT, TENCENT_SECRET_KEY: undefined }, ["TENCENT_SECRET_KEY"]],
    [
      "the missing half of a key, even if a function has a role",
      { ...TENCENT, TENCENT_SECRET_KEY: undefined, TENCENTCLOUD_RUNENV: "SCF" },
      ["TENCENT_SECRET_KEY"],
    ],
    [
      "the key if the role has only half of one",
      {
        ...TENCENT,
        TENCENT_SECRET_ID: undefined,
        TENCENT_SECRET_KEY: undefined,
        TENCENTCLOUD_SECRETID: "AKIDrole",
      },
      ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"],
    ],
    [
      "only the texts for abroad if only countries abroad may sign in",
      { ...TENCENT, TENCENT_SMS_SIGN_NAME: undefined, ALLOWED_COUNTRIES: "HK,SG" },
      ["TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID"],
    ],
    [
      "the texts for the mainland and abroad if all countries may sign in",
      { ...TENCENT, TENCENT_SMS_SIGN_NAME: undefined, ALLOWED_COUNTRIES: "all" },
      ["TENCENT_SMS_SIGN_NAME", "TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID"],
    ],
    [
      "no key if a function has a role",
      { ...TENCENT, TENCENT_SECRET_ID: undefined, TENCENT_SECRET_KEY: undefined, TENCENTCLOUD_RUNENV: "SCF" },
      [],
    ],
    [
      "what Tencent's captcha needs, and the key of the cloud once",
      { CAPTCHA: "tencent", TENCENT_CAPTCHA_APP_ID: "190000001" },
      ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "TENCENT_CAPTCHA_APP_SECRET"],
    ],
    [
      "only the keys of the captcha that is chosen",
      { CAPTCHA: "turnstile", TURNSTILE_SITE_KEY: "0x4", HCAPTCHA_SITE_KEY: "x" },
      ["TURNSTILE_SECRET_KEY"],
    ],
  ])("name %s", (_, env, names) => {
    expect(Object.keys(problems(env))).toEqual(names);
  });

  it("name the secret that ALERT_WEBHOOK needs", () => {
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

  it("do not come from several senders, which are tried in the order given", () => {
    const namesOf = (env: Env) => config(env).senders.map(({ name }) => name);
    expect(namesOf(BOTH)).toEqual(["tencent", "webhook"]);
    expect(namesOf({ ...BOTH, SMS_SENDER: "webhook, tencent," })).toEqual(["webhook", "tencent"]);
  });

  it.each(["tencent;webhook", "webhook,webhook,tencent", "console,tencent,webhook", "tencent,pigeon"])(
    "name SMS_SENDER if it is %s",
    (text) => {
      const found = problems({ ...BOTH, SMS_SENDER: text });
      expect(found.SMS_SENDER).toMatch(/^must be `console`, or `tencent` or .+, or several/);
    },
  );

  it("do not demand texts for countries that another sender carries", () => {
    expect(problems({ ...BOTH, ALLOWED_COUNTRIES: "all" })).toEqual({});
    const { TENCENT_SMS_SIGN_NAME: _, TENCENT_SMS_TEMPLATE_ID: template, ...abroad } = BOTH;
    const international = { ...abroad, TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID: template };
    expect(problems({ ...international, ALLOWED_COUNTRIES: "CN,US" })).toEqual({});
  });

  it("do not demand the other settings of a sender that is not chosen", () => {
    expect(problems({ TENCENT_SMS_SDK_APP_ID: "1400006666" })).toEqual({});
    expect(problems({ SMS_WEBHOOK: "https://sms.example/send" })).toEqual({});
  });
});
