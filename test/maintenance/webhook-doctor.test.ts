import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineParts } from "../../src/compose/doctor.ts";
import { freePort } from "../support/ports.ts";
import { testConfig } from "../support/world.ts";

async function alerts(env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const findings = await examineParts(testConfig(folder, env), { folder });
  return findings.filter(({ name }) => name === "alerts").map(({ status, says }) => `${status} ${says}`);
}

const webhook = (url: string) =>
  alerts({ ALERT_WEBHOOK: url, ALERT_WEBHOOK_SECRET: Buffer.alloc(32, 7).toString("base64") });

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
  expect(await webhook(`http://127.0.0.1:${await freePort()}/hook`)).toEqual([
    "wrong the address in ALERT_WEBHOOK is unavailable: nothing accepts connections at its address",
  ]);
  expect(await alerts({})).toEqual(["ok are in the log alone"]);
});
