import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newPhone, wrongCode } from "../process/client.ts";
import { hasMariadb, newDatabase } from "../support/services/mysql.ts";
import { hasRedis, type RedisServer, startRedis } from "../support/services/redis.ts";
import { startProxy, type TcpProxy } from "../support/services/tcp-proxy.ts";
import { type Packet, seeMariadb, seeRedis } from "../support/services/wire-counts.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../support/world.ts";

/** What calls ask of the stores: commands to Redis; statements to MariaDB, and how many of them commit. */
interface Cost {
  readonly redis: number;
  readonly statements: number;
  readonly commits: number;
}

/**
 * `alone`: one call asks exactly this. `together`: 16 at once ask at most this; how many are batched depends on the moment.
 * A change that saves something lowers the number.
 */
const COSTS = {
  start: { alone: cost(2, 3, 2), together: cost(32, 24, 16) },
  "refused start": { alone: cost(1, 1, 0), together: cost(16, 8, 0) },
  "wrong guess": { alone: cost(4, 1, 1), together: cost(64, 16, 16) },
  "sign-in, new number": { alone: cost(4, 8, 1), together: cost(64, 56, 7) },
  "sign-in, returning number": { alone: cost(4, 8, 1), together: cost(64, 56, 7) },
  refresh: { alone: cost(0, 2, 1), together: cost(0, 24, 16) },
  me: { alone: cost(0, 1, 0), together: cost(0, 8, 0) },
};
type Name = keyof typeof COSTS;
const NAMES = Object.keys(COSTS) as Name[];

function cost(redis: number, statements: number, commits: number): Cost {
  return { redis, statements, commits };
}

const MANY = 16;
/** By then there is a statement for every number of rows, on every connection. */
const MOST_ROUNDS = 60;
/** Everything is on, with thresholds that this test does not reach. */
const PROTECTED = {
  GUARD_MODE: "record",
  RESEND_SECONDS: "1",
  LIMIT_PHONE_SENDS: "900/1h,900/24h",
  LIMIT_ADDRESS_SENDS: "90000/1h",
  LIMIT_ADDRESS_CHECKS: "90000/5m",
  LIMIT_DEVICE_SENDS: "90000/1h",
  LIMIT_PREFIX_SENDS: "90000/1h",
  LIMIT_COUNTRY_SENDS: "90000/1h",
  LIMIT_TOTAL_SENDS: "90000/1h",
  SPEND_HOUR: "900000 CNY",
  SPEND_DAY: "900000 CNY",
};

/** A call that is measured: `ready` does what has to be there before, and resolves with the call itself. */
interface Call {
  readonly status: number;
  ready(world: World): Promise<() => Response | Promise<Response>>;
}

const CALLS: Readonly<Record<Name, Call>> = {
  start: {
    status: 201,
    ready: async (world) => start(world, newPhone()),
  },
  "refused start": {
    status: 429,
    async ready(world) {
      const again = start(world, newPhone());
      await again();
      return again;
    },
  },
  "wrong guess": {
    status: 401,
    ready: async (world) => await guess(world, newPhone(), wrongCode),
  },
  "sign-in, new number": {
    status: 201,
    ready: async (world) => await guess(world, newPhone()),
  },
  "sign-in, returning number": {
    status: 201,
    async ready(world) {
      const phone = newPhone();
      await (await guess(world, phone))();
      return await guess(world, phone);
    },
  },
  refresh: {
    status: 200,
    async ready(world) {
      const { refreshToken } = await signedIn(world);
      return () => world.post("/v1/sessions/refresh", { refreshToken });
    },
  },
  me: {
    status: 200,
    async ready(world) {
      const { accessToken } = await signedIn(world);
      return () => world.request("/v1/me", { headers: bearer(accessToken) });
    },
  },
};

function start(world: World, phone: string): () => Response | Promise<Response> {
  return () => world.post("/v1/verifications", { phone });
}

/** A sign-in that only lacks its code. */
async function guess(world: World, phone: string, change = (code: string) => code) {
  const { id } = (await (await start(world, phone)()).json()) as { id: string };
  const body = { verificationId: id, code: change(world.sms.lastCode(phone)) };
  return () => world.post("/v1/sessions", body);
}

async function signedIn(world: World): Promise<OpenedSession> {
  return (await (await (await guess(world, newPhone()))()).json()) as OpenedSession;
}

describe.runIf(hasMariadb() && hasRedis())("mariadb and Redis: what a call asks of them, on the wire", () => {
  const [mariadb, redis] = [seeMariadb(), seeRedis()];
  let server: RedisServer;
  let proxies: readonly TcpProxy[];
  let world: World;
  beforeAll(async () => {
    const { host, port, user, database } = await newDatabase();
    server = await startRedis();
    proxies = await Promise.all([
      startProxy({ host, port }, mariadb.tap),
      startProxy({ host: "127.0.0.1", port: server.port }, redis.tap),
    ]);
    const [sql, state] = proxies.map((proxy) => proxy.port);
    const env = {
      DATABASE_URL: `mysql://${user}@127.0.0.1:${sql}/${database}?connections=3`,
      STATE_URL: `redis://127.0.0.1:${state}`,
    };
    world = await createWorld({ env: { ...PROTECTED, ...env } });
  });
  afterAll(async () => {
    await world?.close();
    for (const proxy of proxies ?? []) proxy.close();
    await server?.stop();
  });

  /** What so many of these calls at once ask, once all that they need is there. */
  const measure = async (name: Name, count: number) => {
    const { ready, status } = CALLS[name];
    const calls = await Promise.all(Array.from({ length: count }, () => ready(world)));
    mariadb.take();
    redis.take();
    const answers = await Promise.all(calls.map((call) => call()));
    expect(answers.map((answer) => answer.status)).toEqual(calls.map(() => status));
    const packets = mariadb.take();
    const of = (...kinds: Packet["kind"][]) => packets.filter(({ kind }) => kinds.includes(kind)).length;
    const commits = packets.filter((packet) => packet.commits).length;
    return { prepared: of("prepare"), ...cost(redis.take().length, of("execute", "query"), commits) };
  };
  /** How many statements every kind of call, alone and 16 at once, has prepared anew. */
  const prepared = async () => {
    let count = 0;
    for (const name of NAMES) for (const n of [1, MANY]) count += (await measure(name, n)).prepared;
    return count;
  };

  test("prepares each statement once on each connection", async () => {
    expect(await prepared()).toBeGreaterThan(0);
    let rounds = 1;
    while ((await prepared()) > 0 && rounds < MOST_ROUNDS) rounds += 1;
    expect(rounds).toBeLessThan(MOST_ROUNDS);
  });

  test.each(NAMES)("%s, alone: asks exactly what it costs", async (name) => {
    const { prepared, ...asked } = await measure(name, 1);
    expect(asked).toEqual(COSTS[name].alone);
  });

  test.each(NAMES)("%s, 16 at once: ask at most what they cost together", async (name) => {
    const { together } = COSTS[name];
    const asked = await measure(name, MANY);
    expect(asked.redis).toBeLessThanOrEqual(together.redis);
    expect(asked.statements).toBeLessThanOrEqual(together.statements);
    expect(asked.commits).toBeLessThanOrEqual(together.commits);
  });
});
