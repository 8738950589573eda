import { createHmac } from "node:crypto";
import dns from "node:dns";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { createServer as createTcpServer, type LookupFunction, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { createWebhookSender } from "../../../src/adapters/webhook/sender.ts";
import type { SmsMessage } from "../../../src/core/delivery/ports.ts";
import type { Transaction } from "../../../src/core/transaction.ts";
import { listen } from "../../support/listen.ts";
import { freePort } from "../../support/ports.ts";
import { makeCertificates } from "../../support/services/certificates.ts";

const SECRETS = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "bmV4dCBzZWNyZXQgb2YgdGhlIHdlYmhvb2s="];
const NOW = 1_800_000_000_000;
const clock = { now: () => NOW };

const MESSAGE = {
  id: "01a20a7c-0000-7000-8000-000000000000",
  to: "+8613800138000",
  purpose: "sign_in",
  locale: "en",
  code: "004217",
  minutes: 5,
  text: "004217 is your code.\n\n@id.example.com #004217",
} as SmsMessage;

async function answering(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(answer))}/sms`;
}

async function sendTo(url: string, message = MESSAGE, deadlineMs = 2_000) {
  const sender = createWebhookSender({ url, secrets: SECRETS }, clock);
  return await sender.send(message, { signal: () => AbortSignal.timeout(deadlineMs) });
}

it("the webhook sender posts the message, signed with each secret as Standard Webhooks does", async () => {
  const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
  const url = await answering(async (request, response) => {
    seen.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
    response.writeHead(202).end('{"id":"sm-1"}');
  });
  expect(await sendTo(url)).toEqual({ status: "accepted", providerId: "sm-1", settles: ["webhook"] });
  const [{ headers, body } = { headers: {}, body: "" }] = seen;
  const { id, ...data } = MESSAGE;
  expect(JSON.parse(body)).toEqual({ type: "sms.send", timestamp: "2027-01-15T08:00:00.000Z", data });
  const signatures = SECRETS.map((secret) => {
    const signed = createHmac("sha256", Buffer.from(secret, "base64")).update(`${id}.1800000000.${body}`);
    return `v1,${signed.digest("base64")}`;
  });
  expect(headers).toMatchObject({
    "webhook-id": id,
    "webhook-timestamp": "1800000000",
    "webhook-signature": signatures.join(" "),
    "content-type": "application/json",
  });
});

it.each<[unknown, object]>([
  [1, { fee: 1 }],
  [255, { fee: 255 }],
  ...[0, -1, 1.5, 256, "2", null, [2], true].map((parts): [unknown, object] => [parts, {}]),
])("the webhook sender counts the parts that a valid number in the answer names: %j", async (parts, fee) => {
  const url = await answering((_, response) => response.end(JSON.stringify({ id: "sm-1", parts })));
  expect(await sendTo(url)).toEqual({
    status: "accepted",
    providerId: "sm-1",
    settles: ["webhook"],
    ...fee,
  });
});

it("the webhook sender posts a notice's stop code and a transaction's amount and payee", async () => {
  const seen: { data: object }[] = [];
  const url = await answering(async (request, response) => {
    seen.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.end();
  });
  const { code: _, minutes: __, ...notice } = MESSAGE;
  await sendTo(url, { ...notice, purpose: "phone_change_started", stopCode: "s-1" });
  const said = { amount: "1.00", currency: "CNY", payee: "Shop" };
  const transaction = { ...said, hash: "h" } as Transaction;
  await sendTo(url, { ...MESSAGE, transaction });
  expect(seen.map(({ data }) => data)).toMatchObject([
    { purpose: "phone_change_started", stopCode: "s-1" },
    { code: "004217", transaction: said },
  ]);
  expect(JSON.stringify(seen[1])).not.toContain("hash");
  expect(seen[0]?.data).not.toHaveProperty("code");
});

const refused = { alert: { kind: "sms_refused", subject: "webhook" } };
it.each([
  [422, { status: "bad_number" }],
  [429, { status: "throttled" }],
  [503, { status: "unavailable" }],
  [500, { status: "unknown" }],
  [502, { status: "unknown" }],
  [400, { status: "rejected", ...refused }],
  [401, { status: "rejected", ...refused }],
  [404, { status: "rejected", ...refused }],
  // Platforms answer so for a function that sent the message and was then cut off.
  [408, { status: "unknown" }],
  [433, { status: "unknown" }],
])("the webhook sender maps status %i to an outcome", async (status, outcome) => {
  const url = await answering((_, response) => response.writeHead(status).end("whatever"));
  expect(await sendTo(url)).toEqual({ ...outcome, providerCode: String(status) });
});

it("the webhook sender follows no redirect, so that no code is sent to another address", async () => {
  let asked = 0;
  const elsewhere = await answering((_, response) => {
    asked += 1;
    response.end();
  });
  const url = await answering((_, response) => response.writeHead(307, { location: elsewhere }).end());
  expect(await sendTo(url)).toEqual({ status: "rejected", providerCode: "307", ...refused });
  expect(asked).toBe(0);
});

it("the webhook sender passes on Retry-After, and ignores one that is no valid number of seconds", async () => {
  for (const [wait, seconds] of [
    ["7", { retryAfterSeconds: 7 }],
    ["soon", {}],
    ["-1", {}],
    ["Infinity", {}],
    ["1e999", {}],
  ] as const) {
    const url = await answering((_, response) => response.writeHead(429, { "retry-after": wait }).end());
    expect(await sendTo(url)).toEqual({ status: "throttled", providerCode: "429", ...seconds });
  }
});

it.each([
  "",
  "OK",
  "[]",
  "null",
  '{"id":7}',
  '{"id":""}',
  `{"id":"${"x".repeat(129)}"}`,
  '{"id":"a\\u001b[2J"}',
])("the webhook sender takes 200 as accepted, whatever the body is: %s", async (body) => {
  const url = await answering((_, response) => response.end(body));
  expect(await sendTo(url)).toEqual({ status: "accepted", settles: ["webhook"] });
});

it("the outcome of a post is unknown when no answer comes or the connection breaks", async () => {
  const silent = await answering(() => {});
  expect(await sendTo(silent, MESSAGE, 100)).toMatchObject({ status: "unknown" });
  const broken = await answering((request) => request.socket.destroy());
  expect(await sendTo(broken)).toMatchObject({ status: "unknown" });
  const changed = await answering((_, response) =>
    response.writeHead(101, { connection: "upgrade", upgrade: "h2c" }).end(),
  );
  expect(await sendTo(changed)).toMatchObject({ status: "unknown" });
});

it("the webhook sender opens a connection for each post, since a kept one may have been closed silently", async () => {
  const known = new Set<Socket>();
  const url = await answering(({ socket }, response) => {
    if (known.has(socket)) socket.destroy();
    else response.end();
    known.add(socket);
  });
  for (let sent = 0; sent < 3; sent += 1) expect(await sendTo(url)).toMatchObject({ status: "accepted" });
});

it("the outcome of a post is unavailable when nobody listens or there is no route to the host", async () => {
  const port = await freePort();
  const nobody = `http://127.0.0.1:${port}/sms`;
  expect(await sendTo(nobody)).toEqual({ status: "unavailable", providerCode: "ECONNREFUSED" });
  // No connection can be made to a broadcast address.
  const nowhere = `http://255.255.255.255:${port}/sms`;
  expect(await sendTo(nowhere)).toEqual({ status: "unavailable", providerCode: "ENETUNREACH" });
});

it("the outcome of a post is unavailable when no address of the host's name can be reached", async () => {
  const url = `http://sms.example:${await freePort()}/sms`;
  const { lookup } = dns;
  onTestFinished(() => void Object.assign(dns, { lookup }));
  const addresses = ["255.255.255.255", "127.0.0.1"].map((address) => ({ address, family: 4 }));
  const found: LookupFunction = (_host, _options, tell) => tell(null, addresses);
  Object.assign(dns, { lookup: found });
  expect(await sendTo(url)).toEqual({ status: "unavailable", providerCode: "ENETUNREACH" });
});

it("the outcome of a post is unavailable when the TLS handshake does not end, and is given before the deadline", async () => {
  const port = await listen(createTcpServer(() => {}));
  const begun = performance.now();
  const outcome = await sendTo(`https://127.0.0.1:${port}/sms`, MESSAGE, 8_000);
  expect(outcome).toEqual({ status: "unavailable", providerCode: "no_connection" });
  expect(performance.now() - begun).toBeLessThan(7_000);
}, 10_000);

it("the outcome of a post is unavailable when an https address is served by plain HTTP", async () => {
  const url = await answering((_, response) => response.end());
  expect(await sendTo(url.replace("http:", "https:"))).toMatchObject({ status: "unavailable" });
});

it.each([
  [200, { status: "accepted", settles: ["webhook"] }],
  [500, { status: "unknown", providerCode: "500" }],
])(
  "the status %i alone decides the outcome when the body does not end, and the rest is not read",
  async (code, outcome) => {
    let written = 0;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const url = await answering((_, response) => {
      response.once("close", end).writeHead(code);
      const more = () => {
        written += 65_536;
        response.write("x".repeat(65_536), (error) => error ?? more());
      };
      more();
    });
    const sender = createWebhookSender({ url, secrets: SECRETS }, clock);
    // Only the sender ends it.
    expect(await sender.send(MESSAGE, { signal: () => new AbortController().signal })).toEqual(outcome);
    await ended;
    // The rest is in the buffers of both ends.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  },
);

it("the webhook sender takes 200 as accepted when no body follows", async () => {
  const url = await answering((_, response) => response.writeHead(200).flushHeaders());
  const begun = performance.now();
  expect(await sendTo(url, MESSAGE, 8_000)).toEqual({ status: "accepted", settles: ["webhook"] });
  expect(performance.now() - begun).toBeLessThan(5_000);
});

/** A server with a self-signed certificate. */
async function answeringEncrypted(answer: RequestListener, options: ServerOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-webhook-"));
  const { keyFile, certFile } = makeCertificates(folder, "localhost");
  const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
  rmSync(folder, { recursive: true });
  const port = await listen(createTlsServer({ key, cert, ...options }, answer));
  return `https://localhost:${port}/sms`;
}

it("the webhook sender sends no code to a server with an untrusted certificate", async () => {
  let asked = 0;
  const url = await answeringEncrypted((_, response) => {
    asked += 1;
    response.end();
  });
  expect(await sendTo(url)).toMatchObject({ status: "unavailable" });
  expect(asked).toBe(0);
});

it("the outcome of a post is unavailable when the server asks for a client certificate", async () => {
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const url = await answeringEncrypted((_, response) => response.end(), { requestCert: true });
  expect(await sendTo(url)).toMatchObject({ status: "unavailable" });
});
