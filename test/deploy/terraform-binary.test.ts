import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../src/config.ts";

const FOLDER = join(import.meta.dirname, "../../deploy/tencent");

/** Terraform without settings of this machine; without a network it fails soon. */
function run(args: readonly string[], cwd: string, input = "") {
  return spawnSync(process.env.TERRAFORM_PATH ?? "terraform", args, {
    cwd,
    input,
    encoding: "utf8",
    timeout: 60_000,
    env: {
      PATH: process.env.PATH,
      HOME: cwd,
      TF_REGISTRY_CLIENT_TIMEOUT: "5",
      TF_REGISTRY_DISCOVERY_RETRY: "0",
      CHECKPOINT_DISABLE: "1",
    },
  });
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-terraform-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What only the cloud and the providers know, to evaluate the module without them. */
const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/random_password\.(\w+)\.result/g, '"$1-Zk3vQ9wLxT7nYb2RfHs8mJc4GpUa6eWd"'],
  [/tencentcloud_mysql_instance\.main\[0\]\.intranet_ip/g, '"10.0.0.9"'],
  [/tencentcloud_redis_instance\.main\[0\]\.ip/g, '"10.0.0.10"'],
  [
    /data\.tencentcloud_scf_triggers\.web\.triggers/g,
    '[{ type = "http", trigger_desc = "{\\"NetConfig\\":{\\"ExtranetUrl\\":\\"https://1-a.ap-guangzhou.tencentscf.com/\\"}}" }]',
  ],
];

/** Only the module's variables and locals, which Terraform evaluates without a provider. */
function withoutProviders(variables: string): string {
  const folder = emptyFolder();
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".tf"));
  const texts = files.map((name) => readFileSync(join(FOLDER, name), "utf8"));
  const locals = texts.flatMap((text) => text.match(/^locals \{\n[\s\S]*?^\}$/gm) ?? []).join("\n");
  const filled = STAND_INS.reduce((text, [what, by]) => text.replace(what, by), locals);
  writeFileSync(join(folder, "locals.tf"), filled);
  cpSync(join(FOLDER, "variables.tf"), join(folder, "variables.tf"));
  cpSync(join(FOLDER, "terraform.tfvars.example"), join(folder, "terraform.tfvars"));
  writeFileSync(join(folder, "more.auto.tfvars"), variables);
  return folder;
}

/** The value of an expression in the module, with these variables beside those of the example. */
function evaluate(expression: string, variables = ""): unknown {
  const { stdout, stderr } = run(
    ["console"],
    withoutProviders(variables),
    `nonsensitive(jsonencode(${expression}))`,
  );
  const line = stdout.trim().split("\n").at(-1) ?? "";
  expect(line, stderr).toMatch(/^"/);
  return JSON.parse(JSON.parse(line) as string);
}

describe.skipIf(run(["version"], tmpdir()).status !== 0)("Terraform itself", () => {
  it("finds the files formatted", () => {
    expect(run(["fmt", "-check", "-list=true", "."], FOLDER)).toMatchObject({ status: 0, stdout: "" });
  });

  it("finds the variables and locals valid", () => {
    expect(run(["validate", "-no-color"], withoutProviders(""))).toMatchObject({ status: 0 });
  });

  it.each([
    ["as the example has it", ""],
    ["with Redis", "redis_enabled = true"],
    ["with a captcha", 'captcha_app_id = "190000001"\ncaptcha_app_secret = "s3cretOfTheCaptcha"'],
    ["with a database of its own", 'mysql_count = 0\ndatabase_url = "mysql://a:b@10.0.0.7:3306/c"'],
    ["with a template a purpose", 'sms_template_ids = { reset_password = "1111", change_phone = "1112" }'],
    ["with a domain", 'public_url = "https://id.example.com"'],
    ["with further settings", 'settings = { BRAND_NAME = "Example", CODE_TTL_SECONDS = "120" }'],
  ])("makes settings that Phonekey accepts, %s", (_, variables) => {
    const settings = evaluate("local.settings", variables) as Record<string, string>;
    expect(Object.values(settings).join("").length + Object.keys(settings).join("").length).toBeLessThan(
      4_000,
    );
    const platform = { TENCENTCLOUD_RUNENV: "SCF", PUBLIC_URL: "https://1-a.ap-guangzhou.tencentscf.com" };
    const loaded = loadConfig({ ...platform, ...settings }, { folder: emptyFolder() });
    expect(loaded).toMatchObject({
      ok: true,
      config: { mode: "production", senders: [{ name: "tencent" }] },
    });
  });

  it("keeps an old callback secret behind the new one, and makes callback addresses with the new one", () => {
    const variables = 'callback_secrets = ["newSecretNewSecretNewSecret", "oldSecretOldSecretOldSecret"]';
    expect(evaluate("local.settings.TENCENT_SMS_CALLBACK_SECRETS", variables)).toMatch(/^new\w+,old\w+$/);
    expect(evaluate("local.callback_secrets[0]", variables)).toMatch(/^new/);
    expect(evaluate("local.address")).toBe("https://1-a.ap-guangzhou.tencentscf.com");
  });

  it.each([
    ['trigger = "apigw"', /API Gateway trigger was shut down/],
    ['mysql_version = "5.5"', /5\.7 or 8\.0/],
    ['egress = "vpn"', /public, fixed or nat/],
    ['database_url = "sqlite:a"', /mysql:/],
    ['vpc_cidr = "10.0.0.0"', /IPv4 range/],
  ])("refuses %s", (variables, sentence) => {
    expect(run(["plan", "-no-color", "-input=false"], withoutProviders(variables)).stderr).toMatch(sentence);
  });

  it("finds the whole module valid, if the providers can be downloaded", (test) => {
    const folder = emptyFolder();
    cpSync(FOLDER, folder, { recursive: true });
    if (run(["init", "-backend=false", "-input=false"], folder).status !== 0) test.skip();
    expect(run(["validate", "-no-color"], folder)).toMatchObject({ status: 0 });
  });
});
