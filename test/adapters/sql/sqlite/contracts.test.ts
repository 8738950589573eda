import { CompiledQuery } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountStoreContract } from "../../../contracts/account-store.ts";
import { alertStoreContract } from "../../../contracts/alert-store.ts";
import { backendStoresContract } from "../../../contracts/backend-stores.ts";
import { factorStoreContract } from "../../../contracts/factor-store.ts";
import { keyStoreContract } from "../../../contracts/key-store.ts";
import { ledgerContract } from "../../../contracts/ledger.ts";
import { limitStoreContract } from "../../../contracts/limit-store.ts";
import { loginProtectionContract } from "../../../contracts/login-protection.ts";
import { messageStoreContract } from "../../../contracts/message-store.ts";
import { createNaivePasswordLedger } from "../../../contracts/naive-password-ledger.ts";
import { noticeStoreContract } from "../../../contracts/notice-store.ts";
import { passwordStoresContract, raceAttempts } from "../../../contracts/password-stores.ts";
import { phoneChangeStoreContract } from "../../../contracts/phone-change-store.ts";
import { receiptStoreContract } from "../../../contracts/receipt-store.ts";
import { NOW } from "../../../contracts/samples.ts";
import { sessionStoreContract } from "../../../contracts/session-store.ts";
import { unlockStoreContract } from "../../../contracts/unlock-store.ts";
import { userStoreContract } from "../../../contracts/user-store.ts";
import { verificationStoreContract } from "../../../contracts/verification-store.ts";
import { openTestDatabase, type TestDatabase } from "../../../support/database.ts";

const clock = { now: () => NOW };
/** Every statement that the suites below run; the last suite asks SQLite how it serves them. */
const statements = new Set<string>();

async function open() {
  const opened = await openTestDatabase(clock, { onStatement: (sql) => statements.add(sql) });
  const { stores, staleKeys, close } = opened;
  return { ...stores, staleKeys, close };
}

verificationStoreContract("sqlite", async () => {
  const { verifications, close } = await open();
  return { store: verifications, close };
});
limitStoreContract("sqlite", async () => {
  const { limits, close } = await open();
  return { store: limits, close };
});
ledgerContract("sqlite", async () => {
  const { ledger, ...rest } = await open();
  return { ...rest, store: ledger };
});
userStoreContract("sqlite", async () => {
  const { users, ...rest } = await open();
  return { ...rest, store: users };
});
factorStoreContract("sqlite", open);
loginProtectionContract("sqlite", open);
accountStoreContract("sqlite", open);
sessionStoreContract("sqlite", async () => {
  const { sessions, ...rest } = await open();
  return { ...rest, store: sessions };
});
alertStoreContract("sqlite", async () => {
  const { alertStore, close } = await open();
  return { store: alertStore, close };
});
messageStoreContract("sqlite", async () => {
  const { messages, ...rest } = await open();
  return { ...rest, store: messages };
});
receiptStoreContract("sqlite", open);
noticeStoreContract("sqlite", open);
phoneChangeStoreContract("sqlite", open);
backendStoresContract("sqlite", open);
unlockStoreContract("sqlite", open);
passwordStoresContract("sqlite", open);
keyStoreContract("sqlite", async () => {
  const { keys, close } = await open();
  return { store: keys, close };
});

test("the race of wrong passwords finds the fault of a ledger that reads before it writes", async () => {
  expect(await raceAttempts(createNaivePasswordLedger(), "tag", 60)).toBeGreaterThan(10);
});

test("no statement of the stores selects another column beside a star", () => {
  const stars = [...statements].filter((sql) => sql.includes("*"));
  expect(stars.length).toBeGreaterThan(10);
  expect(stars.filter((sql) => /\*, /.test(sql))).toEqual([]);
});

describe("sqlite: every statement is served by an index", () => {
  /** The keyring reads all keys there are, once in a while; an operator lists all API keys. Neither is on a request's path. */
  const readsAll = /^select \* from "(api_)?keys" order by/;
  let opened: TestDatabase;
  beforeAll(async () => {
    opened = await openTestDatabase(clock);
  });
  afterAll(() => opened.close());

  const planOf = async (sql: string): Promise<string[]> => {
    const parameters = Array.from(sql.matchAll(/\?/g), () => 1);
    const plan = await opened.database.db.executeQuery<{ detail: string }>(
      CompiledQuery.raw(`EXPLAIN QUERY PLAN ${sql}`, parameters),
    );
    return plan.rows.map(({ detail }) => detail);
  };
  const scansOf = async (sql: string) =>
    (await planOf(sql)).filter(
      (detail) => detail.startsWith("SCAN") && !/^SCAN (\d+ )?CONSTANT ROWS?$/.test(detail),
    );

  test("the check finds a statement that is served by none", async () => {
    expect(await scansOf("select * from users where name = ?")).not.toEqual([]);
  });

  test("no statement of the stores scans a table or a whole index", async () => {
    const stores = [...statements].filter((sql) => /^(select|update|delete|insert)/i.test(sql));
    const onRequestPath = stores.filter(
      (sql) => !/sqlite_master|"migrations"/.test(sql) && !readsAll.test(sql),
    );
    expect(onRequestPath.length).toBeGreaterThan(40);
    const scanning: string[] = [];
    for (const sql of onRequestPath) if ((await scansOf(sql)).length > 0) scanning.push(sql);
    expect(scanning).toEqual([]);
  });
});
