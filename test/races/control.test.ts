import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asRoot, hasMariadb, newDatabase } from "../support/services/mysql.ts";
import { hasRedis, startRedis } from "../support/services/redis.ts";

const SCRIPT = join(import.meta.dirname, "naive.js");
const PROCESSES = 4;
const GUESSES_EACH = 125;

interface Racer {
  readonly ready: Promise<unknown>;
  /** Lets it begin; resolves with how many guesses it looked at. */
  go(): Promise<number>;
}

function startRacer(words: readonly (string | number)[]): Racer {
  const child = spawn(process.execPath, [SCRIPT, ...words.map(String), String(GUESSES_EACH)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const ended = once(child, "close");
  return {
    ready: Promise.race([once(child.stdout, "data"), ended]),
    async go() {
      child.stdin.end("go\n");
      await ended;
      return Number(/^ready\n(\d+)\n$/.exec(printed)?.[1]);
    },
  };
}

/** Four processes begin at the same moment. Resolves with how many of 500 guesses were looked at. The last word is how many are allowed. */
async function race(words: readonly (string | number)[]): Promise<number> {
  const racers = Array.from({ length: PROCESSES }, () => startRacer(words));
  await Promise.all(racers.map(({ ready }) => ready));
  const looks = await Promise.all(racers.map((racer) => racer.go()));
  return looks.reduce((sum, each) => sum + each, 0);
}

/** If a naive store passed, the other races in this folder would prove nothing. */
describe("the race lets a naive store exceed its limit:", () => {
  test.runIf(hasRedis())("GET, then SET, in Redis", async () => {
    const redis = await startRedis();
    try {
      expect(await race(["redis", redis.port, "verification", 3])).toBeGreaterThan(3);
    } finally {
      await redis.stop();
    }
  });

  test.runIf(hasMariadb()).each([
    ["guesses at a code", 3],
    ["wrong passwords", 10],
    ["uses of an app's code", 1],
  ])("SELECT, then UPDATE, in MariaDB: %s", async (_, allowed) => {
    const { port, database } = await newDatabase();
    await asRoot(
      `create table ${database}.naive (id varchar(20) primary key, used int not null)`,
      `insert into ${database}.naive values ('account', 0)`,
    );
    expect(await race(["mariadb", port, database, "account", allowed])).toBeGreaterThan(allowed);
  });
});
