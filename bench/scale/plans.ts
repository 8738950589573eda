import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { Installation } from "./installation.ts";
import { call, signIn } from "./people.ts";
import { type Phonekey, startPhonekey } from "./phonekey.ts";
import { phoneOf } from "./rows.ts";

/** How the server looks for the rows of one table. */
export interface Step {
  readonly table: string;
  /** `const`, `eq_ref`, `ref` and `range` go by an index; `ALL` and `index` read everything. */
  readonly type: string;
  readonly key: string | null;
  /** How many rows it expects to look at. */
  readonly rows: number;
}

export interface Plan {
  /** The statement, with `?` for its values. */
  readonly sql: string;
  readonly steps: readonly Step[];
}

/**
 * The plans of all statements that a server sends while people use it, with the very values that it sent: it is started
 * for this, because what was prepared before the log began stands in it without its values.
 */
export async function collectPlans(installation: Installation): Promise<readonly Plan[]> {
  const { host, port, user, database } = installation.server;
  const root = await createConnection({ host, port, user, database });
  try {
    await root.query("set global log_output = 'TABLE', global general_log = 1");
    const phonekey = await startPhonekey(installation);
    await tour(installation, phonekey).finally(() => phonekey.stop());
    await root.query("set global general_log = 0");
    const plans: Plan[] = [];
    for (const [sql, sample] of await statements(root))
      plans.push({ sql, steps: await explain(root, sample) });
    return plans;
  } finally {
    await root.query("set global general_log = 0");
    await root.end();
  }
}

/** What people do, once each: a stranger and a known device, somebody new and somebody who returns. */
async function tour(installation: Installation, phonekey: Phonekey): Promise<void> {
  const { url } = phonekey;
  const api = <T>(path: string, method: string, body?: object, headers?: Record<string, string>) =>
    call<T>(url + path, method, body, headers);
  const refused = (promise: Promise<unknown>) =>
    promise.then(
      () => {},
      () => {},
    );
  await signIn(phonekey, installation, phoneOf(99_999_999));
  const phone = phoneOf(7);
  const { opened } = await signIn(phonekey, installation, phone);
  const bearer = { authorization: `Bearer ${opened.accessToken}` };
  await api("/v1/me", "GET", undefined, bearer);
  await api("/v1/me", "PATCH", { name: "Tour", avatar: 3 }, bearer);
  await api("/v1/sessions", "GET", undefined, bearer);
  await api("/v1/sessions/refresh", "POST", { refreshToken: opened.refreshToken });
  await sleep(1_100);
  const key = { "idempotency-key": `tour-${crypto.randomUUID()}` };
  const started = await api<{ id: string }>(
    "/v1/verifications",
    "POST",
    { phone, deviceToken: opened.deviceToken },
    key,
  );
  await sleep(2_100);
  await refused(api(`/v1/verifications/${started.id}/resend`, "POST"));
  await api(`/v1/verifications/${started.id}`, "GET");
  await refused(api("/v1/sessions", "POST", { verificationId: started.id, code: "000000" }));
  await api("/v1/sessions?scope=others", "DELETE", undefined, bearer);
  await api("/v1/sessions/current", "DELETE", undefined, bearer);
}

/** Each once, with one that was sent, values and all. */
async function statements(root: Connection): Promise<ReadonlyMap<string, string>> {
  const [rows] = await root.query<RowDataPacket[]>(
    `select convert(argument using utf8mb4) as argument from mysql.general_log
     where command_type in ('Query', 'Execute')`,
  );
  const found = new Map<string, string>();
  for (const { argument } of rows) {
    const sql = String(argument).trim();
    if (!/^(select|update|delete|insert)/i.test(sql) || /information_schema|general_log|get_lock/.test(sql))
      continue;
    found.set(sql.replace(/'(?:[^'\\]|\\.|'')*'/g, "?").replace(/\b\d+(\.\d+)?\b/g, "?"), sql);
  }
  return found;
}

async function explain(root: Connection, sql: string): Promise<readonly Step[]> {
  const [rows] = await root.query<RowDataPacket[]>(`explain ${sql}`);
  return rows
    .filter(({ table, rows: count }) => table !== null && count !== null)
    .map(({ table, type, key, rows: count }) => ({ table, type, key, rows: Number(count) }));
}

/** More rows than a table that stays small has. */
const MANY = 1_000;

/** What an operator must not see: everything is read, or a great part of it. */
export function scanning(plans: readonly Plan[]): readonly Plan[] {
  return plans.filter(({ steps }) =>
    steps.some(({ type, rows }) => (type === "ALL" || type === "index") && rows > MANY),
  );
}
