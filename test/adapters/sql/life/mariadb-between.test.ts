import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PhoneChange } from "../../../../src/core/life/ports.ts";
import { aNotice } from "../../../contracts/notice-store.ts";
import { addTagKey, aSession, aUser, fresh, NOW } from "../../../contracts/samples.ts";
import { asRoot, hasMariadb, openTestMysql, type TestMysql } from "../../../support/services/mysql.ts";

describe.runIf(hasMariadb())("mariadb: two changes at the same moment", () => {
  let opened: TestMysql;
  beforeAll(async () => {
    opened = await openTestMysql({ now: () => NOW });
  });
  afterAll(() => opened.close());

  /** Resolves when this many transactions of this database wait for a lock. */
  async function waiting(count: number): Promise<void> {
    for (;;) {
      const rows = await asRoot(
        `select count(*) as n from information_schema.innodb_trx join information_schema.processlist on trx_mysql_thread_id = id
          where trx_state = 'LOCK WAIT' and db = '${opened.server.database}'`,
      );
      if (Number(rows[0]?.n) === count) return;
      // InnoDB gives the same answer again to all who ask within a tenth of a second.
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  test("an erasure also deletes the notice of a recovery code that is used at the same moment", async () => {
    const { users, factorStore, accounts, noticeStore, keys } = opened.stores;
    const { tag } = await addTagKey(keys);
    const user = aUser(tag());
    const session = aSession(user.id);
    await users.signIn({ user, session });
    const app = { userId: user.id, kind: "totp", label: "", createdAt: NOW, sealedSecret: "s" } as const;
    await factorStore.propose({ ...app, id: "app" }, session.id);
    const changer = { userId: user.id, sessionId: session.id };
    await factorStore.confirm({ ...changer, id: "app", step: 1 }, aNotice({ userId: user.id }));
    await factorStore.setRecoveryCodes(changer, ["hash"], aNotice({ userId: user.id }));

    const notice = aNotice({ userId: user.id });
    const erasure = { userId: user.id, tags: [], id: fresh("erasure"), by: "user", at: NOW } as const;
    const done = await opened.database.transaction(async (trx) => {
      await sql`select id from recovery_codes where user_id = ${user.id} for update`.execute(trx);
      const using = factorStore.useRecoveryCode(user.id, "hash", NOW, notice);
      await waiting(1);
      const erasing = accounts.erase(erasure);
      await waiting(2);
      return { using, erasing };
    });
    await done.using;
    expect(await done.erasing).toBe(true);
    expect(await noticeStore.findWaiting(notice.id)).toBeUndefined();
  });

  test("a stop code stops no change of number but its own, when another one replaces that at the same moment", async () => {
    const { users, phoneChanges, sessions, keys } = opened.stores;
    const { tag } = await addTagKey(keys);
    const user = aUser(tag());
    const session = aSession(user.id);
    await users.signIn({ user, session });
    const aChange = (): PhoneChange => ({
      id: fresh("change"),
      userId: user.id,
      sessionId: session.id,
      phoneTag: tag(),
      sealedPhone: "sealed",
      stopHash: fresh("stop"),
      locale: "en",
      createdAt: NOW,
      dueAt: NOW,
    });
    const [first, second] = [aChange(), aChange()];
    expect(await phoneChanges.propose(first, [])).toBe("proposed");
    const done = await opened.database.transaction(async (trx) => {
      await sql`select id from users where id = ${user.id} for update`.execute(trx);
      const proposing = phoneChanges.propose(second, []);
      await waiting(1);
      const stopping = phoneChanges.stop(first.stopHash, NOW);
      await waiting(2);
      return { proposing, stopping };
    });
    expect(await done.proposing).toBe("proposed");
    expect(await done.stopping).toBe(false);
    expect(await phoneChanges.find(user.id)).toEqual(second);
    expect(await sessions.list(user.id, NOW)).toHaveLength(1);
  });
});
