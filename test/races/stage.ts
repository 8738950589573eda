import { randomBytes } from "node:crypto";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { type Client, createClient, FREELY } from "../process/client.ts";
import { type RunningServer, startServer, type Variables } from "../support/server.ts";
import { newDatabase } from "../support/services/mysql.ts";
import { type RedisServer, startRedis } from "../support/services/redis.ts";
import { type Keep, startTogether } from "../support/services/start-together.ts";

const PROCESSES = 4;

/** Where verifications and limits live; everything else is in MariaDB. */
export type StateIn = "redis" | "database";

/** Four server processes on the same stores. */
export interface Stage {
  readonly servers: readonly RunningServer[];
  readonly clients: readonly Client[];
  /** `count` calls at once, spread over the processes. */
  race<T>(count: number, call: (client: Client, index: number) => Promise<T>): Promise<T[]>;
  /** The single number that a statement returns. */
  count(sql: string, ...values: readonly (string | number)[]): Promise<number>;
  change(sql: string, ...values: readonly (string | number)[]): Promise<void>;
  /** The tag under which the stores know the phone of a verification. */
  tagOf(verificationId: string): Promise<string>;
  /** Makes all counted sends older, and no guess. */
  ageSends(ms: number): Promise<void>;
  /** Forgets all leases of guesses. */
  forgetLeases(): Promise<void>;
  /** Forgets all counted sends and all leases of guesses. */
  forgetLimits(): Promise<void>;
  /** Deletes every limit, and the knowledge that there were any, as in a Redis that lost its memory. */
  loseLimits(): Promise<void>;
  close(): Promise<void>;
}

/** @param env further variables for every process */
export function startStage(stateIn: StateIn, env: Variables = {}): Promise<Stage> {
  return startTogether((keep) => startKept(stateIn, env, keep));
}

async function startKept(stateIn: StateIn, env: Variables, keep: Keep): Promise<Stage> {
  const { host, port, user, database } = await newDatabase();
  const redis = stateIn === "redis" ? await keep(startRedis()) : undefined;
  const shared = {
    ...FREELY,
    // Longer than any race takes: after the wait a message may be sent.
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
      try {
        await Promise.all(servers.map((server) => server.stop()));
      } finally {
        await connection.end();
        await redis?.stop();
      }
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

/** Applies `change` to the journal, in rows that no process has read, so that all of them read it again. */
function databaseLimits(connection: Connection): LimitTools {
  const rewrite = async (changed: (entry: JournalEntry) => JournalEntry) => {
    const [rows] = await connection.query<JournalRow[]>("select id, entry from limit_journal order by id");
    for (const { id, entry } of rows) {
      const entries = (JSON.parse(entry) as JournalEntry[]).map(changed);
      await connection.execute("update limit_journal set id = ?, entry = ? where id = ?", [
        id + MOVED_BY,
        JSON.stringify(entries),
        id,
      ]);
    }
  };
  const earlier =
    (ms: number) =>
    (event: JournalEvent): JournalEvent => {
      const [member, at, ...more] = event;
      return [member, at - Math.round(ms), ...more];
    };
  return {
    ageSends: (ms) =>
      rewrite(({ c = [], f = [], ...more }: JournalEntry) => ({
        ...more,
        c: c.map(earlier(ms)),
        f: f.map(earlier(ms)),
      })),
    forgetLeases: () => rewrite(({ l: _, ...entry }: JournalEntry) => entry),
    forgetLimits: () =>
      rewrite(({ s, e }) => ({ ...(s !== undefined && { s }), ...(e !== undefined && { e }) })),
    loseLimits: async () => void (await connection.query("delete from limit_journal")),
  };
}

/** More rows than any test writes. */
const MOVED_BY = 1_000_000;

/** A member, when it was counted, and its other values. */
type JournalEvent = readonly [string, number, ...unknown[]];

/** Everything that was counted, forgotten, added up, leased and seeded. */
interface JournalEntry {
  readonly c?: readonly JournalEvent[];
  readonly f?: readonly JournalEvent[];
  readonly s?: unknown;
  readonly l?: unknown;
  readonly e?: unknown;
}

interface JournalRow extends RowDataPacket {
  readonly id: number;
  readonly entry: string;
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
