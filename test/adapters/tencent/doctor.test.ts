import { describe, expect, it, onTestFinished } from "vitest";
import { createSmsClient } from "../../../src/adapters/tencent/client.ts";
import { checkTexts } from "../../../src/adapters/tencent/doctor.ts";
import type { TencentTexts } from "../../../src/adapters/tencent/sender.ts";
import { createSmsAdmin } from "../../../src/adapters/tencent/sms-admin.ts";
import { createAdminAccount } from "../../support/tencent/admin-account.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { smsAdmin } from "../../support/tencent/sms-admin.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
const BOTH = ["code", "minutes"] as const;
const TEXTS: TencentTexts = {
  signature: "腾讯云",
  template: { id: "11", parameters: BOTH },
  templates: {},
  transactions: [],
};

async function start({ skewMs = 0, secretKey = KEYS.secretKey } = {}) {
  const account = createAdminAccount();
  account.signatures.push({
    SignId: 1,
    International: 0,
    SignName: "腾讯云",
    QualificationId: 1,
    QualificationStatusCode: 1,
    StatusCode: 0,
    ReviewReply: "",
    CreateTime: 1,
  });
  account.templates.push({
    TemplateId: 11,
    International: 0,
    TemplateName: "t",
    TemplateContent: "验证码{1}，{2}分钟",
    SmsType: 3,
    StatusCode: 0,
    ReviewReply: "",
    CreateTime: 1,
  });
  const clock = { now: () => Date.now() + skewMs };
  const cloud = await startCloud({ products: [smsAdmin(account)], accounts: [KEYS], clock });
  onTestFinished(cloud.close);
  const client = createSmsClient({
    credential: () => ({ ...KEYS, secretKey }),
    region: "ap-guangzhou",
    endpoint: cloud.url,
  });
  const admin = createSmsAdmin({ client, isInternational: false, wait: async () => {} });
  const check = (texts = TEXTS) => checkTexts("SMS", admin, texts);
  return { account, cloud, check };
}

describe("the doctor, at Tencent Cloud", () => {
  it("is content with a key, a clock, a signature and a template that are right", async () => {
    const { check, cloud } = await start();
    const findings = await check();
    expect(findings.map(({ status, name }) => `${status} ${name}`)).toEqual([
      "ok SMS",
      "ok SMS, signature",
      "ok SMS, template",
    ]);
    expect(cloud.calls.every(({ action }) => action.startsWith("Describe"))).toBe(true);
  });

  it.each([
    [1, /still in review/],
    [2, /carriers do not know it yet/],
    [-1, /was rejected: 资质过期/],
  ])("reports a signature and a template in state %i", async (StatusCode, says) => {
    const { account, check } = await start();
    for (const one of [...account.signatures, ...account.templates]) {
      Object.assign(one, { StatusCode, ReviewReply: "资质过期" });
    }
    const findings = await check();
    expect(findings.slice(1).map(({ status }) => status)).toEqual(["wrong", "wrong"]);
    for (const finding of findings.slice(1)) expect(finding.says).toMatch(says);
  });

  it.each([
    [["code"], /has 2 variables, and the settings fill 1/],
    [[], /has 2 variables, and the settings fill 0/],
  ] as const)(
    "reports a template that takes another number of parameters than %j",
    async (parameters, says) => {
      const { check } = await start();
      const [, , template] = await check({ ...TEXTS, template: { id: "11", parameters } });
      expect(template).toMatchObject({ status: "wrong", says: expect.stringMatching(says) });
    },
  );

  it("reports names that the account does not have, with the purpose of each", async () => {
    const { check } = await start();
    const own = { id: "12", parameters: BOTH, signature: "别的" };
    const findings = await check({ ...TEXTS, templates: { reset_password: own } });
    expect(findings.filter(({ status }) => status === "wrong").map(({ says }) => says)).toEqual([
      "the signature 别的 is not there",
      "12 (for reset_password) is not there",
    ]);
  });

  it.each([
    ["a wrong secret", { secretKey: "otherSECRET" }, /TENCENT_SECRET_KEY does not belong/],
    ["a clock that is off", { skewMs: 600_000 }, /clock is wrong/],
  ])("reports %s, without the secret", async (_, options, says) => {
    const { check } = await start(options);
    const findings = await check();
    expect(findings).toMatchObject([{ status: "wrong", says: expect.stringMatching(says) }]);
    expect(JSON.stringify(findings)).not.toMatch(/SECRET"|secretTEST|otherSECRET/);
  });

  it("only warns about a key that may send but not look", async () => {
    const { check, cloud } = await start();
    cloud.faults.push({ error: "AuthFailure.UnauthorizedOperation" });
    expect(await check()).toMatchObject([
      { status: "warn", todo: expect.stringContaining("sms:DescribeSms") },
    ]);
  });

  it("only warns about an individual's account, which may send but not look", async () => {
    const { account, check } = await start();
    account.isEnterprise = false;
    expect(await check()).toMatchObject([
      {
        status: "warn",
        says: expect.stringMatching(/cannot be checked/),
        todo: expect.stringContaining("console"),
      },
    ]);
  });

  it("only warns about a sub-account's key that may not list templates", async () => {
    const { check, cloud } = await start();
    cloud.faults.push({ slowMs: 0 }, { error: "FailedOperation.ProhibitSubAccountUse" });
    expect(await check()).toMatchObject([{ status: "warn", todo: expect.stringContaining("console") }]);
  });

  it("reports that the cloud cannot be reached", async () => {
    const { check, cloud } = await start();
    await cloud.close();
    const findings = await check();
    expect(findings).toMatchObject([{ status: "wrong", says: expect.stringMatching(/cannot be reached/) }]);
    expect(findings[0]).not.toHaveProperty("todo");
  });

  it.each([
    ["AuthFailure.SecretIdNotFound", "TENCENT_SECRET_ID"],
    ["UnsupportedRegion", undefined],
    ["InternalError", undefined],
  ])("names the key's setting for %s only if the key is to blame", async (error, todo) => {
    const { check, cloud } = await start();
    cloud.faults.push({ error });
    const [finding] = await check();
    expect(finding).toMatchObject({ status: "wrong", says: expect.stringContaining(error) });
    if (todo) expect(finding?.todo).toContain(todo);
    else expect(finding).not.toHaveProperty("todo");
  });
});
