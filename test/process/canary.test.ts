import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canary, findCanaries } from "../support/canaries.ts";
import { phonekey, type RunningServer, startServer } from "../support/server.ts";
import type { OpenedSession } from "../support/world.ts";
import { type Answer, bearer, type Client, createClient, FREELY, newPhone, wrongCode } from "./client.ts";
import { databaseFile } from "./database.ts";

describe("the search for canaries finds", () => {
  const token = `eyJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiJjb250cm9sIn0.${"Zx9".repeat(20)}`;
  beforeAll(() => {
    canary("phone", "+8613711112222");
    canary("code", "204060");
    canary("token", token);
  });

  test.each([
    ["a phone", "to +8613711112222!", "phone"],
    ["a phone as written at home", '{"to":"13711112222"}', "phone"],
    ["a phone with spaces", "137 1111 2222", "phone"],
    ["a code", "your code is 204060.", "code"],
    ["a token", `Bearer ${token}`, "token"],
    ["the end of a token", token.slice(-30), "token"],
  ])("%s", (_what, text, kind) => {
    expect(findCanaries(text).map((found) => found.split(" ")[0])).toEqual([kind]);
  });

  test("no code in times and ids", () => {
    const line = '{"time":1752040602040,"requestId":"20406020-4060-7040-8000-204060204060","ms":204060}';
    expect(findCanaries(line)).toEqual([]);
  });

  test("what a server printed, when it stops", async () => {
    const url = `https://${"a1b2c3d4".repeat(4)}.example`;
    const server = await startServer({ env: { PUBLIC_URL: url } });
    canary("token", url);
    await expect(server.stop()).rejects.toThrow("secrets were printed");
  });
});

describe("no phone, code or token is printed, answered to others or kept in the clear (T33, promise 4)", () => {
  let server: RunningServer;
  let client: Client;
  let session: OpenedSession;
  const phone = newPhone();
  let code = "";
  let id = "";
  const refusals: Answer<unknown>[] = [];
  beforeAll(async () => {
    server = await startServer({ env: { ...FREELY, LOG_LEVEL: "trace" } });
    client = createClient(server);
    session = await client.refresh((await client.signIn(phone)).refreshToken);
    const other = newPhone();
    ({ id } = await client.start(other));
    code = await client.code(other);
  });
  afterAll(async () => {
    await server.stop();
  });

  /** For requests that must be refused. */
  const refused = async (answer: Promise<Answer<unknown>>) => {
    const got = await answer;
    expect(got.status).toBeGreaterThanOrEqual(400);
    refusals.push(got);
  };
  const secrets = () => [phone, phone.slice(1), code, session.accessToken, session.refreshToken];

  test("requests with secrets in addresses, headers, and keys and values of bodies are refused", async () => {
    for (const secret of secrets()) {
      const text = encodeURIComponent(secret);
      for (const path of [`/${text}`, `/v1/verifications/${text}`, `/nowhere?x=${text}`, `/dev/${text}`]) {
        await refused(client.get(path));
      }
      await refused(client.get("/v1/me", bearer(secret === session.accessToken ? `${secret}x` : secret)));
      await refused(client.get("/v1/me", { authorization: `Basic ${secret}` }));
      await refused(client.post("/v1/verifications", { phone, [secret]: secret }));
      await refused(client.post("/v1/verifications", { phone: `${secret}x`, locale: secret }));
      await refused(client.post("/v1/verifications", { phone }, { "idempotency-key": secret.slice(0, 15) }));
      await refused(client.post("/v1/sessions", { verificationId: secret, code: secret }));
      await refused(client.post("/v1/sessions", { verificationId: id, code: wrongCode(code) }));
      await refused(client.post("/v1/sessions/refresh", { refreshToken: `${secret}.` }));
      await refused(client.call("PATCH", "/v1/me", bearer(session.accessToken), { name: 1, [secret]: 1 }));
      await refused(client.call("POST", "/v1/sessions", { "x-phone": secret }, `{"code":"${secret}`));
    }
  });

  test("the functions API answers calls with secrets in their addresses", async () => {
    const ask = (name: string, parameters: Record<string, string>) =>
      client.get<{ data?: { sessionId: string; token: string } }>(
        `/functions/${name}?${new URLSearchParams(parameters)}`,
      );
    const mine = newPhone();
    const sent = await ask("sms", { method: "getSms", phone: mine });
    const sessionId = sent.body.data?.sessionId ?? "";
    const typed = await client.code(mine);
    await ask("sms", { method: "login", phone: mine, code: wrongCode(typed), sessionId });
    const signedIn = await ask("sms", { method: "login", phone: mine, code: typed, sessionId });
    const token = signedIn.body.data?.token ?? "";
    expect(token).toMatch(/^ey/);
    canary("token", token);
    for (const secret of [...secrets(), token, typed]) {
      refusals.push(await ask("getUserInfo", { phone, userId: secret, token: secret }));
      refusals.push(await ask("sms", { method: secret, phone: secret, code: secret, sessionId: secret }));
      refusals.push(await ask("setNickname", { userId: secret, name: secret, token: secret }));
    }
  });

  test("pages with secrets in addresses, headers and bodies are refused", async () => {
    const page = { accept: "text/html", "user-agent": `Phone ${phone}`, referer: `${server.url}/?c=${code}` };
    await refused(client.get(`/sign-in/${phone}?code=${code}`, page));
    await refused(client.call("POST", "/sign-in", { ...page, origin: "https://evil.example" }, { phone }));
    await refused(client.call("POST", "/sign-in/code", page, { code }));
  });

  test("while the database does not answer, requests are 503 and the log says why", async () => {
    const lock = new Libsql(databaseFile(server.folder));
    lock.exec("BEGIN IMMEDIATE");
    try {
      const asked = [
        client.post("/v1/verifications", { phone }),
        client.post("/v1/sessions", { verificationId: id, code }),
      ];
      for (const answer of await Promise.all(asked)) {
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        refusals.push(answer);
      }
    } finally {
      lock.exec("ROLLBACK");
      lock.close();
    }
    await expect.poll(() => server.output()).toContain("database is locked");
    // It recovers by itself.
    expect((await client.refresh(session.refreshToken)).user.id).toBe(session.user.id);
  });

  test("commands beside the server print none", async () => {
    for (const args of [
      ["keys", "list"],
      ["keys", "rotate", "code", "refresh"],
      ["keys", "retag"],
      ["migrate"],
    ]) {
      const { code, stdout, stderr } = await phonekey(args, { folder: server.folder });
      expect([args, code]).toEqual([args, 0]);
      expect(findCanaries(stdout + stderr)).toEqual([]);
    }
  });

  test("no refusal contains one", () => {
    expect(refusals.length).toBeGreaterThan(60);
    for (const { body, headers } of refusals) {
      expect(findCanaries(JSON.stringify([body, Object.fromEntries(headers)]))).toEqual([]);
    }
  });

  test("no metric contains one, though there is a line for each kind of request and guess", async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const own = text.split("\n").filter((line) => line.startsWith("phonekey_"));
    expect(own).toContainEqual(expect.stringMatching(/^phonekey_guesses_total\{outcome="wrong"\} [1-9]/));
    expect(own.length).toBeGreaterThan(20);
    expect(findCanaries(own.join("\n"))).toEqual([]);
  });

  test("no file of the data folder contains one", () => {
    const data = join(server.folder, "data");
    const names = readdirSync(data);
    expect(names).toContain("phonekey.db-wal");
    for (const name of names) {
      expect([name, findCanaries(readFileSync(join(data, name), "latin1"))]).toEqual([name, []]);
    }
  });

  test("no line of the server's output contains one, though there is a line for each request", () => {
    const lines = server
      .output()
      .split("\n")
      .filter((line) => line.includes('"msg":"request"'));
    expect(lines.length).toBeGreaterThan(60);
    expect(findCanaries(server.output())).toEqual([]);
    expect(server.output()).not.toContain('"msg":"fault"');
  });
});
