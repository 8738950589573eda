import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { asRoot, hasMariadb } from "../support/services/mysql.ts";
import { hasRedis, type RedisServer, startRedis } from "../support/services/redis.ts";
import { event, migratedDatabase, read, variables } from "./functions.ts";
import { type EventInstance, end, frozen, startEvent, unpackedPackage, type Variables } from "./instance.ts";

/** Generous: an open connection would keep the event loop busy for ever, and the platform would bill that. */
const SOON_MS = 5_000;

let folder: string;
let running: EventInstance | undefined;
beforeAll(() => {
  folder = unpackedPackage();
});
afterEach(async () => {
  if (running) await end(running.child);
  running = undefined;
});

async function start(env: Variables, handler = "index.main_handler"): Promise<EventInstance> {
  running = await startEvent(folder, handler, env);
  return running;
}

let phones = 0;
/** A start for a phone that has no verification yet. */
function ask() {
  phones += 1;
  return event("POST", "/v1/verifications", { body: { phone: `1380013${String(phones).padStart(4, "0")}` } });
}

describe.runIf(hasMariadb() && hasRedis())("an event function on MySQL and Redis", () => {
  let redis: RedisServer;
  let env: Variables;
  let database: string;
  beforeAll(async () => {
    redis = await startRedis();
    const made = await migratedDatabase(folder, { STATE_URL: redis.url });
    expect(made).toMatchObject({ thrown: undefined, migrated: { ok: true } });
    ({ env } = made);
    database = made.server.database;
  });
  afterAll(() => redis.stop());

  const mysqlIds = async () =>
    (await asRoot(`select id from information_schema.processlist where db = '${database}' order by id`)).map(
      ({ id }) => id,
    );
  const redisIds = () =>
    [...redis.command("client", "list", "type", "normal").matchAll(/^id=(\d+) .*cmd=evalsha/gm)].map(
      ([, id]) => id,
    );
  const cutMysql = async () => {
    for (const id of await mysqlIds()) await asRoot(`kill ${id}`);
  };

  test("answers, and leaves its event loop empty", async () => {
    const { invoke } = await start(env);
    const { answer, context, lingersMs } = await invoke(ask(), { callbackWaitsForEmptyEventLoop: true });
    expect(read(answer)).toMatchObject({ status: 201, body: { status: "pending" } });
    expect(context).toEqual({ callbackWaitsForEmptyEventLoop: false });
    expect(lingersMs).toBeLessThan(SOON_MS);
  });

  test("uses the same connections for the next event", async () => {
    const { invoke } = await start(env);
    // Connections of an instance that has ended are listed a moment longer.
    const before = new Set<unknown>([...(await mysqlIds()), ...redisIds().map((id) => `redis ${id}`)]);
    const ownIds = async () => [
      (await mysqlIds()).filter((id) => !before.has(id)),
      redisIds().filter((id) => !before.has(`redis ${id}`)),
    ];
    await invoke(ask());
    const ids = await ownIds();
    for (let times = 0; times < 3; times += 1) expect(read((await invoke(ask())).answer).status).toBe(201);
    expect(await ownIds()).toEqual(ids);
    expect(ids.map((each) => each.length)).toEqual([1, 1]);
  });

  test("opens new connections for those that were closed between two events", async () => {
    const { invoke, output } = await start(env);
    for (let times = 0; times < 3; times += 1) {
      const { answer, lingersMs } = await invoke(ask());
      expect(read(answer).status).toBe(201);
      expect(lingersMs).toBeLessThan(SOON_MS);
      await cutMysql();
      redis.command("client", "kill", "type", "normal");
    }
    expect(read((await invoke(event("GET", "/readyz"))).answer).status).toBe(200);
    expect(output()).not.toContain('"level":50,"requestId"');
  });

  test("opens new connections for those that were closed while it was frozen", async () => {
    const instance = await start(env);
    await instance.invoke(ask());
    await frozen(instance.child, async () => {
      await cutMysql();
      redis.command("client", "kill", "type", "normal");
    });
    expect(read((await instance.invoke(ask())).answer).status).toBe(201);
  });

  test("answers 503 at once while a store is away, and recovers by itself", async () => {
    const { invoke } = await start(env);
    expect(read((await invoke(ask())).answer).status).toBe(201);
    await redis.kill();
    for (let times = 0; times < 2; times += 1) {
      const { answer, ms } = await invoke(ask());
      expect(read(answer)).toMatchObject({ status: 503, body: { code: "unavailable" } });
      expect(ms).toBeLessThan(SOON_MS);
    }
    await redis.restart();
    expect(read((await invoke(ask())).answer).status).toBe(201);
  });

  test("serves the sign-in page, and each of its files as text", async () => {
    const { invoke } = await start(env);
    const page = read((await invoke(event("GET", "/sign-in"))).answer);
    expect(page.status).toBe(200);
    for (const [, path] of String(page.body).matchAll(/(?:src|href)="(\/[^"?#]+\.\w+)"/g)) {
      const file = (await invoke(event("GET", path ?? ""))).answer;
      expect(file).toMatchObject({ statusCode: 200, isBase64Encoded: false });
    }
  });
});

describe.runIf(hasMariadb())("an event function", () => {
  const nowhere = { user: "root", password: "", host: "127.0.0.1", port: 1, database: "none" };

  test("without any store answers what needs none, else 503, and -1003 in the demo's functions", async () => {
    const { invoke } = await start(variables(nowhere));
    expect(read((await invoke(event("GET", "/healthz"))).answer)).toMatchObject({ status: 200 });
    expect(read((await invoke(ask())).answer)).toMatchObject({
      status: 503,
      headers: { "retry-after": "5" },
    });
    const sms = await start(variables(nowhere), "sms.main_handler");
    const call = { queryString: { method: "getSms", phone: "13800138000" } };
    expect((await sms.invoke(call)).answer).toMatchObject({ errorCode: -1003 });
  });

  test("without its settings names them in its log, and answers 503", async () => {
    const { invoke, output } = await start({});
    expect(read((await invoke(event("GET", "/healthz"))).answer)).toMatchObject({
      status: 503,
      body: { code: "unavailable" },
    });
    for (const name of ["PHONEKEY_SECRETS", "DATABASE_URL", "SMS_SENDER"])
      expect(output()).toContain(`${name}: `);
    expect(output()).not.toContain("PUBLIC_URL: ");
  });

  test("answers malformed events 400 without throwing", async () => {
    const { invoke } = await start(variables(nowhere));
    for (const broken of [
      null,
      {},
      [],
      "text",
      { httpMethod: "GET" },
      { ...event("GET", "/"), headers: 5 },
    ]) {
      const { answer, thrown } = await invoke(broken);
      expect(thrown).toBeUndefined();
      expect(read(answer)).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    }
  });
});
