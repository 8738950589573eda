import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../support/ports.ts";
import { phonekey, type RunningServer, startServer, workingFolder } from "../../support/server.ts";
import { type Cloud, startCloud } from "../../support/tencent/cloud.ts";
import { createSmsSending, type SmsSending } from "../../support/tencent/sms-send.ts";
import { createClient, FREELY, newPhone } from "../client.ts";
import { rowsOf } from "../database.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
const BALANCE = "FailedOperation.InsufficientBalanceInSmsPackage";

let sms: SmsSending;
let cloud: Cloud;
let address: Server;
let env: Readonly<Record<string, string>>;
/** The codes that the operator's address was given to send, by phone. */
const posted = new Map<string, string>();
/** Phones to which the address does not send, and says so late. */
const late = new Set<string>();

beforeAll(async () => {
  sms = createSmsSending({
    sdkAppId: "1400006666",
    signatures: ["腾讯云"],
    templates: [{ id: "1110", content: "{1}为您的登录验证码，请于{2}分钟内填写。" }],
  });
  cloud = await startCloud({ products: [sms], accounts: [KEYS] });
  const take: RequestListener = async (request, response) => {
    // The doctor's question.
    if (request.method === "HEAD") return void response.writeHead(405).end();
    const { data } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    if (late.delete(data.to)) {
      // The other sender has what is left of the twelve seconds for all senders.
      await sleep(5_000);
      return void response.writeHead(503).end();
    }
    posted.set(data.to, data.code);
    response.writeHead(202).end(JSON.stringify({ id: request.headers["webhook-id"] }));
  };
  address = createServer(take).listen(0, "127.0.0.1");
  await once(address, "listening");
  env = {
    ...FREELY,
    SMS_SENDER: "tencent,webhook",
    SMS_WEBHOOK: `http://127.0.0.1:${(address.address() as AddressInfo).port}`,
    SMS_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    TENCENT_SECRET_ID: KEYS.secretId,
    TENCENT_SECRET_KEY: KEYS.secretKey,
    TENCENT_SMS_SDK_APP_ID: "1400006666",
    TENCENT_SMS_SIGN_NAME: "腾讯云",
    TENCENT_SMS_TEMPLATE_ID: "1110",
    TENCENT_SMS_ENDPOINT: cloud.url,
    SMS_PRICES: "CNY, tencent/CN=0.05, webhook/CN=0.5",
    ALLOWED_COUNTRIES: "CN,US",
  };
});
afterAll(async () => {
  await cloud?.close();
  address?.closeAllConnections();
  address?.close();
});

/** Who took the code of a start for this phone, and how it was recorded. */
async function start(server: RunningServer, phone = newPhone()) {
  const answer = await createClient(server).post("/v1/verifications", { phone });
  const by = {
    tencent: sms.taken.filter(({ to }) => to === phone).length,
    webhook: posted.has(phone) ? 1 : 0,
  };
  const [last] = rowsOf(server.folder, "SELECT sender, status, price FROM messages ORDER BY id DESC LIMIT 1");
  return { status: answer.status, id: String(answer.body.id), phone, by, last };
}

const alertsOf = (folder: string) =>
  rowsOf(folder, "SELECT kind, subject, cleared_at IS NOT NULL AS over FROM alerts");

const BY_WEBHOOK = {
  status: 201,
  by: { tencent: 0, webhook: 1 },
  last: { sender: "webhook", status: "accepted", price: 500_000 },
};
const BY_TENCENT = {
  status: 201,
  by: { tencent: 1, webhook: 0 },
  last: { sender: "tencent", status: "accepted", price: 50_000 },
};

test("a message that the cloud refuses for its balance is sent by the next sender, and the operator is alerted", async () => {
  const server = await startServer({ env });
  expect(await start(server)).toMatchObject(BY_TENCENT);

  sms.refuse.push(BALANCE);
  const started = await start(server);
  expect(started).toMatchObject(BY_WEBHOOK);
  const opened = await createClient(server).open(started.id, posted.get(started.phone) ?? "");
  expect(opened.status).toBe(201);
  expect(alertsOf(server.folder)).toEqual([{ kind: "sms_balance", subject: "tencent/mainland", over: 0 }]);

  // The cloud is still asked first: once there is a balance, everything is as before.
  expect(await start(server)).toMatchObject(BY_TENCENT);
  expect(alertsOf(server.folder)).toMatchObject([{ kind: "sms_balance", over: 1 }]);
  await server.stop();
  // Lines are written several at a time.
  expect(server.output()).toContain(BALANCE);
});

test("a message that may have been sent goes to no other sender; while the cloud hangs, later messages go to the next one", async () => {
  const server = await startServer({ env });
  cloud.faults.push(...Array.from({ length: 3 }, () => ({ hang: "taken" }) as const));
  const three = await Promise.all([1, 2, 3].map(() => start(server)));
  const unknown = { status: 201, by: { tencent: 1, webhook: 0 } };
  expect(three).toMatchObject([unknown, unknown, unknown]);
  expect(rowsOf(server.folder, "SELECT DISTINCT sender, status FROM messages")).toEqual([
    { sender: "tencent", status: "unknown" },
  ]);

  const calls = cloud.calls.length;
  expect(await start(server)).toMatchObject(BY_WEBHOOK);
  expect(cloud.calls).toHaveLength(calls);
  await server.stop();
});

test("a server that stops still answers a start that waits for both senders", async () => {
  const server = await startServer({ env: { ...env, SMS_SENDER: "webhook,tencent" } });
  cloud.faults.push({ hang: "taken" });
  const phone = newPhone();
  late.add(phone);
  const starting = start(server, phone);
  while (late.has(phone)) await sleep(50);
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  expect(await starting).toMatchObject({
    status: 201,
    by: { tencent: 1, webhook: 0 },
    last: { sender: "tencent", status: "unknown" },
  });
});

test("a message goes to the next sender if the cloud cannot be reached, or has no template for the number's country", async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const place = { folder: workingFolder(), port: await freePort() };
  const down = await startServer({ ...place, env: { ...env, TENCENT_SMS_ENDPOINT: nowhere } });
  expect(await start(down)).toMatchObject(BY_WEBHOOK);
  await down.stop();
  expect(down.output()).toContain("no_connection");

  const server = await startServer({ ...place, env });
  const calls = cloud.calls.length;
  const abroad = { status: 201, by: { tencent: 0, webhook: 1 }, last: { sender: "webhook" } };
  expect(await start(server, "+12025550143")).toMatchObject(abroad);
  expect(cloud.calls).toHaveLength(calls);
  expect(await start(server)).toMatchObject(BY_TENCENT);
  await server.stop();
});

test("the doctor checks every sender of the route, and a test message is sent by the one that is named", async () => {
  const { stdout } = await phonekey(["doctor", "--json"], { env });
  const { findings } = JSON.parse(stdout) as { findings: { name: string; says: string }[] };
  const says = (part: string) => findings.find(({ name }) => name === part)?.says;
  expect(says("sender")).toBe("is `tencent`, then `webhook`");
  expect(says("SMS by webhook")).toBe("the address in SMS_WEBHOOK answers");
  expect(says("SMS to mainland China")).toBeDefined();
  expect(says("notices")).toBeUndefined();

  const phone = newPhone();
  const send = (sender: string) =>
    phonekey(["tencent", "send-test", "--to", phone, "--sender", sender, "--yes"], { env });
  expect((await send("webhook")).code).toBe(0);
  expect([posted.has(phone), sms.taken.some(({ to }) => to === phone)]).toEqual([true, false]);
  expect((await send("tencent")).code).toBe(0);
  expect(sms.taken.some(({ to }) => to === phone)).toBe(true);
  const wrong = await send("pigeon");
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("SMS_SENDER does not name `pigeon`");
});
