import { randomBytes } from "node:crypto";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { type Client, createClient, FREELY } from "../process/client.ts";
import { newDatabase } from "../support/mysql.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type RunningServer, startServer, type Variables } from "../support/server.ts";

const PROCESSES = 4;

/** Where verifications and limits live; everything else is in MariaDB. */
export type StateIn = "redis" | "database";

/** Four server processes on the same stores. */
export interface Stage {
  readonly servers: readonly RunningServer[];
  readonly clients: readonly Client[];
  /** `count` calls at once, spread over the processes. */
  race<T>(count: number, call: (client: Client, index: number) => Promise<T>): Promise<T[]>;
  /** The one number that a statement asks the database for. */
  count(sql: string, ...values: readonly (string | number)[]): Promise<number>;
  change(sql: string, ...values: readonly (string | number)[]): Promise<void>;
  /** The tag under which the stores know the phone of a verification. */
  tagOf(verificationId: string): Promise<string>;
  /** Makes all sends that were counted older, and no guess. */
  ageSends(ms: number): Promise<void>;
  /** Forgets the guesses that are set aside. */
  forgetLeases(): Promise<void>;
  /** Forgets the sends that were counted, and the guesses that are set aside. */
  forgetLimits(): Promise<void>;
  /** Every limit is gone, with the knowledge that there were any: what a Redis that lost its memory is like. */
  loseLimits(): Promise<void>;
  close(): Promise<void>;
}

/** @param env further variables for every process */
export async function startStage(stateIn: StateIn, env: Variables = {}): Promise<Stage> {
  const { host, port, user, database } = await newDatabase();
  const redis = stateIn === "redis" ? await startRedis() : undefined;
  const shared = {
    ...FREELY,
    // Longer than any race takes: what comes after the wait may be sent.
    RESEND_SECONDS: "60",
    DATABASE_URL: `mysql://${user}@${host}:${port}/${database}?connections=6`,
    STATE_URL: redis?.url ?? "database",
    PHONEKEY_SECRETS: randomBytes(36).toString("base64"),
    // The issuer of the tokens, which all processes must agree on.
    PUBLIC_URL: "http://localhost:8080",
    ...env,
  };
  const servers = await Promise.all(Array.from({ length: PROCESSES }, () => startServer({ env: shared })));
  const connection = await createConnection({ host, port, user, database });
  const clients = servers.map(createClient);
  return {
    servers,
    clients,
    race: (count, call) => Promise.all(Array.from({ length: count }, (_, n) => call(pick(clients, n), n))),
    ...records(connection),
    ...(redis ? redisLimits(redis) : databaseLimits(connection)),
    async close() {
      await Promise.all(servers.map((server) => server.stop()));
      await connection.end();
      await redis?.stop();
    },
  };
}

export function pick<T>(items: readonly T[], n: number): T {
  const item = items[n % items.length];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

function records(connection: Connection) {
  const rows = async (sql: string, values: readonly (string | number)[]) => {
    const [found] = await connection.execute<RowDataPacket[]>(sql, [...values]);
    return found;
  };
  return {
    count: async (sql: string, ...values: readonly (string | number)[]) =>
      Number(Object.values((await rows(sql, values))[0] ?? {})[0]),
    change: async (sql: string, ...values: readonly (string | number)[]) => void (await rows(sql, values)),
    tagOf: async (id: string) =>
      String((await rows("select phone_tag from messages where verification_id = ?", [id]))[0]?.phone_tag),
  };
}

type LimitTools = Pick<Stage, "ageSends" | "forgetLeases" | "forgetLimits" | "loseLimits">;

function databaseLimits(connection: Connection): LimitTools {
  const change = async (...statements: readonly string[]) => {
    for (const statement of statements) await connection.query(statement);
  };
  const forget = ["delete from limit_events", "delete from limit_leases"];
  return {
    ageSends: (ms) => change(`update limit_events set at = at - ${Math.round(ms)}`),
    forgetLeases: () => change("delete from limit_leases"),
    forgetLimits: () => change(...forget),
    loseLimits: () => change(...forget, "delete from limit_seeds"),
  };
}

const AGE = `
for _, key in ipairs(redis.call('KEYS', 'phonekey:{limits}:events:*')) do
  local rows = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #rows, 2 do
    redis.call('ZADD', key, string.format('%.0f', rows[i + 1] - ARGV[1]), rows[i])
  end
end`;

const FORGET = `
for _, pattern in ipairs(ARGV) do
  for _, key in ipairs(redis.call('KEYS', 'phonekey:{limits}:' .. pattern)) do redis.call('DEL', key) end
end`;

function redisLimits({ command }: RedisServer): LimitTools {
  const forget = async (...patterns: readonly string[]) => void command("eval", FORGET, "0", ...patterns);
  return {
    ageSends: async (ms) => void command("eval", AGE, "0", String(ms)),
    forgetLeases: () => forget("leases:*"),
    forgetLimits: () => forget("leases:*", "events:*"),
    loseLimits: () => forget("*"),
  };
}
