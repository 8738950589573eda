import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { tencentCommand } from "../../../src/cli/tencent/tencent.ts";
import { migrateDatabase } from "../../../src/compose.ts";
import { loadConfig } from "../../../src/config.ts";
import { NOTICE_KINDS } from "../../../src/core/delivery/notice-kinds.ts";
import { type AdminAccount, createAdminAccount } from "../../support/tencent/admin-account.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { smsAdmin } from "../../support/tencent/sms-admin.ts";
import { type Ended, runCommand } from "../run.ts";

const KEYS = { secretId: "AKIDtest0000000000", secretKey: "secretTESTsecretTESTsecretTEST" };
const SIGN_ONLY = ["tencent", "setup", "--sign-name", "腾讯云"];
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]);

let account: AdminAccount;
let folder: string;
let cloud: Awaited<ReturnType<typeof startCloud>>;
let env: Record<string, string>;

beforeEach(async () => {
  account = createAdminAccount();
  cloud = await startCloud({ products: [smsAdmin(account)], accounts: [KEYS] });
  folder = mkdtempSync(join(tmpdir(), "phonekey-tencent-"));
  writeFileSync(join(folder, "license.png"), PNG);
  writeFileSync(join(folder, "license.gif"), "GIF89a");
  env = {
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_SMS_ENDPOINT: cloud.url,
    PHONEKEY_SECRETS: "mVqk0WZy3v9dJr7TnXcLb5sPfGhE2uAi8oQxKz14",
  };
});

afterEach(async () => {
  vi.restoreAllMocks();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing that it prints may hold the secret key or a phone. */
async function run(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  const ended = await runCommand(tencentCommand(), args.slice(1), { ...env, ...more });
  expect(ended.stdout + ended.stderr).not.toMatch(/secretTEST|13912345678|\n\s+at /);
  return ended;
}

const setup = (...more: string[]) =>
  run([...SIGN_ONLY, ...more.map((part) => part.replace("FOLDER", folder))]);
const SUBMIT = ["--qualification-id", "1000001", "--document-image", "FOLDER/license.png"];

describe("phonekey tencent setup", () => {
  test("changes nothing with --dry-run, submits without it, and keeps everything when run again", async () => {
    const plan = await setup("--purposes", "all", "--dry-run");
    expect(plan).toMatchObject({ code: 0, stderr: "" });
    expect(plan.stdout).toMatch(/^would submit +signature: 腾讯云$/m);
    expect(plan.stdout).toMatch(/^would submit +template delete_account: 您的注销账号验证码为\{1\}/m);
    expect(cloud.calls.every(({ action }) => action.startsWith("Describe"))).toBe(true);

    const done = await setup(...SUBMIT, "--purposes", "all");
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(account.templates).toHaveLength(7);
    expect(done.stdout).toContain(`TENCENT_SMS_TEMPLATE_ID=${account.templates[0]?.TemplateId}\n`);
    expect(done.stdout).toContain(
      `TENCENT_SMS_TEMPLATE_ID_RESET_PASSWORD=${account.templates[1]?.TemplateId}\n`,
    );
    expect(done.stdout).toMatch(/\[ \] Raise the limit of messages a day to one number from the cloud's 2/);

    const again = await setup("--purposes", "all", "--json");
    const { dryRun, steps } = JSON.parse(again.stdout);
    expect(dryRun).toBe(false);
    expect(steps).toHaveLength(8);
    expect(steps.every((step: { action: string }) => step.action === "keep")).toBe(true);
    expect(account.templates).toHaveLength(7);
  });

  test("submits the texts of notices with the type for notices, and prints their settings", async () => {
    const text =
      "phone_change_started=您的账号即将更换手机号。如非本人操作，请打开 example.com/stop/{1} 停止。";
    const done = await setup(...SUBMIT, "--notices", "all", "--text", text);
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(account.templates.map(({ SmsType }) => SmsType)).toEqual([3, ...NOTICE_KINDS.map(() => 2)]);
    const settings = Object.fromEntries(
      [...done.stdout.matchAll(/^ {2}(TENCENT_SMS_\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(settings.TENCENT_SMS_TEMPLATE_ID_PHONE_CHANGE_STARTED).toMatch(/^\d+:stop$/);
    expect(settings.TENCENT_SMS_TEMPLATE_ID_LOGIN_PROTECTION_OFF).toMatch(/^\d+$/);

    const before = await run(["tencent", "status"]);
    expect(before.stdout).toMatch(/^notices +without a template, and so not sent: password_changed, /m);
    const named = await run(["tencent", "status", "--json"], settings);
    expect(JSON.parse(named.stdout)).toMatchObject({ ok: true, missingNotices: [] });
    expect(JSON.parse(named.stdout).standings).toHaveLength(2 + NOTICE_KINDS.length);
    const again = await setup("--notices", "password_reset", "--json");
    const { steps } = JSON.parse(again.stdout);
    expect(steps.map(({ action }: { action: string }) => action)).toEqual(["keep", "keep", "keep"]);
  });

  test("exits with 1 and prints the reviewer's reply if a template was rejected, until --resubmit", async () => {
    await setup(...SUBMIT);
    Object.assign(account.templates[0] ?? {}, { StatusCode: -1, ReviewReply: "模板不规范" });
    const ended = await setup();
    expect(ended).toMatchObject({ code: 1, stderr: "" });
    expect(ended.stdout).toMatch(/rejected\): 您的登录验证码.*\n +the reviewer says: 模板不规范/);
    expect(await setup("--resubmit")).toMatchObject({ code: 0 });
    expect(account.templates).toMatchObject([{ StatusCode: 1 }]);
  });

  test.each([
    [["--sign-type", "mini-program"], /takes it no longer: use company/],
    [["--document", "mini-program-screenshot"], /takes it no longer: use business-license/],
    [["--sign-type", "cow"], /There are company, app/],
    [["--purposes", "sign_in,fly"], /There are sign_in/],
    [["--text", "change_phone=验证码{1}，{2}分钟"], /change_phone is not among --purposes/],
    [["--notices", "sign_in"], /There are password_changed/],
    [["--text", "password_reset=您的密码已重置"], /password_reset is not among --purposes and --notices/],
    [["--notices", "password_reset", "--text", "password_reset=密码已重置{1}次"], /has 1 variable/],
    [["--text", "sign_in"], /Write it as purpose=text/],
    [["--text", "sign_in=【a】您的验证码为{1}，{2}分钟"], /template sign_in: it has 【 or 】/],
    [["--parameters", "3"], /It is 1 or 2/],
    [["--parameters", "1"], /has 2 variables and the sender passes 1/],
    [
      ["--document-image", "FOLDER/license.gif", "--qualification-id", "1"],
      /license.gif is neither a JPG nor a PNG/,
    ],
    [["--document-image", "FOLDER/gone.png", "--qualification-id", "1"], /gone.png cannot be read/],
    [["--qualification-id", "1"], /it needs an image/],
    [["--document-image", "FOLDER/license.png"], /qualification/],
    [
      ["--document-image", "FOLDER/license.png", "--sign-purpose", "others", "--qualification-id", "1"],
      /authorization/,
    ],
  ])("refuses %j, and submits nothing", async (more, message) => {
    const ended = await setup(...more);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect([...account.signatures, ...account.templates]).toEqual([]);
  });

  test("refuses an image of more than 5 MB, as the cloud would", async () => {
    writeFileSync(join(folder, "large.png"), Buffer.concat([PNG, Buffer.alloc(5 * 1024 * 1024)]));
    const ended = await setup("--document-image", "FOLDER/large.png", "--qualification-id", "1");
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(/large\.png is larger than 5 MB/)]);
  });

  test("plans one template for a purpose that is named twice", async () => {
    const { stdout } = await setup("--purposes", "sign_in, sign_in", "--dry-run");
    expect(stdout.match(/^would submit +template sign_in/gm)).toHaveLength(1);
  });

  test("prints a setting that ends in `:code` for a text with only the code", async () => {
    const ended = await setup(
      ...SUBMIT,
      "--parameters",
      "1",
      "--text",
      "sign_in=您的登录验证码为{1}，请尽快填写。",
    );
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^ {2}TENCENT_SMS_TEMPLATE_ID=\d+:code$/m);
  });

  test("needs the signature from --sign-name or TENCENT_SMS_SIGN_NAME", async () => {
    expect(await run(["tencent", "setup"])).toMatchObject({ code: 2 });
    expect(await run(["tencent", "setup", "--dry-run"], { TENCENT_SMS_SIGN_NAME: "腾讯云" })).toMatchObject({
      code: 0,
    });
  });

  test("sets up Global SMS in English, under its own settings", async () => {
    const ended = await setup("--international", "--document-image", "FOLDER/license.png");
    expect(ended).toMatchObject({ code: 0 });
    expect(account.templates).toMatchObject([{ International: 1 }]);
    expect(account.templates[0]?.TemplateContent).toMatch(/^Your sign-in verification code is \{1\}/);
    expect(ended.stdout).toMatch(/^ {2}TENCENT_SMS_INTERNATIONAL_TEMPLATE_ID=\d+$/m);
  });
});

describe("phonekey tencent status, kept from the cloud", () => {
  test.each([
    ["no key", { TENCENT_SECRET_KEY: "" }, /TENCENT_SECRET_KEY: must be set/],
    [
      "half a key beside a role",
      { TENCENT_SECRET_KEY: "", TENCENTCLOUD_SECRETID: "AKIDrole", TENCENTCLOUD_SECRETKEY: "secretROLE" },
      /TENCENT_SECRET_KEY: must be set/,
    ],
    ["an unknown key", { TENCENT_SECRET_ID: "AKIDother" }, /does not know TENCENT_SECRET_ID/],
    ["a wrong secret", { TENCENT_SECRET_KEY: "wrongSECRET" }, /TENCENT_SECRET_KEY does not belong/],
    ["a region without SMS", { TENCENT_REGION: "ap-tokyo" }, /not served in TENCENT_REGION/],
    ["an endpoint without a server", { TENCENT_SMS_ENDPOINT: "http://127.0.0.1:9" }, /cannot be reached/],
  ])("explains in one sentence: %s", async (_, more, sentence) => {
    const ended = await run(["tencent", "status"], more);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(sentence);
    expect(ended.stderr).not.toContain("wrongSECRET");
  });
});

describe("phonekey tencent status", () => {
  const APP = { TENCENT_SMS_SDK_APP_ID: "1400006666" };

  test("shows reviews, balance and what was sent, and what is to be done by hand", async () => {
    await setup(...SUBMIT);
    const inAYear = Math.floor(Date.now() / 1000) + 31_536_000;
    account.packages.push({
      PackageId: 1,
      PackageAmount: 1000,
      CurrentUsage: 100,
      PackageExpiredTime: inAYear,
    });
    account.statistics = { FeeCount: 120, RequestCount: 101, RequestSuccessCount: 100 };
    const ended = await run(["tencent", "status"], APP);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^signature +\d+ +腾讯云: in review$/m);
    expect(ended.stdout).toMatch(/^balance +900 messages in 1 package, the first package ends \d{4}-/m);
    expect(ended.stdout).toMatch(/^30 days +101 sent, 100 accepted, 120 charged$/m);
    expect(ended.stdout).toMatch(/\[x\] Buy an SMS package/);
    const json = JSON.parse((await run(["tencent", "status", "--json"])).stdout);
    expect(json).toMatchObject({ ok: true, standings: [{ status: "in_review" }, { status: "in_review" }] });
  });

  test("exits with 1 for a bad template that the settings name, or for any if they name none", async () => {
    await setup(...SUBMIT, "--purposes", "sign_in,reset_password");
    Object.assign(account.templates[1] ?? {}, { StatusCode: -1 });
    const ours = { TENCENT_SMS_TEMPLATE_ID: String(account.templates[0]?.TemplateId) };
    expect(await run(["tencent", "status"], ours)).toMatchObject({ code: 0 });
    expect(await run(["tencent", "status"])).toMatchObject({ code: 1 });
    const gone = await run(["tencent", "status"], { TENCENT_SMS_TEMPLATE_ID: "99" });
    expect(gone).toMatchObject({ code: 1 });
    expect(gone.stdout).toMatch(/99: not there/);
  });

  test.each(["0", "1.5", "-1", "６０", "100000", ""])("refuses an interval of %j", async (seconds) => {
    const ended = await run(["tencent", "status", "--watch", "--interval", seconds]);
    expect([ended.code, cloud.calls]).toEqual([2, []]);
  });

  test("follows a review to its end with --watch, past a fault of the cloud", async () => {
    await setup(...SUBMIT);
    const looks = () => cloud.calls.filter(({ action }) => action === "DescribeSmsTemplateList").length;
    const before = looks();
    const watching = run(["tencent", "status", "--watch", "--interval", "1"]);
    await expect.poll(looks, { timeout: 10_000, interval: 10 }).toBeGreaterThan(before);
    cloud.faults.push({ error: "InternalError" });
    Object.assign(account.signatures[0] ?? {}, { StatusCode: 0 });
    Object.assign(account.templates[0] ?? {}, { StatusCode: -1, ReviewReply: "请补充签名" });
    const ended = await watching;
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/腾讯云: in review\n(.*\n)*.*腾讯云: approved\n/);
    expect(ended.stdout).toMatch(/rejected\n +the reviewer says: 请补充签名/);
    expect(ended.stderr).toMatch(/fault of its own.*Trying again/);
  });
});

test("phonekey tencent status --watch ends at an error that a retry cannot mend", async () => {
  await setup(...SUBMIT);
  const looks = () => cloud.calls.filter(({ action }) => action === "DescribeSmsTemplateList").length;
  const before = looks();
  const watching = run(["tencent", "status", "--watch", "--interval", "1"]);
  await expect.poll(looks, { timeout: 10_000, interval: 10 }).toBeGreaterThan(before);
  cloud.faults.push({ error: "UnauthorizedOperation" });
  // If it went on, it would find everything approved and end with 0.
  for (const one of [...account.signatures, ...account.templates]) one.StatusCode = 0;
  expect((await watching).code).toBe(1);
});

describe("phonekey tencent status --alert", () => {
  const alertsIn = (file: string) => {
    const libsql = new Libsql(file);
    const rows = libsql
      .prepare("SELECT kind, subject, cleared_at IS NULL AS stands FROM alerts ORDER BY id")
      .all();
    libsql.close();
    return rows;
  };

  test("raises one alert for a rejected template, and clears it once the template is approved", async () => {
    const file = join(folder, "phonekey.db");
    const here = { DATABASE_URL: `sqlite:${file}` };
    const look = () => run(["tencent", "status", "--alert"], here);
    await setup(...SUBMIT);
    const unready = await look();
    expect(unready).toMatchObject({ code: 1 });
    expect(unready.stderr).toMatch(/run `phonekey migrate` first/);

    const loaded = loadConfig({ ...env, ...here });
    if (loaded.ok) await migrateDatabase(loaded.config);
    const [template] = account.templates;
    Object.assign(template ?? {}, { StatusCode: -1, ReviewReply: "模板不规范" });
    expect([(await look()).code, (await look()).code]).toEqual([1, 1]);
    const alert = { kind: "sms_template", subject: `tencent/mainland/template/${template?.TemplateId}` };
    expect(alertsIn(file)).toEqual([{ ...alert, stands: 1 }]);
    Object.assign(template ?? {}, { StatusCode: 0, ReviewReply: "" });
    expect((await look()).code).toBe(0);
    expect(alertsIn(file)).toEqual([{ ...alert, stands: 0 }]);
  });
});
