import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { createWebhookSender } from "../../src/adapters/webhook/sender.ts";
import type { SmsMessage } from "../../src/core/delivery/ports.ts";
import { listen } from "../support/listen.ts";
import { freePort } from "../support/ports.ts";
import { createWebhookWorld } from "../webhook/support.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/senders.md"), "utf8");
const [example = ""] = /(?<=^```js\n).*?(?=^```$)/ms.exec(page) ?? [];
const [shown = "{}"] = /(?<=^```json\n).*?(?=^```$)/ms.exec(page) ?? [];

const SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "bmV4dCBzZWNyZXQgb2YgdGhlIHdlYmhvb2s=";
const MESSAGE = { id: "01a20a7c-0000-7000-8000-000000000000", ...JSON.parse(shown).data } as SmsMessage;

/** The program in docs/senders.md, on a free port. */
async function start(phonekeyUrl = "http://127.0.0.1:1") {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-sms-"));
  const port = await freePort();
  const file = join(folder, "sms.mjs");
  writeFileSync(file, example.replace("9000", String(port)));
  const running = spawn(process.execPath, [file], {
    env: { SMS_WEBHOOK_SECRET: SECRET, PHONEKEY_URL: phonekeyUrl },
  });
  onTestFinished(async () => {
    running.kill();
    await once(running, "exit");
    rmSync(folder, { recursive: true });
  });
  let printed = "";
  running.stdout.on("data", (text) => {
    printed += text;
  });
  const send = async (secrets: readonly string[], skewMs = 0) => {
    const clock = { now: () => Date.now() + skewMs };
    const sender = createWebhookSender({ url: `http://127.0.0.1:${port}`, secrets }, clock);
    return await sender.send(MESSAGE, { signal: () => AbortSignal.timeout(5_000) });
  };
  for (let tries = 0; tries < 100 && (await send([OTHER])).status === "unavailable"; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return { send, port, printed: () => printed };
}

it("the example in docs/senders.md sends what Phonekey posts, and refuses other secrets and old times", async () => {
  const { send, printed } = await start();
  expect(await send([OTHER])).toMatchObject({ status: "rejected", providerCode: "401" });
  expect(await send([SECRET], -400_000)).toMatchObject({ status: "rejected", providerCode: "401" });
  expect(printed()).toBe("");
  const accepted = { status: "accepted", providerId: MESSAGE.id, fee: 1, settles: ["webhook"] };
  expect(await send([OTHER, SECRET])).toEqual(accepted);
  expect(await send([SECRET])).toEqual(accepted);
  await expect.poll(printed).toBe(`${MESSAGE.to}\n${MESSAGE.text}\n\n`.repeat(2));
});

it("the example in docs/senders.md survives a client that goes away in the middle of a request", async () => {
  const { send, port } = await start();
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n{");
  await once(socket, "data");
  socket.destroy();
  // It notices that before it is asked again.
  expect(await send([OTHER])).toMatchObject({ providerCode: "401" });
  expect(await send([SECRET])).toMatchObject({ status: "accepted" });
});

it("the example in docs/senders.md reports what became of a message", async () => {
  const { world, tell } = await createWebhookWorld({ SMS_WEBHOOK_SECRET: SECRET }, { clock: systemClock });
  const told: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const headers = request.headers as Record<string, string>;
    const answer = await world.request(request.url ?? "", { method: "POST", headers, body });
    told.push(await answer.json());
    response.writeHead(answer.status).end();
  });
  const { send, printed } = await start(`http://127.0.0.1:${await listen(server)}`);
  await send([SECRET]);
  await expect.poll(printed, { timeout: 5_000 }).toContain("sms.delivered: 200");
  // No Phonekey sent the message, so the report fits none.
  expect(told).toEqual([{ noted: false }]);
  expect((await tell({})).status).toBe(400);
});
