import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { listen } from "../support/listen.ts";
import { freePort } from "../support/ports.ts";
import { testConfig } from "../support/world.ts";

async function findings(part: string, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const found = await examineParts(testConfig(folder, env), { folder });
  return found
    .filter(({ name }) => name === part)
    .map(({ status, says, todo }) => [status, says, todo].filter(Boolean).join(" "));
}

const SECRET = Buffer.alloc(32, 7).toString("base64");

test.each([
  ["alerts", "ALERT_WEBHOOK", {}],
  ["SMS by webhook", "SMS_WEBHOOK", { SMS_SENDER: "webhook" }],
])("the doctor asks whether the webhook of %s answers, and posts nothing there", async (part, name, env) => {
  const webhook = (url: string) => findings(part, { ...env, [name]: url, [`${name}_SECRET`]: SECRET });
  const methods: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    methods.push(request.method);
    response.writeHead(405).end();
  });
  const url = `http://127.0.0.1:${await listen(server)}/hook`;
  expect(await webhook(url)).toEqual([`ok the address in ${name} answers`]);
  expect(methods).toEqual(["HEAD"]);
  expect(await webhook(`http://127.0.0.1:${await freePort()}/hook`)).toEqual([
    `wrong the address in ${name} is unavailable: nothing accepts connections at its address Check ${name}.`,
  ]);
});

test("the doctor says that alerts without a webhook are only in the log, and asks no other sender for one", async () => {
  expect(await findings("alerts", {})).toEqual(["ok are only in the log"]);
  expect(await findings("SMS by webhook", {})).toEqual([]);
});
