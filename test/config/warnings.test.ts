import fs, { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { developmentSecret } from "../../src/config/development-secret.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import { settings } from "../../src/config/setting.ts";
import { type Config, loadConfig } from "../../src/config.ts";
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
  useFolder,
  warnings,
} from "./load.ts";

useFolder();

describe("production", () => {
  it("starts with secrets, a real sender and a public address", () => {
    const loaded = load(PRODUCTION);
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [],
      config: { mode: "production", senders: [{ name: "tencent" }] },
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

  it.each(stops)("does not start with %s, and names only that setting", (_, change, name) => {
    expect(Object.keys(problems({ ...PRODUCTION, ...change }))).toEqual([name]);
  });

  it("has a test for each setting that is documented to stop it", () => {
    const documented = Object.entries(settingsSchema.shape)
      .filter(([, schema]) => settings.get(schema)?.stopsProduction)
      .map(([name]) => name);
    expect(new Set(documented)).toEqual(new Set(stops.map(([, , name]) => name)));
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
    [
      "the webhook sender at a public https address",
      {
        SMS_SENDER: "webhook",
        SMS_WEBHOOK: "http://127.0.0.1:9000/send",
        SMS_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        PHONEKEY_SECRETS: SECRET,
        PUBLIC_URL: "https://auth.example.com",
      },
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

  it.each(modes)("is told from development: %s", (_, env, mode) => {
    expect(config(env).mode).toBe(mode);
  });

  it("does not start without secrets, even if NODE_ENV is not set", () => {
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
    ["SPEND_HOUR", { SPEND_HOUR: "301 CNY" }],
    ["SPEND_HOUR", { SPEND_HOUR: "50 CNY, tencnet=20" }],
    ["SPEND_DAY", { SPEND_DAY: "300 CNY, tencent=40, webhok=40" }],
    ["SMS_PRICES", { SMS_PRICES: "CNY, tencent/CN=0.05, webhoook/CN=0.05" }],
    ["LIMIT_PHONE_SENDS", { ...PRODUCTION, LIMIT_PHONE_SENDS: "unlimited" }],
    ["LIMIT_PHONE_SENDS", { LIMIT_PHONE_SENDS: "5/1h,1/24h" }],
    ["LIMIT_ADDRESS_SENDS", { ...PRODUCTION, LIMIT_ADDRESS_SENDS: "unlimited" }],
    ["LIMIT_ADDRESS_CHECKS", { ...PRODUCTION, LIMIT_ADDRESS_CHECKS: "unlimited" }],
  ];

  it.each(doubtful)("name only %s", (name, env) => {
    expect(warnings(env).map((warning) => warning.split(":")[0])).toEqual([name]);
  });

  it("are not given about sound settings", () => {
    const sound = {
      PUBLIC_URL: "http://localhost:8080",
      CLIENT_IP_HEADER: "x-real-ip",
      DEFAULT_COUNTRY: "SG",
      ALLOWED_COUNTRIES: "all",
      SESSION_DAYS: "7",
      LIMIT_PHONE_SENDS: "1/1h,2/24h",
    };
    expect(warnings(sound)).toEqual([]);
  });

  it.each(["db/phonekey?ssl=true", "127.0.0.1/phonekey", "db/phonekey?socketPath=/run/mysqld.sock"])(
    "are not given about a database over TLS, loopback or a socket (%s)",
    (rest) => {
      expect(warnings({ ...PRODUCTION, DATABASE_URL: `mysql://u:p@${rest}` })).toEqual([]);
    },
  );

  it.each([{ FUNCTIONS_API: "off" }, { CAPTCHA: "off" }, { CAPTCHA_WHEN: "risk" }])(
    "are not given about CAPTCHA_WHEN with %j",
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
  ])("name the setting nearest to %s", (typo, near) => {
    const spoken = warnings({ [typo]: "x" });
    expect(spoken).toEqual([`${typo}: not a setting of this version. The nearest one is ${near}.`]);
  });

  it("are not given about variables of other programs", () => {
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

  it("about unknown names are given beside problems, too", () => {
    const loaded = load({ ...PRODUCTION, PHONEKEY_SECRETS: undefined, PHONEKEY_SECRET: SECRET });
    expect(loaded.ok).toBe(false);
    expect(loaded.warnings.join()).toContain("PHONEKEY_SECRET:");
  });
});

describe("the development secret", () => {
  it("is created once, readable only by the user who runs the server", () => {
    const first = developmentSecret(folder);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(developmentSecret(folder)).toBe(first);
    expect(config({ PHONEKEY_SECRETS: undefined }).secrets).toEqual([first]);
    expect(statSync(join(folder, "data/secret")).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "data"))).toEqual(["secret"]);
  });

  it("is flushed before it gets its name; if another start was faster, its secret is used", () => {
    const data = join(folder, "data");
    mkdirSync(data);
    const flush = vi.spyOn(fs, "fsyncSync").mockImplementationOnce(() => {
      writeFileSync(join(data, "secret"), OTHER_SECRET, { flag: "wx" });
    });
    onTestFinished(() => flush.mockRestore());
    expect(developmentSecret(folder)).toBe(OTHER_SECRET);
    expect(readdirSync(data)).toEqual(["secret"]);
  });

  it("is read if it exists, but not created, if makesSecret is false", () => {
    const look = () => {
      const loaded = loadConfig({}, { folder, makesSecret: false });
      return loaded.ok && loaded.config.secrets;
    };
    expect([look(), readdirSync(folder)]).toEqual([[], []]);
    const made = developmentSecret(folder);
    expect(look()).toEqual([made]);
  });

  it("is a problem if makesSecret is false and it cannot be read", () => {
    writeFileSync(join(folder, "data"), "no folder");
    const looked = loadConfig({}, { folder, makesSecret: false });
    const message = "is not set, and data/secret cannot be read (ENOTDIR)";
    expect(looked).toMatchObject({ ok: false, problems: [{ name: "PHONEKEY_SECRETS", message }] });
  });

  it("can be rotated in its file", () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/secret"), `${OTHER_SECRET},${SECRET}\n`);
    expect(config({ PHONEKEY_SECRETS: undefined }).secrets).toEqual([OTHER_SECRET, SECRET]);
  });

  it("is a problem if its file is damaged, and the file is left as it is", () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/secret"), "cut o");
    expect(problems({ PHONEKEY_SECRETS: undefined }).PHONEKEY_SECRETS).toContain("data/secret");
    expect(readFileSync(join(folder, "data/secret"), "utf8")).toBe("cut o");
  });

  it("is a problem if it cannot be written", () => {
    writeFileSync(join(folder, "data"), "");
    expect(problems({ PHONEKEY_SECRETS: undefined }).PHONEKEY_SECRETS).toMatch(/data\/secret \(E\w+\)$/);
  });

  it("is not created while other settings are wrong", () => {
    expect(problems({ PHONEKEY_SECRETS: undefined, PORT: "x" })).toHaveProperty("PORT");
    expect(readdirSync(folder)).toEqual([]);
  });
});
