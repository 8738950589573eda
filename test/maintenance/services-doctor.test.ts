import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineParts } from "../../src/compose/doctor.ts";
import { freePort } from "../support/ports.ts";
import { startSiteverify } from "../support/siteverify.ts";
import { createCaptcha } from "../support/tencent/captcha.ts";
import { startCloud } from "../support/tencent/cloud.ts";
import { testConfig } from "../support/world.ts";

async function examineWith(name: string, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const findings = await examineParts(testConfig(folder, env), { folder });
  return findings.filter((finding) => finding.name === name).map(({ status, says }) => `${status} ${says}`);
}

/** An address at which nothing listens. */
const nowhere = async () => `http://127.0.0.1:${await freePort()}`;
const challenges = (env: Record<string, string>) => examineWith("challenges", env);
const webhook = (url: string) =>
  examineWith("alerts", { ALERT_WEBHOOK: url, ALERT_WEBHOOK_SECRET: Buffer.alloc(32, 7).toString("base64") });

test.each(["turnstile", "hcaptcha"] as const)(
  "the doctor asks %s whether it takes our keys",
  async (kind) => {
    const keys = { siteKey: "site-key-of-ours", secretKey: "secret-key-of-ours" };
    const service = await startSiteverify({ kind, ...keys });
    onTestFinished(service.close);
    const name = kind.toUpperCase();
    const env = {
      CAPTCHA: kind,
      CAPTCHA_ENDPOINT: service.url,
      [`${name}_SITE_KEY`]: keys.siteKey,
      [`${name}_SECRET_KEY`]: keys.secretKey,
    };
    expect(await challenges(env)).toEqual([`ok \`${kind}\` answers, and takes our keys`]);
    expect(await challenges({ ...env, [`${name}_SECRET_KEY`]: "another-secret" })).toEqual([
      `wrong \`${kind}\` cannot be asked: invalid-input-secret`,
    ]);
    expect(await challenges({ ...env, CAPTCHA_ENDPOINT: await nowhere() })).toEqual([
      `wrong \`${kind}\` cannot be asked: no answer in time, or none that can be read`,
    ]);
  },
);

test("the doctor asks Tencent Captcha whether it takes our keys", async () => {
  const keys = { secretId: "AKIDtest", secretKey: "secretTEST" };
  const app = { appId: 2_040_000_001, appSecret: "app-secret" };
  const cloud = await startCloud({ products: [createCaptcha(app).product], accounts: [keys] });
  onTestFinished(cloud.close);
  const env = {
    CAPTCHA: "tencent",
    CAPTCHA_ENDPOINT: cloud.url,
    TENCENT_CAPTCHA_APP_ID: String(app.appId),
    TENCENT_CAPTCHA_APP_SECRET: app.appSecret,
    TENCENT_SECRET_ID: keys.secretId,
    TENCENT_SECRET_KEY: keys.secretKey,
  };
  expect(await challenges(env)).toEqual(["ok `tencent` answers, and takes our keys"]);
  expect(await challenges({ ...env, TENCENT_CAPTCHA_APP_SECRET: "another" })).toEqual([
    "wrong `tencent` cannot be asked: CaptchaCode 100",
  ]);
  const [badKey] = await challenges({ ...env, TENCENT_SECRET_KEY: "another" });
  expect(badKey).toMatch(/^wrong `tencent` cannot be asked: .*AuthFailure/);
});

test("the doctor asks nobody where no service judges challenges", async () => {
  expect(await challenges({})).toEqual(["ok are a proof of work, which no service judges"]);
  expect(await challenges({ CAPTCHA: "off" })).toEqual(["ok are off: limits only refuse"]);
  expect(await challenges({ CAPTCHA_WHEN: "never" })).toEqual(["ok are off: limits only refuse"]);
});

test("the doctor sees whether the webhook of alerts answers, and posts nothing there", async () => {
  const methods: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    methods.push(request.method);
    response.writeHead(405).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  expect(await webhook(url)).toEqual(["ok the address in ALERT_WEBHOOK answers"]);
  expect(methods).toEqual(["HEAD"]);
  expect(await webhook(`${await nowhere()}/hook`)).toEqual([
    "wrong the address in ALERT_WEBHOOK is unavailable: nothing accepts connections at its address",
  ]);
  expect(await examineWith("alerts", {})).toEqual(["ok are in the log alone"]);
});
