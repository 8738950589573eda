import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMysql } from "../../../../src/adapters/sql/mysql/open.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { addTagKey, aSession, aUser, NOW } from "../../../contracts/samples.ts";
import {
  asRoot,
  hasMariadb,
  openTestMysql,
  type TestMysql,
  useOwnMariadb,
} from "../../../support/services/mysql.ts";

useOwnMariadb();

const clock = { now: () => NOW };
const GROUP = 8;

/** The server's own count of deadlocks. */
async function deadlocks(): Promise<number> {
  const [row] = await asRoot(
    "select `count` from information_schema.innodb_metrics where name = 'lock_deadlocks'",
  );
  return Number(row?.count);
}

describe.runIf(hasMariadb())("mariadb: sign-ins of different people while there are few users", () => {
  let opened: TestMysql;
  beforeAll(async () => {
    opened = await openTestMysql(clock);
  });
  afterAll(() => opened.close());

  test("do not deadlock", async () => {
    const others = await Promise.all([openMysql(opened.server), openMysql(opened.server)]);
    const stores = others.map((each) => createSqlStores(each, { clock, onStaleKey: () => {} }));
    const { tag } = await addTagKey(createSqlStores(opened.database, { clock, onStaleKey: () => {} }).keys);
    const before = await deadlocks();
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        stores.flatMap(({ users }) =>
          Array.from({ length: GROUP }, () => {
            const user = aUser(tag());
            return users.signIn({ user, session: aSession(user.id) });
          }),
        ),
      );
    }
    expect((await deadlocks()) - before).toBe(0);
    for (const each of others) await each.close();
  });
});
