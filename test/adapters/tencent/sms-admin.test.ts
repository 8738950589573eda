import { describe, expect, it, onTestFinished } from "vitest";
import { createSmsClient } from "../../../src/adapters/tencent/client.ts";
import {
  carryOut,
  nameFaults,
  planSetup,
  type Step,
  submissionFaults,
  textFaults,
  type Wanted,
} from "../../../src/adapters/tencent/plan.ts";
import { createSmsAdmin, type SmsAdmin } from "../../../src/adapters/tencent/sms-admin.ts";
import { defaultTemplate, TEMPLATE_PURPOSES } from "../../../src/adapters/tencent/templates.ts";
import { createAdminAccount } from "../../support/tencent/admin-account.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { smsAdmin } from "../../support/tencent/sms-admin.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]).toString("base64");

async function start({ isInternational = false } = {}) {
  const account = createAdminAccount();
  const cloud = await startCloud({ products: [smsAdmin(account)], accounts: [KEYS] });
  onTestFinished(cloud.close);
  const waits: number[] = [];
  const client = createSmsClient({ credential: () => KEYS, region: "ap-guangzhou", endpoint: cloud.url });
  const wait = async (ms: number) => void waits.push(ms);
  const admin = createSmsAdmin({ client, isInternational, wait });
  const actions = () => cloud.calls.map(({ action }) => action);
  return { account, cloud, admin, waits, actions };
}

function wanted(more: Partial<Omit<Wanted, "sign">> & { sign?: Partial<Wanted["sign"]> } = {}): Wanted {
  const { sign, ...rest } = more;
  return {
    isInternational: false,
    parameterCount: 2,
    resubmits: false,
    templates: TEMPLATE_PURPOSES.map((purpose) => ({ purpose, ...defaultTemplate(purpose, "zh-CN") })),
    sign: {
      name: "腾讯云",
      type: "company",
      document: "business-license",
      isForOthers: false,
      proofImage: PNG,
      qualificationId: 1000001,
      remark: "Codes",
      ...sign,
    },
    ...rest,
  };
}

async function setUp(admin: SmsAdmin, what = wanted()) {
  const done: Step[] = [];
  await carryOut(admin, what, await planSetup(admin, what), (step) => done.push(step));
  const told = done.map(({ what: kind, purpose = "", action }) => `${action} ${kind} ${purpose}`.trim());
  return { done, told };
}

describe("the set-up of Tencent SMS", () => {
  it("creates a signature and all templates with the parameters that the cloud requires", async () => {
    const { account, admin, cloud } = await start();
    const { done, told } = await setUp(admin);
    expect(told).toEqual(["add signature", ...TEMPLATE_PURPOSES.map((purpose) => `add template ${purpose}`)]);
    expect(account.signatures).toMatchObject([
      { SignName: "腾讯云", QualificationId: 1000001, StatusCode: 1 },
    ]);
    expect(account.templates.map(({ TemplateContent }) => TemplateContent)).toEqual(
      TEMPLATE_PURPOSES.map((purpose) => defaultTemplate(purpose, "zh-CN").text),
    );
    expect(done.map(({ id }) => id)).toEqual([
      account.signatures[0]?.SignId,
      ...account.templates.map(({ TemplateId }) => TemplateId),
    ]);
    const added = cloud.calls.filter(({ action }) => action === "AddSmsTemplate");
    expect(new Set(added.map(({ parameters }) => parameters.SmsType))).toEqual(new Set([3]));
  });

  it("changes nothing when it only plans, and nothing the second time", async () => {
    const { admin, actions } = await start();
    await planSetup(admin, wanted());
    expect(actions()).toEqual(["DescribeSmsSignList", "DescribeSmsTemplateList"]);
    await setUp(admin);
    const { told } = await setUp(admin);
    expect(new Set(told.map((line) => line.split(" ")[0]))).toEqual(new Set(["keep"]));
    expect(actions().filter((action) => action === "AddSmsSign")).toHaveLength(1);
    expect(actions().filter((action) => action === "AddSmsTemplate")).toHaveLength(7);
  });

  it("goes on where it was interrupted", async () => {
    const { account, admin, cloud } = await start();
    cloud.faults.push({ slowMs: 0 }, { slowMs: 0 }, { slowMs: 0 }, { slowMs: 0 }, { cut: "taken" });
    await expect(setUp(admin)).rejects.toThrow("Tencent Cloud: no answer");
    expect(account.templates).toHaveLength(2);
    await setUp(admin);
    expect(account.signatures).toHaveLength(1);
    expect(account.templates).toHaveLength(7);
  });

  it("sees more than the first hundred templates", async () => {
    const { account, admin } = await start();
    await setUp(admin, wanted({ templates: [] }));
    const { text } = defaultTemplate("sign_in", "zh-CN");
    for (let n = 0; n < 150; n += 1) {
      const TemplateContent = n === 149 ? text : `${n}: {1} {2}`;
      const reviewed = { StatusCode: 0, ReviewReply: "", CreateTime: 1 };
      const row = { International: 0, TemplateName: "t", SmsType: 3, ...reviewed };
      account.templates.push({ TemplateId: n + 1, TemplateContent, ...row });
    }
    const { done } = await setUp(admin);
    expect(done[1]).toMatchObject({ action: "keep", id: 150, status: "approved" });
  });

  it("keeps what was rejected, with the reviewer's words, unless it is told to submit it again", async () => {
    const { account, admin, actions } = await start();
    await setUp(admin);
    const rejected = { StatusCode: -1, ReviewReply: "资质\u001b[2J不清晰" };
    Object.assign(account.signatures[0] ?? {}, rejected);
    Object.assign(account.templates[3] ?? {}, rejected);
    const { done } = await setUp(admin);
    expect(done[0]).toMatchObject({ action: "keep", status: "rejected", reply: "资质 [2J不清晰" });
    expect(done[4]).toMatchObject({ action: "keep", status: "rejected" });

    const { told } = await setUp(admin, wanted({ resubmits: true }));
    expect(told.filter((line) => line.startsWith("resubmit"))).toEqual([
      "resubmit signature",
      "resubmit template verify_identity",
    ]);
    expect(actions()).toContain("ModifySmsSign");
    expect(account.signatures).toMatchObject([{ StatusCode: 1 }]);
    expect(account.templates[3]).toMatchObject({ StatusCode: 1, ReviewReply: "" });
  });

  it("keeps Mainland China and Global SMS apart", async () => {
    const { account, admin } = await start();
    await setUp(admin);
    const global = createSmsAdmin({
      client: createSmsClient({
        credential: () => KEYS,
        region: "ap-guangzhou",
        endpoint: await urlOf(account),
      }),
      isInternational: true,
      wait: async () => {},
    });
    const templates = [{ purpose: "sign_in" as const, ...defaultTemplate("sign_in", "en") }];
    await setUp(global, wanted({ isInternational: true, templates }));
    expect(account.signatures.map(({ International }) => International)).toEqual([0, 1]);
    expect(await admin.templates()).toHaveLength(7);
    expect(await global.templates()).toHaveLength(1);
  });

  it("takes the error for a missing list as an empty list", async () => {
    const { admin, cloud, actions } = await start();
    cloud.faults.push({ error: "FailedOperation.MissingSignatureList" });
    cloud.faults.push({ error: "FailedOperation.MissingTemplateList" });
    const { done } = await setUp(admin, wanted({ templates: [] }));
    expect(done).toMatchObject([{ what: "signature", action: "add", status: "in_review" }]);
    expect(actions()).toEqual(["DescribeSmsSignList", "DescribeSmsTemplateList", "AddSmsSign"]);
  });

  it("waits if it calls too often, and gives up after four refusals", async () => {
    const { admin, cloud, waits } = await start();
    cloud.faults.push({ error: "RequestLimitExceeded" }, { error: "RequestLimitExceeded.UinLimitExceeded" });
    expect(await admin.signatures()).toEqual([]);
    expect(waits).toEqual([1_100, 1_100]);
    for (let n = 0; n < 4; n += 1) cloud.faults.push({ error: "RequestLimitExceeded" });
    await expect(admin.signatures()).rejects.toMatchObject({ code: "RequestLimitExceeded" });
  });

  it.each([
    ["an individual", { isEnterprise: false }, "FailedOperation.NotEnterpriseCertification"],
    ["a qualification that is not approved", { qualifications: [] }, "InvalidParameter.InvalidParameters"],
  ])("is refused for %s, and makes nothing", async (_, state, code) => {
    const { account, admin } = await start();
    Object.assign(account, state);
    await expect(setUp(admin)).rejects.toMatchObject({ code });
    expect(account.signatures).toEqual([]);
    expect(account.templates).toEqual([]);
  });

  it("names every text that the review would refuse, without asking the cloud", () => {
    const templates = [{ purpose: "sign_in" as const, name: "a", text: "验证码{1}【】" }];
    expect(textFaults(wanted({ templates }))).toEqual([
      "template sign_in: it has 【 or 】, which only the signature may have",
      "template sign_in: it has 1 variable and the sender passes 2: the cloud would refuse every message",
    ]);
    expect(textFaults(wanted())).toEqual([]);
  });

  it("names the faults of a new signature, and keeps an existing one as it is", async () => {
    const { admin, account } = await start();
    const old = wanted({ sign: { name: "腾讯云·测试" } });
    const fault = "signature: has 2 to 12 letters, digits and Chinese characters, and no spaces";
    const before = await planSetup(admin, old);
    expect(nameFaults(old, before)).toEqual([fault]);
    expect(submissionFaults(old, before)).toEqual([fault]);
    account.signatures.push({
      SignId: 1,
      International: 0,
      SignName: "腾讯云·测试",
      QualificationId: 0,
      QualificationStatusCode: 0,
      StatusCode: 0,
      ReviewReply: "",
      CreateTime: 0,
    });
    const after = await planSetup(admin, old);
    expect(nameFaults(old, after)).toEqual([]);
    expect(submissionFaults(old, after)).toEqual([]);
  });

  it("needs no proof or qualification for a signature that exists", async () => {
    const { admin } = await start();
    const bare = wanted({ sign: { proofImage: "" } });
    const { qualificationId: _, ...sign } = bare.sign;
    expect(submissionFaults({ ...bare, sign }, await planSetup(admin, bare))).toEqual([
      "signature: for Mainland China it needs the id of an approved qualification (SMS console, qualifications)",
      "signature: it needs an image of its document",
    ]);
    await setUp(admin);
    expect(submissionFaults({ ...bare, sign }, await planSetup(admin, bare))).toEqual([]);
  });
});

async function urlOf(account: ReturnType<typeof createAdminAccount>): Promise<string> {
  const cloud = await startCloud({ products: [smsAdmin(account)], accounts: [KEYS] });
  onTestFinished(cloud.close);
  return cloud.url;
}

describe("an answer of the SMS API", () => {
  it("is read with its meaning: four states of a review, three of a qualification", async () => {
    const { account, admin } = await start();
    const row = { International: 0, SignName: "a", CreateTime: 1, ReviewReply: "" };
    const states = [
      [0, 1],
      [1, 0],
      [2, 3],
      [-1, 5],
      [7, 9],
    ] as const;
    for (const [StatusCode, QualificationStatusCode] of states) {
      account.signatures.push({ ...row, SignId: 1, QualificationId: 5, StatusCode, QualificationStatusCode });
    }
    const found = await admin.signatures();
    expect(found.map(({ status, qualification }) => [status, qualification])).toEqual([
      ["approved", "approved"],
      ["in_review", "in_review"],
      ["pending", "in_review"],
      ["rejected", "rejected"],
      ["in_review", "none"],
    ]);
  });

  it("has the balance and statistics, which are asked for in the cloud's time zone", async () => {
    const { account, admin, cloud } = await start();
    account.packages.push({
      PackageId: 1,
      PackageAmount: 1000,
      CurrentUsage: 100,
      PackageExpiredTime: 1_800_000_000,
    });
    account.statistics = { FeeCount: 120, RequestCount: 101, RequestSuccessCount: 100 };
    const to = Date.now();
    expect(await admin.packages("1400006666", to - 7_200_000, to)).toEqual([
      { id: 1, amount: 1000, used: 100, expiresAt: 1_800_000_000_000 },
    ]);
    expect(await admin.statistics("1400006666", to - 7_200_000, to)).toEqual({
      requested: 101,
      accepted: 100,
      charged: 120,
    });
    await admin.statistics("1400006666", Date.UTC(2026, 0, 1, 15, 30), Date.UTC(2026, 0, 1, 16));
    expect(cloud.calls.at(-1)?.parameters).toMatchObject({ BeginTime: "2026010123", EndTime: "2026010200" });
    await expect(admin.statistics("1", to - 7_200_000, to)).rejects.toMatchObject({
      code: "InvalidParameterValue.SdkAppIdNotExist",
    });
  });

  it.each([
    "null",
    "[]",
    '{"Response":{}}',
    '{"Response":{"DescribeSignListStatusSet":[null,7,{"SignId":{}}]}}',
  ])("that is garbage does not become a signature: %s", async (garbage) => {
    const { admin, cloud } = await start();
    cloud.faults.push({ garbage });
    const found = await admin.signatures().catch(() => []);
    expect(found.every(({ name, status }) => name === "" && status === "in_review")).toBe(true);
  });
});
