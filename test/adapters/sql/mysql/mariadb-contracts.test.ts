import { CompiledQuery } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqlStores } from "../../../../src/adapters/sql/stores.ts";
import { accountStoreContract } from "../../../contracts/account-store.ts";
import { alertStoreContract } from "../../../contracts/alert-store.ts";
import { backendStoresContract } from "../../../contracts/backend-stores.ts";
import { factorStoreContract } from "../../../contracts/factor-store.ts";
import { keyStoreContract } from "../../../contracts/key-store.ts";
import { ledgerContract } from "../../../contracts/ledger.ts";
import { limitStoreContract } from "../../../contracts/limit-store.ts";
import { loginProtectionContract } from "../../../contracts/login-protection.ts";
import { messageStoreContract } from "../../../contracts/message-store.ts";
import { noticeStoreContract } from "../../../contracts/notice-store.ts";
import { passwordStoresContract } from "../../../contracts/password-stores.ts";
import { phoneChangeStoreContract } from "../../../contracts/phone-change-store.ts";
import { receiptStoreContract } from "../../../contracts/receipt-store.ts";
import { NOW } from "../../../contracts/samples.ts";
import { sessionStoreContract } from "../../../contracts/session-store.ts";
import { unlockStoreContract } from "../../../contracts/unlock-store.ts";
import { userStoreContract } from "../../../contracts/user-store.ts";
import { verificationStoreContract } from "../../../contracts/verification-store.ts";
import { asRoot, hasMariadb, openTestMysql, type TestMysql } from "../../../support/services/mysql.ts";
import { retagSuite } from "../keys/retag-suite.ts";
import { refusedByMysql57 } from "./mysql57.ts";

const clock = { now: () => NOW };
/** Every statement that the suites below run; the last suites judge them. */
const statements = new Set<string>();

interface Opened extends SqlStores {
  staleKeys(): number;
  close(): Promise<void>;
}

const openFirst = () => openTestMysql(clock, { onStatement: (sql) => statements.add(sql) });

async function openOne(): Promise<Opened> {
  const { stores, staleKeys, close } = await openFirst();
  return { ...stores, staleKeys, close };
}

/** Calls go to two instances in turn, each with a pool of its own, as they do to two processes. */
async function openTwo(): Promise<Opened> {
  const one = await openFirst();
  const other = await one.another();
  const names = Object.keys(one.stores) as (keyof SqlStores)[];
  const stores = names.map((name) => [name, inTurn<object>(one.stores[name], other.stores[name])]);
  return {
    ...(Object.fromEntries(stores) as SqlStores),
    staleKeys: () => one.staleKeys() + other.staleKeys(),
    close: async () => void (await Promise.all([one.close(), other.close()])),
  };
}

function inTurn<T extends object>(one: T, other: T): T {
  let calls = 0;
  return new Proxy(one, {
    get: (_, name) => Reflect.get(calls++ % 2 ? one : other, name),
  });
}

describe.runIf(hasMariadb()).each([
  { name: "mariadb, one pool", open: openOne },
  { name: "mariadb, two pools", open: openTwo },
])("$name", ({ name, open }) => {
  const opened = async <K extends keyof SqlStores>(which: K) => {
    const all = await open();
    return { ...all, store: all[which] };
  };
  verificationStoreContract(name, () => opened("verifications"));
  limitStoreContract(name, () => opened("limits"));
  ledgerContract(name, () => opened("ledger"));
  userStoreContract(name, () => opened("users"));
  factorStoreContract(name, open);
  loginProtectionContract(name, open);
  accountStoreContract(name, open);
  sessionStoreContract(name, () => opened("sessions"));
  messageStoreContract(name, () => opened("messages"));
  receiptStoreContract(name, open);
  noticeStoreContract(name, open);
  phoneChangeStoreContract(name, open);
  backendStoresContract(name, open);
  unlockStoreContract(name, open);
  passwordStoresContract(name, open);
  alertStoreContract(name, () => opened("alertStore"));
  keyStoreContract(name, () => opened("keys"));
});

describe.runIf(hasMariadb())("retag", () => retagSuite("mariadb", openFirst));

describe.runIf(hasMariadb())("mariadb: every statement", () => {
  let opened: TestMysql;
  beforeAll(async () => {
    opened = await openTestMysql(clock);
    await fill(opened);
  });
  afterAll(() => opened.close());

  test("is valid in MySQL 5.7", () => {
    expect(statements.size).toBeGreaterThan(100);
    expect([...statements].flatMap((sql) => refusedByMysql57(sql) ?? [])).toEqual([]);
  });

  interface Step {
    readonly table: string | null;
    readonly type: string | null;
    readonly key: string | null;
    readonly rows: unknown;
  }

  const planOf = async (sql: string): Promise<readonly Step[]> => {
    const parameters = Array.from(sql.matchAll(/\?/g), () => "1785585600000");
    const plan = await opened.database.db.executeQuery<Step>(CompiledQuery.raw(`explain ${sql}`, parameters));
    return plan.rows;
  };
  /** An insert of values has no rows to look at in the table that it inserts into. */
  const scansOf = async (sql: string) =>
    (await planOf(sql)).filter(({ type, rows }) => rows !== null && (type === "ALL" || type === "index"));

  test("the check finds a statement that no index serves", async () => {
    expect(await scansOf("select * from users where name = ?")).not.toEqual([]);
  });

  test("of the stores is served by an index", async () => {
    const stores = [...statements].filter((sql) => /^(select|update|delete|insert)/i.test(sql));
    const readsAll = /^select \* from `(api_)?keys` order by/;
    const onRequestPath = stores.filter(
      (sql) => !/information_schema|`migrations`|get_lock/.test(sql) && !readsAll.test(sql),
    );
    expect(onRequestPath.length).toBeGreaterThan(40);
    const scanning: unknown[] = [];
    for (const sql of onRequestPath) {
      const scans = await scansOf(sql);
      if (scans.length > 0) scanning.push({ sql, scans });
    }
    expect(scanning).toEqual([]);
  });
});

/** So many rows that a scan is not the quickest way, with times before and after the one that is asked about. */
async function fill({ server }: TestMysql): Promise<void> {
  const columns = await asRoot(
    `select table_name as t, column_name as c, data_type as d, extra as e from information_schema.columns where table_schema = '${server.database}'`,
  );
  const tables = [...new Set(columns.map(({ t }) => String(t)))].filter((name) => name !== "migrations");
  for (const table of tables) {
    const own = columns.filter(({ t, e }) => t === table && e !== "auto_increment");
    const names = own.map(({ c }) => `\`${String(c)}\``);
    const values = own.map(({ d }) => {
      if (d === "bigint") return "1785585600000 - 5000 + seq";
      return d === "int" ? "seq" : "concat('x', seq)";
    });
    await asRoot(
      `use ${server.database}`,
      `insert into \`${table}\` (${names}) select ${values} from seq_1_to_10000`,
      `analyze table \`${table}\``,
    );
  }
}
