import { expect, it } from "vitest";
import { compose, migrateDatabase } from "../../src/compose.ts";
import { BOTH, config, problems, useFolder } from "./load.ts";

useFolder();

it("a sender that is chosen has all that it needs", () => {
  const { senders, tencent, smsWebhook } = config({ ...BOTH, SMS_SENDER: "webhook,tencent" });
  const service = { url: "https://sms.example.com/send", secrets: [BOTH.SMS_WEBHOOK_SECRET] };
  expect(senders).toEqual([
    { name: "webhook", ...service },
    { name: "tencent", ...tencent, sdkAppId: "1400006666" },
  ]);
  expect(smsWebhook).toEqual(service);
});

it.each(["TENCENT_SMS_SDK_APP_ID", "SMS_WEBHOOK", "SMS_WEBHOOK_SECRET"])(
  "a sender that is chosen is refused without %s",
  (name) => {
    expect(Object.keys(problems({ ...BOTH, [name]: undefined }))).toEqual([name]);
  },
);

it("no server starts with a CODE_LENGTH that a chosen sender does not carry", async () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const parts = { log, assets: { script: "", style: "", read: () => undefined } };
  const long = config({ ...BOTH, CODE_LENGTH: "8" });
  await migrateDatabase(long);
  await expect(compose(long, parts)).rejects.toThrow(
    "CODE_LENGTH: the sender tencent carries at most 6 digits",
  );
  const carried = config({ ...BOTH, SMS_SENDER: "webhook", CODE_LENGTH: "8" });
  await (await compose(carried, parts)).close();
});

it.each([
  ["tencent", "TENCENT_CAPTCHA_APP_ID", "TENCENT_CAPTCHA_APP_SECRET", "190000001"],
  ["tencent", "TENCENT_CAPTCHA_APP_ID", "TENCENT_CAPTCHA_APP_SECRET", "2040000001"],
  ["turnstile", "TURNSTILE_SITE_KEY", "TURNSTILE_SECRET_KEY", "0x4AAA"],
  ["hcaptcha", "HCAPTCHA_SITE_KEY", "HCAPTCHA_SECRET_KEY", "10000000-ffff"],
])("CAPTCHA=%s has %s and %s, and is refused without one of them", (kind, site, secret, siteKey) => {
  const env = { ...BOTH, CAPTCHA: kind, [site]: siteKey, [secret]: "ES_0" };
  const keys = { kind, when: "risk", siteKey, secretKey: "ES_0" };
  expect(config(env).challenges).toEqual(keys);
  const endpoint = "http://127.0.0.1:4000";
  expect(config({ ...env, CAPTCHA_ENDPOINT: `${endpoint}/` }).challenges).toEqual({ ...keys, endpoint });
  for (const name of [site, secret])
    expect(Object.keys(problems({ ...env, [name]: undefined }))).toEqual([name]);
});
