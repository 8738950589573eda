import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { phonekey, startCommand, workingFolder } from "../../support/server.ts";
import { createAdminAccount } from "../../support/tencent/admin-account.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { smsAdmin } from "../../support/tencent/sms-admin.ts";

const PROGRAM = join(import.meta.dirname, "../../../bin/phonekey.js");
const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };

async function start() {
  const account = createAdminAccount();
  const cloud = await startCloud({ products: [smsAdmin(account)], accounts: [KEYS] });
  onTestFinished(cloud.close);
  const folder = workingFolder();
  writeFileSync(join(folder, "license.png"), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]));
  const env = {
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_SMS_ENDPOINT: cloud.url,
  };
  return { account, cloud, options: { folder, env } };
}

test("phonekey tencent setup submits, and status --watch ends when the review is over", async () => {
  const { account, cloud, options } = await start();
  const args = ["--sign-name", "腾讯云", "--qualification-id", "1000001", "--document-image", "license.png"];
  expect(await phonekey(["tencent", "setup", ...args], options)).toMatchObject({ code: 0, stderr: "" });
  const watching = startCommand(["tencent", "status", "--watch", "--interval", "1"], options);
  onTestFinished(() => void watching.kill());
  const looks = () => cloud.calls.filter(({ action }) => action === "DescribeSmsTemplateList").length;
  await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(1);
  for (const one of [...account.signatures, ...account.templates]) one.StatusCode = 0;
  expect(await watching.ended).toMatchObject({ code: 0, stderr: "" });
});

test("phonekey tencent ends with 2 for wrong use and with 1 for a refusal of the cloud, each with a sentence and no stack", async () => {
  const { options } = await start();
  const wrong = await phonekey(["tencent", "setup", "--sign-type", "mini-program"], options);
  expect(wrong).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("use company") });
  const env = { ...options.env, TENCENT_SECRET_KEY: "wrongSECRET" };
  const refused = await phonekey(["tencent", "status"], { ...options, env });
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^phonekey: Tencent Cloud: TENCENT_SECRET_KEY does not belong[^\n]*\n$/);
});

test.runIf(process.platform === "linux").each([
  ["no", "n\n", "Nothing was sent."],
  ["Ctrl-C", "\u0003", "Aborted with Ctrl+C"],
])("a test message that is not confirmed is not sent, and the exit code is 1: %s", async (_, typed, says) => {
  const command = `${process.execPath} ${PROGRAM} tencent send-test --to 13800138000`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: workingFolder(),
    env: {
      PATH: process.env.PATH,
      SMS_SENDER: "webhook",
      SMS_WEBHOOK: "http://127.0.0.1:9/",
      SMS_WEBHOOK_SECRET: Buffer.alloc(32, 7).toString("base64"),
    },
  });
  let said = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (!said.includes("[y/N]") && `${said}${text}`.includes("[y/N]")) terminal.stdin.write(typed);
    said += text;
  });
  const [code] = await once(terminal, "close");
  expect([code, said]).toEqual([1, expect.stringContaining(says)]);
});
