import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tencentCommand } from "../../../src/cli/tencent/tencent.ts";
import { listen } from "../../support/listen.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { createSmsSending, type SmsSending } from "../../support/tencent/sms-send.ts";
import { type Ended, runCommand } from "../run.ts";

const KEYS = { secretId: "AKIDtest0000000000", secretKey: "secretTESTsecretTESTsecretTEST" };

let sending: SmsSending;
let cloud: Awaited<ReturnType<typeof startCloud>>;

beforeEach(async () => {
  sending = createSmsSending({
    sdkAppId: "1400006666",
    signatures: ["腾讯云"],
    templates: [
      { id: "1110", content: "您的登录验证码为{1}，请于{2}分钟内填写。" },
      { id: "1120", content: "验证码{1}，向Example Shop付{2}.{3}元。" },
    ],
  });
  cloud = await startCloud({ products: [sending], accounts: [KEYS] });
});

afterEach(() => cloud.close());

/** Nothing that it prints may hold the secret key or a phone. */
async function run(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  const ended = await runCommand(tencentCommand(), args.slice(1), {
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_SMS_ENDPOINT: cloud.url,
    PHONEKEY_SECRETS: "mVqk0WZy3v9dJr7TnXcLb5sPfGhE2uAi8oQxKz14",
    ...more,
  });
  expect(ended.stdout + ended.stderr).not.toMatch(/secretTEST|13912345678|\n\s+at /);
  return ended;
}

describe("phonekey tencent send-test", () => {
  const PHONE = "13912345678";
  const READY = {
    SMS_SENDER: "tencent",
    TENCENT_SMS_SDK_APP_ID: "1400006666",
    TENCENT_SMS_SIGN_NAME: "腾讯云",
    TENCENT_SMS_TEMPLATE_ID: "1110",
  };
  const send = (args: readonly string[], more: Record<string, string> = {}) =>
    run(["tencent", "send-test", ...args], { ...READY, ...more });

  test("sends nothing without --yes if there is no terminal to ask on", async () => {
    const ended = await send(["--to", PHONE]);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(/add --yes/);
    expect(cloud.calls).toEqual([]);
  });

  test("sends one message, and shows neither the phone nor the code", async () => {
    const ended = await send(["--to", PHONE, "--yes"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const [sms] = sending.taken;
    expect(sms).toMatchObject({ to: `+86${PHONE}`, text: expect.stringMatching(/验证码为\d{6}，请于5分钟/) });
    expect(ended.stdout).toMatch(/^tencent to \+86 139••••5678: accepted/);
    expect(ended.stdout).toContain(sms?.serialNo);
    const [code = ""] = /\d{6}/.exec(sms?.text ?? "") ?? [];
    expect(ended.stdout.replace(sms?.serialNo ?? "", "")).not.toContain(code);
  });

  test("prints why the cloud refuses, and the status `unknown` if its answer is lost", async () => {
    sending.refuse.push("FailedOperation.InsufficientBalanceInSmsPackage");
    const ended = await send(["--to", PHONE, "--yes"]);
    expect(ended).toMatchObject({ code: 1, stderr: "" });
    expect(ended.stdout).toMatch(/refused.*\n.*balance at the provider is used up/);
    cloud.faults.push({ cut: "taken" });
    const json = await send(["--to", PHONE, "--yes", "--json"], { TENCENT_SMS_TEMPLATE_ID: "99" });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      to: "+86 139••••5678",
      sender: "tencent",
      status: "unknown",
    });
  });

  test("refuses an invalid phone, and the console sender", async () => {
    expect(await send(["--to", "12", "--yes"])).toMatchObject({ code: 2 });
    const ended = await run(["tencent", "send-test", "--to", PHONE, "--yes"]);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toMatch(/SMS_SENDER is `console`/);
  });

  test("sends a payment code only if a template for payments is set, with the payee it names", async () => {
    const args = ["--to", PHONE, "--purpose", "confirm_transaction", "--yes"];
    const unnamed = await send(args);
    expect(unnamed).toMatchObject({ code: 1, stdout: "" });
    expect(unnamed.stderr).toMatch(/no text that says `confirm_transaction`/);
    expect(cloud.calls).toEqual([]);
    const ended = await send(args, {
      TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION: "1120:code,whole,fraction:CNY:Example Shop",
    });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(sending.taken).toMatchObject([{ text: expect.stringMatching(/\d{6}，向Example Shop付1\.00元/) }]);
  });

  test("sends any purpose through the webhook, payments with a sample transaction", async () => {
    const posted: { data: object }[] = [];
    const server = createServer(async (request, response) => {
      posted.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
      response.writeHead(202).end();
    });
    const webhook = {
      SMS_SENDER: "webhook",
      SMS_WEBHOOK: `http://127.0.0.1:${await listen(server)}`,
      SMS_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    };
    const ended = await run(
      ["tencent", "send-test", "--to", PHONE, "--purpose", "confirm_transaction", "--yes"],
      webhook,
    );
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^webhook to \+86 139••••5678: accepted/);
    const transaction = { amount: "1.00", currency: "CNY", payee: "Phonekey" };
    expect(posted).toMatchObject([{ data: { to: `+86${PHONE}`, transaction } }]);
  });
});
