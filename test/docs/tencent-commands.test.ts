import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { tencentCommand } from "../../src/cli/tencent/tencent.ts";
import { NOTICE_KINDS } from "../../src/core/delivery/notice-kinds.ts";
import { runCommand } from "../cli/run.ts";
import { createAdminAccount } from "../support/tencent/admin-account.ts";
import { startCloud } from "../support/tencent/cloud.ts";
import { smsAdmin } from "../support/tencent/sms-admin.ts";
import { createSmsSending } from "../support/tencent/sms-send.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };

/** The words of a line as a shell splits it, up to `&&`. */
function wordsOf(line: string): string[] {
  const command = line.split(" && ")[0] ?? "";
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

async function start() {
  const account = createAdminAccount();
  const sending = createSmsSending({
    sdkAppId: account.appId,
    signatures: ["腾讯云"],
    templates: [{ id: "110002", content: "您的登录验证码为{1}，请于{2}分钟内填写。" }],
  });
  const cloud = await startCloud({ products: [smsAdmin(account), sending], accounts: [KEYS] });
  const folder = mkdtempSync(join(tmpdir(), "phonekey-docs-"));
  writeFileSync(join(folder, "license.png"), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]));
  onTestFinished(async () => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { account, sending, cloud, folder };
}

it.each(["docs/tencent-cloud.md", "docs/tencent-cloud.zh-CN.md"])(
  "all commands of `phonekey tencent` in %s work, in their order",
  async (page) => {
    const text = readFileSync(join(import.meta.dirname, "../..", page), "utf8");
    const exports = [...text.matchAll(/^export (.*)$/gm)].flatMap(([, line = ""]) => line.split(" "));
    const settings = Object.fromEntries(exports.map((pair) => pair.split("=") as [string, string]));
    const lines = [...text.matchAll(/^npx phonekey tencent (.*)$/gm)].map(([, line = ""]) => line);
    expect(lines).toHaveLength(9);

    const { account, sending, cloud, folder } = await start();
    const env = {
      TENCENT_SECRET_ID: KEYS.secretId,
      TENCENT_SECRET_KEY: KEYS.secretKey,
      TENCENT_SMS_ENDPOINT: cloud.url,
      PHONEKEY_SECRETS: "mVqk0WZy3v9dJr7TnXcLb5sPfGhE2uAi8oQxKz14",
    };
    for (const line of lines) {
      // A review that is watched ends.
      if (line.includes("--watch"))
        for (const one of [...account.signatures, ...account.templates]) one.StatusCode = 0;
      const isSending = line.startsWith("send-test");
      const words = wordsOf(line).map((word) => (word === "license.png" ? join(folder, word) : word));
      const { TENCENT_SECRET_ID: _, TENCENT_SECRET_KEY: __, ...ready } = settings;
      const all = isSending ? { ...env, ...ready } : env;
      const ended = await runCommand(tencentCommand(), isSending ? [...words, "--yes"] : words, all);
      expect(ended, line).toMatchObject({ code: 0, stderr: "" });
    }
    expect(account.signatures.map(({ International }) => International)).toEqual([0, 1]);
    expect(account.templates).toHaveLength(7 + NOTICE_KINDS.length + 1 + 1);
    expect(sending.taken).toHaveLength(1);
  },
);
