import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { startSiteverify } from "../support/siteverify.ts";
import { createCaptcha } from "../support/tencent/captcha.ts";
import { startCloud } from "../support/tencent/cloud.ts";
import { testConfig } from "../support/world.ts";

const SITE = { siteKey: "site-1", secretKey: "secret-1" };
const APP = { appId: 1_234_567_890, appSecret: "secret-2" };
const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };

/** What the doctor says about the captcha. */
async function examineWith(env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const findings = await examineParts(testConfig(folder, env), { folder });
  return findings.filter(({ name }) => name === "captcha");
}

async function startService(kind: "turnstile" | "hcaptcha") {
  const service = await startSiteverify({ kind, ...SITE });
  onTestFinished(service.close);
  const word = kind.toUpperCase();
  const env = {
    CAPTCHA: kind,
    CAPTCHA_ENDPOINT: service.url,
    [`${word}_SITE_KEY`]: SITE.siteKey,
    [`${word}_SECRET_KEY`]: SITE.secretKey,
  };
  return { service, env, secret: `${word}_SECRET_KEY` };
}

test.each(["turnstile", "hcaptcha"] as const)(
  "the doctor asks %s whether the keys are valid",
  async (kind) => {
    const { service, env, secret } = await startService(kind);
    expect(await examineWith(env)).toMatchObject([{ status: "ok", says: expect.stringContaining(kind) }]);
    expect(service.seen).toMatchObject([{ secret: SITE.secretKey }]);
    const wrong = await examineWith({ ...env, [secret]: "another-secret" });
    expect(wrong).toMatchObject([{ status: "wrong", says: expect.stringContaining("invalid-input-secret") }]);
    expect(JSON.stringify(wrong)).not.toContain("another-secret");
    expect(wrong[0]?.todo).toContain(secret);
    service.troubles.push("cut");
    const silent = await examineWith(env);
    expect(silent).toMatchObject([{ status: "wrong", says: expect.stringContaining("no answer") }]);
  },
);

test("the doctor warns of test keys, with which any solution is right", async () => {
  const { service, env } = await startService("hcaptcha");
  service.troubles.push({ codes: [] });
  expect(await examineWith(env)).toMatchObject([{ status: "warn", says: expect.stringContaining("tests") }]);
});

test("the doctor asks Tencent Captcha whether app, secret and key belong together", async () => {
  const cloud = await startCloud({ products: [createCaptcha(APP).product], accounts: [KEYS] });
  onTestFinished(cloud.close);
  const env = {
    CAPTCHA: "tencent",
    CAPTCHA_ENDPOINT: cloud.url,
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_CAPTCHA_APP_ID: String(APP.appId),
    TENCENT_CAPTCHA_APP_SECRET: APP.appSecret,
  };
  expect(await examineWith(env)).toMatchObject([{ status: "ok" }]);
  const wrong = await examineWith({ ...env, TENCENT_CAPTCHA_APP_SECRET: "another" });
  expect(wrong).toMatchObject([{ status: "wrong", says: expect.stringContaining("CaptchaCode 100") }]);
  cloud.faults.push({ error: "AuthFailure.UnauthorizedOperation" });
  const denied = await examineWith(env);
  expect(denied).toMatchObject([
    { status: "wrong", todo: expect.stringContaining("captcha:DescribeCaptchaResult") },
  ]);
});

test("the doctor asks nobody if proofs of work are used, or if nobody is challenged", async () => {
  const { service, env } = await startService("turnstile");
  expect(await examineWith({})).toEqual([]);
  expect(await examineWith({ CAPTCHA: "off" })).toEqual([]);
  expect(await examineWith({ ...env, CAPTCHA_WHEN: "never" })).toEqual([]);
  expect(service.seen).toEqual([]);
});
