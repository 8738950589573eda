import { describe, expect, test } from "vitest";
import { refusedByMysql57 } from "../adapters/sql/mysql/mysql57.ts";
import { NOW } from "../contracts/samples.ts";
import { userTransferContract } from "../contracts/user-transfer-store.ts";
import { hasMariadb, openTestMysql } from "../support/services/mysql.ts";

/** Every statement that the suite runs; the last test checks them. */
const statements = new Set<string>();

describe.runIf(hasMariadb())("mariadb", () => {
  userTransferContract("mariadb", () =>
    openTestMysql({ now: () => NOW }, { onStatement: (sql) => statements.add(sql) }),
  );

  test("every statement is valid in MySQL 5.7", () => {
    expect(statements.size).toBeGreaterThan(20);
    expect([...statements].flatMap((sql) => refusedByMysql57(sql) ?? [])).toEqual([]);
  });
});
