import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tencentCommand } from "../../../src/cli/tencent/tencent.ts";
import { createAdminAccount } from "../../support/tencent/admin-account.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { smsAdmin } from "../../support/tencent/sms-admin.ts";
import { runCommand } from "../run.ts";

const KEYS = { secretId: "AKIDtest0000000000", secretKey: "secretTESTsecretTESTsecretTEST" };
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]);

test("tencent setup --json prints what was done if a later step fails", async () => {
  const account = createAdminAccount();
  const cloud = await startCloud({ products: [smsAdmin(account)], accounts: [KEYS] });
  onTestFinished(cloud.close);
  const folder = mkdtempSync(join(tmpdir(), "phonekey-setup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const image = join(folder, "license.png");
  writeFileSync(image, PNG);
  const taken = { slowMs: 0 };
  cloud.faults.push(taken, taken, taken, { error: "UnauthorizedOperation" });
  const proof = ["--qualification-id", "1000001", "--document-image", image];
  const { code, stdout, stderr } = await runCommand(
    tencentCommand(),
    ["setup", "--sign-name", "腾讯云", ...proof, "--json"],
    {
      TENCENT_SECRET_ID: KEYS.secretId,
      TENCENT_SECRET_KEY: KEYS.secretKey,
      TENCENT_SMS_ENDPOINT: cloud.url,
    },
  );
  const error = expect.stringContaining("UnauthorizedOperation");
  expect([code, stderr]).toEqual([1, error]);
  expect(JSON.parse(stdout)).toMatchObject({
    dryRun: false,
    steps: [{ what: "signature", id: account.signatures[0]?.SignId, status: "in_review" }],
    error,
  });
  expect(account.templates).toEqual([]);
});
