import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { asRoot, hasMariadb, newDatabase } from "../support/services/mysql.ts";
import { HOST, migratedDatabase, startSender, variables } from "./functions.ts";
import {
  end,
  frozen,
  startEvent,
  startWeb,
  unpackedPackage,
  type Variables,
  type WebInstance,
} from "./instance.ts";

let folder: string;
let running: WebInstance | undefined;
beforeAll(() => {
  folder = unpackedPackage();
});
afterEach(async () => {
  if (running) await end(running.child);
  running = undefined;
});

async function start(env: Variables): Promise<WebInstance> {
  running = await startWeb(folder, env);
  return running;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Sends a request as the platform does, with a `Host`, which `fetch` does not allow. */
async function send({ url }: WebInstance, path: string, { method = "GET", headers, body }: Sent = {}) {
  const outgoing = request(`${url}${path}`, {
    method,
    headers: { host: HOST, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).once("error", reject);
  });
  const said = await text(response);
  const isJson = response.headers["content-type"]?.includes("json");
  return { status: response.statusCode, headers: response.headers, body: isJson ? JSON.parse(said) : said };
}

const nowhere = { user: "root", password: "", host: "127.0.0.1", port: 1, database: "none" };

test("a web function listens and serves files without any store, in a folder that it cannot write to", async () => {
  const instance = await start(variables(nowhere));
  expect(await send(instance, "/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  expect(await send(instance, "/avatars/1.svg")).toMatchObject({ status: 200 });
  expect(await send(instance, "/readyz")).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
});

test("a web function without PUBLIC_URL links to its own host, and to no other", async () => {
  const instance = await start(variables(nowhere));
  const serverAt = async (host: string) =>
    (await send(instance, "/openapi.json", { headers: { host } })).body.servers;
  expect(await serverAt(HOST)).toEqual([{ url: `https://${HOST}` }]);
  expect(await serverAt("evil.example")).toEqual([{ url: "https://phonekey.invalid" }]);
});

test("a web function that lacks a setting ends with a sentence that names it", async () => {
  await expect(startWeb(folder, {})).rejects.toThrow(/DATABASE_URL: must be a MySQL on SCF/);
});

describe.runIf(hasMariadb())("a web function on MySQL", () => {
  let env: Variables;
  let database: string;
  beforeAll(async () => {
    const made = await migratedDatabase(folder, { LIMIT_ADDRESS_SENDS: "1/1h" });
    env = made.env;
    database = made.server.database;
  });

  const ask = (instance: WebInstance, phone: string, headers: Readonly<Record<string, string>>) =>
    send(instance, "/v1/verifications", { method: "POST", body: { phone }, headers });

  test("answers 503 until its database is migrated, and then goes on by itself", async () => {
    const fresh = variables(await newDatabase());
    const instance = await start(fresh);
    expect(await ask(instance, "13800138000", {})).toMatchObject({
      status: 503,
      body: { code: "unavailable" },
    });
    const maintenance = await startEvent(folder, "maintenance.main_handler", fresh);
    expect((await maintenance.invoke({ action: "migrate" })).answer).toMatchObject({ ok: true });
    expect(await ask(instance, "13800138000", {})).toMatchObject({ status: 201 });
    await end(instance.child);
    expect(instance.output()).toContain("run `phonekey migrate` first");
  });

  test("limits by the address in x-scf-remote-addr, and by none on a custom domain", async () => {
    const instance = await start(env);
    const statusOf = async (phone: number, headers: Readonly<Record<string, string>>) =>
      (await ask(instance, `138${phone}`, headers)).status;
    // One address may start ten times as often as LIMIT_ADDRESS_SENDS says.
    for (let times = 0; times < 10; times += 1) {
      const forged = {
        "x-forwarded-for": `198.51.100.${times}`,
        "x-scf-remote-addr": `203.0.113.7:${4_000 + times}`,
      };
      expect(await statusOf(10_000_000 + times, forged)).toBe(201);
    }
    const address = { "x-scf-remote-addr": "203.0.113.7" };
    expect(await statusOf(10_000_099, { ...address, "x-forwarded-for": "198.51.100.99" })).toBe(429);
    expect(await statusOf(10_000_098, { "x-scf-remote-addr": "203.0.113.8" })).toBe(201);
    const before = instance.output();
    expect(await statusOf(10_000_097, { ...address, host: "auth.example.com" })).toBe(201);
    await end(instance.child);
    expect(before).not.toContain("limits by address are off");
    expect(instance.output().match(/limits by address are off/g)).toHaveLength(1);
  });

  test("neither logs nor answers the credentials in the platform's headers", async () => {
    const instance = await start({ ...env, LOG_LEVEL: "trace" });
    const secrets = {
      "x-scf-secret-id": "canary-id",
      "x-scf-secret-key": "canary-key",
      "x-scf-session-token": "canary",
    };
    for (const path of ["/healthz", "/v1/me", "/nowhere", "/openapi.json"]) {
      expect(JSON.stringify(await send(instance, path, { headers: secrets }))).not.toContain("canary");
    }
    await end(instance.child);
    expect(instance.output()).toContain('"status":404');
    expect(instance.output()).not.toContain("canary");
  });

  test("serves many requests at a time, and goes on after it was frozen", async () => {
    const instance = await start({ ...env, LIMIT_ADDRESS_SENDS: "unlimited" });
    const many = (from: number) =>
      Promise.all(Array.from({ length: 20 }, (_, index) => ask(instance, `139${from + index}`, {})));
    expect((await many(10_000_000)).map(({ status }) => status)).toEqual(Array(20).fill(201));
    await frozen(instance.child, async () => {
      for (const { id } of await asRoot(
        `select id from information_schema.processlist where db = '${database}'`,
      )) {
        await asRoot(`kill ${String(id)}`);
      }
    });
    expect((await many(20_000_000)).map(({ status }) => status)).toEqual(Array(20).fill(201));
  });

  test("sends by the role's keys in a request to its own host, if TENCENT_ROLE_HEADERS is true", async () => {
    const role = { secretId: "AKIDrole", secretKey: "secretROLE", token: "tokenROLE" };
    const cloud = await startSender(role);
    const { TENCENT_SECRET_ID: _, TENCENT_SECRET_KEY: __, ...sender } = cloud.env;
    const keys = {
      "x-scf-secret-id": role.secretId,
      "x-scf-secret-key": role.secretKey,
      "x-scf-session-token": role.token,
    };
    const onScf = { ...env, ...sender, TENCENTCLOUD_RUNENV: "SCF" };
    try {
      const instance = await start({ ...onScf, TENCENT_ROLE_HEADERS: "true" });
      expect(await ask(instance, "13700000001", { ...keys, host: "auth.example.com" })).toMatchObject({
        status: 503,
      });
      expect(await ask(instance, "13700000002", keys)).toMatchObject({ status: 201 });
      expect(cloud.taken).toHaveLength(1);
      await end(instance.child);
      expect(instance.output()).not.toMatch(/secretROLE|tokenROLE|AKIDrole/);
      expect(await ask(await start(onScf), "13700000003", keys)).toMatchObject({ status: 503 });
    } finally {
      await cloud.close();
    }
  });
});
