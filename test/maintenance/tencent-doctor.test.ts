import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import type { Config } from "../../src/config.ts";
import { createAdminAccount } from "../support/tencent/admin-account.ts";
import { startCloud } from "../support/tencent/cloud.ts";
import { smsAdmin } from "../support/tencent/sms-admin.ts";
import { testConfig } from "../support/world.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };

async function examineWith(more: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  const cloud = await startCloud({ products: [smsAdmin(createAdminAccount())], accounts: [KEYS] });
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true });
    await cloud.close();
  });
  const env = {
    SMS_SENDER: "tencent",
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_SMS_ENDPOINT: cloud.url,
    TENCENT_SMS_SDK_APP_ID: "1400006666",
    TENCENT_SMS_SIGN_NAME: "腾讯云",
    TENCENT_SMS_TEMPLATE_ID: "1110",
  };
  const findings = await examineParts(testConfig(folder, { ...env, ...more }), { folder });
  return findings.filter(({ name }) => name.startsWith("SMS")).map(({ status, name }) => `${status} ${name}`);
}

test("the doctor asks Tencent Cloud about mainland China, and about other numbers if they have a template", async () => {
  expect(await examineWith({})).toEqual([
    "ok SMS to mainland China",
    "wrong SMS to mainland China, signature",
    "wrong SMS to mainland China, template",
  ]);
  const both = await examineWith({ TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID: "2220" });
  expect(both.slice(3)).toEqual(["ok SMS to other numbers", "wrong SMS to other numbers, template"]);
});

test("the doctor asks Tencent Cloud nothing if the console is the sender", async () => {
  expect(await examineWith({ SMS_SENDER: "console" })).toEqual([]);
});

test("the doctor warns if requests to a function do not bring keys of its role", async () => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const roleOf = async (publicUrl: string | undefined, more: Partial<Config["tencent"]> = {}) => {
    const { server, ...config } = testConfig(folder);
    const { publicUrl: _, ...bare } = server;
    const findings = await examineParts(
      {
        ...config,
        senders: [{ name: "tencent", sdkAppId: "1400006666", ...config.tencent, ...more }],
        server: { ...bare, ...(publicUrl && { publicUrl }) },
        scf: { appId: "1250000000", hasRoleHeaders: true },
      },
      { folder },
    );
    return findings.filter(({ name }) => name === "keys of the role").map(({ status }) => status);
  };
  expect(await roleOf(undefined)).toEqual(["ok"]);
  expect(await roleOf("https://1250000000-0abcdefgh1.ap-guangzhou.tencentscf.com")).toEqual(["ok"]);
  expect(await roleOf("https://id.example.com")).toEqual(["warn"]);
  expect(await roleOf("https://id.example.com", { credential: KEYS })).toEqual([]);
});
