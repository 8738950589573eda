import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, createClient } from "../process/client.ts";
import { hasMariadb } from "../support/services/mysql.ts";
import { hasRedis } from "../support/services/redis.ts";
import { breakUnderLoad, type Fault, isLong } from "./run.ts";
import { type Stage, startStage } from "./stage.ts";

/** Longer than a statement may take, so that a silent connection is given up and not only late. */
const SILENCE_MS = 12_000;
const SLOW_MS = 150;

/** The time a fault lasts, which is given for the short form. */
const lasts = (ms: number) => (isLong ? 8_000 : ms);

const canRun = hasMariadb() && hasRedis();

describe.runIf(canRun)("promises hold under load on Redis and MariaDB:", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage("redis");
  });
  afterAll(async () => {
    await stage?.close();
  });

  const breaks = (fault: Fault) => breakUnderLoad(stage, "Redis and MariaDB", fault);

  test("Redis is killed, and comes back empty", () =>
    breaks({
      name: "Redis killed, restarted empty",
      strike: () => stage.redis.kill(),
      lastsMs: lasts(1_000),
      heal: () => restartEmpty(stage),
      isFelt: true,
    }));

  test("Redis is emptied again and again", () =>
    breaks({
      name: "Redis emptied again and again",
      strike: () =>
        repeat(isLong ? 20 : 4, 400, async () => {
          stage.redis.command("flushall");
          stage.redisLostAt = Date.now();
        }),
      lastsMs: 0,
      isFelt: false,
    }));

  test("the network to Redis is cut", () =>
    breaks({
      name: "Network to Redis cut",
      strike: () => stage.toRedis.cut(),
      lastsMs: lasts(1_000),
      heal: () => stage.toRedis.mend(),
      isFelt: true,
    }));

  test("the network to Redis falls silent", () =>
    breaks({
      name: "Network to Redis silent",
      strike: () => stage.toRedis.freeze(),
      lastsMs: lasts(3_000),
      heal: () => stage.toRedis.thaw(),
      isFelt: true,
    }));

  test("the network to Redis is slow", () => breaks(slow(() => stage.toRedis, "Redis", lasts(1_000))));

  databaseFaults(() => stage, breaks);

  test("bad requests take no connection and ask the database nothing (T18)", async () => {
    const before = await questions(stage);
    let most = 0;
    for (let round = 0; round < (isLong ? 100 : 5); round++) {
      const sent = Array.from({ length: 100 }, (_, n) => sendBad(stage, n));
      expect((await Promise.all(sent)).filter((status) => status < 400 || status >= 500)).toEqual([]);
      most = Math.max(most, (await stage.connections.list()).length);
    }
    expect(most).toBeLessThanOrEqual(stage.connections.most);
    // The statements of the tests themselves, and of a tick.
    expect((await questions(stage)) - before).toBeLessThan(isLong ? 1_000 : 200);
  });
});

/** How many statements the database has been sent since it started. */
async function questions(stage: Stage): Promise<number> {
  const [row] = await stage.rows("show global status like 'Questions'");
  return Number(row?.Value);
}

const BAD: readonly (readonly [method: string, path: string, body: unknown])[] = [
  ["POST", "/v1/verifications", { phone: "12345" }],
  ["POST", "/v1/verifications", { phone: "+1 202 555 0100" }],
  ["POST", "/v1/verifications", { number: "+8613800138000" }],
  ["POST", "/v1/sessions", { verificationId: "none", code: "none" }],
  ["POST", "/v1/sessions", []],
  ["POST", "/v1/sessions/refresh", { refreshToken: "none" }],
  ["GET", "/v1/me", undefined],
  ["DELETE", "/v1/sessions", undefined],
  ["GET", "/v1/nothing", undefined],
];

/** Resolves with the status of the answer. */
async function sendBad({ servers }: Stage, n: number): Promise<number> {
  const [method, path, body] = BAD[n % BAD.length] ?? ["GET", "/v1/nothing"];
  const server = servers[n % servers.length];
  if (!server) throw new Error("there is no process to ask");
  return (await createClient(server).call(method, path, bearer("none"), body)).status;
}

/** The same with one store: the database also does what Redis does above. */
function describeMariadbAlone(): void {
  describe.runIf(canRun)("promises hold under load on MariaDB alone:", () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await startStage("database");
    });
    afterAll(async () => {
      await stage?.close();
    });
    const breaks = (fault: Fault) => breakUnderLoad(stage, "MariaDB alone", fault);
    databaseFaults(() => stage, breaks);
  });
}

if (isLong) describeMariadbAlone();

function databaseFaults(stage: () => Stage, breaks: (fault: Fault) => Promise<void>): void {
  test("MariaDB is killed and restarted", () =>
    breaks({
      name: "MariaDB killed with -9, restarted",
      strike: () => stage().mariadb.kill(),
      lastsMs: lasts(1_000),
      heal: () => stage().mariadb.restart(),
      isFelt: true,
    }));

  test("all connections to MariaDB are killed, again and again", () =>
    breaks({
      name: "All connections to MariaDB killed, again and again",
      strike: () => repeat(isLong ? 40 : 8, 150, () => killConnections(stage())),
      lastsMs: 0,
      isFelt: true,
    }));

  test("the network to MariaDB is cut", () =>
    breaks({
      name: "Network to MariaDB cut",
      strike: () => stage().toMariadb.cut(),
      lastsMs: lasts(1_000),
      heal: () => stage().toMariadb.mend(),
      isFelt: true,
    }));

  const silence = () =>
    breaks({
      name: "Network to MariaDB silent",
      strike: () => stage().toMariadb.freeze(),
      lastsMs: SILENCE_MS,
      heal: () => stage().toMariadb.thaw(),
      isFelt: true,
    });
  if (isLong) test("the network to MariaDB falls silent", silence);

  test("the network to MariaDB is slow", () =>
    breaks(slow(() => stage().toMariadb, "MariaDB", lasts(1_000))));

  test("processes are killed between accepting and answering", () =>
    breaks({
      name: `${isLong ? 60 : 4} server processes killed at random moments`,
      strike: () =>
        repeat(isLong ? 60 : 4, 0, async () => {
          await sleep(randomInt(300));
          await stage().replace(randomInt(stage().servers.length));
        }),
      lastsMs: 0,
      isFelt: false,
      kills: true,
    }));
}

function slow(proxy: () => Stage["toRedis"], name: string, lastsMs: number): Fault {
  return {
    name: `Network to ${name} slow (${SLOW_MS} ms each way)`,
    strike: () => proxy().delay(SLOW_MS),
    lastsMs,
    heal: () => proxy().delay(0),
    isFelt: false,
  };
}

async function restartEmpty(stage: Stage): Promise<void> {
  await stage.redis.restart();
  stage.redisLostAt = Date.now();
}

async function killConnections(stage: Stage): Promise<void> {
  for (const id of await stage.connections.list()) await stage.rows(`kill ${id}`).catch(() => undefined);
}

async function repeat(times: number, pauseMs: number, act: () => Promise<void>): Promise<void> {
  for (let n = 0; n < times; n++) {
    await sleep(pauseMs);
    await act();
  }
}
