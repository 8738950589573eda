import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createUserTransferStore } from "../../src/adapters/sql/account/transfer.ts";
import type { SqlDatabase } from "../../src/adapters/sql/database.ts";
import { createTagKey } from "../../src/adapters/sql/keys/tag-key.ts";
import { createRestoredStore } from "../../src/adapters/sql/maintenance/restored.ts";
import type { SqlStores } from "../../src/adapters/sql/stores.ts";
import type { User } from "../../src/core/account/ports.ts";
import { spentLedger } from "../../src/core/protection/budgets/ledger.ts";
import { StaleKeyError } from "../../src/core/refusals.ts";
import { addTagKey, aMessage, aSession, aUser, DAY, fresh, NOW, parallel } from "./samples.ts";

export interface OpenDatabase {
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  close(): Promise<void>;
}

const clock = { now: () => NOW };

/** The promises of `UserTransferStore` and `RestoredStore`, and of `UserStore` for imported users. */
export function userTransferContract(name: string, open: () => Promise<OpenDatabase>): void {
  describe(`${name}: imported users, and restored backups`, () => {
    let opened: OpenDatabase;
    let store: ReturnType<typeof createUserTransferStore>;
    let restored: ReturnType<typeof createRestoredStore>;
    let key: Awaited<ReturnType<typeof addTagKey>>;
    beforeAll(async () => {
      opened = await open();
      store = createUserTransferStore(opened.database, createTagKey({ clock, onStaleKey: () => {} }));
      restored = createRestoredStore(opened.database);
    });
    beforeEach(async () => {
      for (const table of ["users", "sessions", "messages", "failures", "events"] as const) {
        await opened.database.db.deleteFrom(table).execute();
      }
      key = await addTagKey(opened.stores.keys);
    });
    afterAll(() => opened.close());

    const arrival = (over: Partial<User> = {}) =>
      aUser(key.tag(), { sealedPhone: fresh("sealed"), unprovenSince: NOW, deviceEpoch: 1_000, ...over });
    const signIn = (user: User, over = {}) => {
      const { userId: _, ...session } = aSession("", over);
      return opened.stores.users.signIn({ user, session });
    };

    test("add: users are found, counted and paged through by id", async () => {
      const users = Array.from({ length: 25 }, () => arrival());
      expect(await store.add(users, NOW)).toEqual(new Set(users.map(({ id }) => id)));
      expect(await store.count()).toBe(25);
      const read: User[] = [];
      for (
        let page = await store.page(undefined, 10);
        page.length > 0;
        page = await store.page(read.at(-1)?.id, 10)
      )
        read.push(...page);
      expect(read).toEqual(users.sort((a, b) => (a.id < b.id ? -1 : 1)));
    });

    test("add: an empty list changes nothing", async () => {
      expect(await store.add([], NOW)).toEqual(new Set());
      expect(await store.taken([], [])).toEqual([]);
    });

    test("add: a user whose id or phone is taken is left out, and the one who has it is not changed", async () => {
      const here = arrival({ name: "here" });
      await store.add([here], NOW);
      const [sameId, samePhone, other] = [
        arrival({ id: here.id }),
        arrival({ phoneTag: here.phoneTag }),
        arrival(),
      ];
      expect(await store.add([sameId, samePhone, other, { ...here, sealedPhone: "again" }], NOW)).toEqual(
        new Set([other.id]),
      );
      expect(await opened.stores.users.find(here.id)).toEqual(here);
      expect(await store.count()).toBe(2);
      const taken = await store.taken([here.id, "nobody"], [here.phoneTag, other.phoneTag]);
      expect(new Set(taken.map(({ id }) => id))).toEqual(new Set([here.id, other.id]));
    });

    test("add: the same users in eight parallel calls are added once each", async () => {
      const tags = Array.from({ length: 40 }, () => key.tag());
      const added = await parallel(8, (n) =>
        store.add(
          tags.map((phoneTag, at) => arrival({ id: `${n % 2 ? "x" : "y"}-${at}`, phoneTag })),
          NOW,
        ),
      );
      expect(added.reduce((sum, { size }) => sum + size, 0)).toBe(40);
      expect(await store.count()).toBe(40);
    });

    test("add: nobody is added under a tag key that was replaced", async () => {
      const user = arrival();
      await opened.stores.keys.retire(key.id, NOW);
      await expect(store.add([user], NOW)).rejects.toThrow(StaleKeyError);
      expect(await store.count()).toBe(0);
    });

    test("add: sessions of a former user with the same id are ended", async () => {
      const user = arrival();
      await store.add([user], NOW);
      const [old, ended] = [aSession(user.id), aSession(user.id)];
      await opened.stores.sessions.open(old);
      await opened.stores.sessions.open(ended);
      await opened.stores.sessions.end(user.id, ended.id, NOW - 5);
      await opened.database.db.deleteFrom("users").execute();
      await store.add([user], NOW);
      expect((await opened.stores.sessions.find(old.id))?.session.endedAt).toBe(NOW);
      expect((await opened.stores.sessions.find(ended.id))?.session.endedAt).toBe(NOW - 5);
    });

    test("the first sign-in proves the user: raises the device epoch, ends earlier sessions, keeps the profile", async () => {
      const user = arrival({ name: "moved", avatar: 9, createdAt: NOW - DAY });
      await store.add([user], NOW);
      const before = aSession(user.id);
      await opened.stores.sessions.open(before);
      const { unprovenSince: _, ...proven } = { ...user, deviceEpoch: 1_001 };
      expect(await signIn(aUser(user.phoneTag))).toEqual({ user: proven, created: false, opened: true });
      expect((await opened.stores.sessions.find(before.id))?.session.endedAt).toBe(NOW);
      expect(await opened.stores.users.find(user.id)).toEqual(proven);
      expect(await opened.stores.sessions.list(user.id, NOW)).toHaveLength(1);
      expect(await signIn(aUser(user.phoneTag))).toEqual({ user: proven, created: false, opened: true });
      expect(await opened.stores.sessions.list(user.id, NOW)).toHaveLength(2);
    });

    test("20 first sign-ins at once prove the user once, and all their sessions are live", async () => {
      const user = arrival();
      await store.add([user], NOW);
      const signedIn = await parallel(20, () => signIn(aUser(user.phoneTag)));
      expect(new Set(signedIn.map((one) => one.user.deviceEpoch))).toEqual(new Set([1_001]));
      expect(await opened.stores.sessions.list(user.id, NOW)).toHaveLength(20);
    });

    test("spendLedgers: its marks are read with every phone's ledger, and after a retag", async () => {
      const { ledger } = opened.stores;
      const tag = key.tag();
      await ledger.record(fresh("guess"), tag, "stranger", { at: NOW - 1, codeLength: 6 });
      const marks = spentLedger(NOW).map((mark) => ({ ...mark, id: fresh("mark") }));
      await restored.spendLedgers(marks);
      for (const bucket of ["stranger", "device"] as const) {
        expect(await ledger.read([key.tag()], bucket, NOW - DAY)).toEqual(spentLedger(NOW));
        expect(await ledger.read([key.tag()], bucket, NOW)).toEqual([]);
      }
      expect(await ledger.read([tag], "stranger", NOW - DAY)).toEqual([
        { at: NOW - 1, codeLength: 6 },
        ...spentLedger(NOW),
      ]);
    });

    test("endSessions: ends live sessions page by page, each with an event", async () => {
      const user = aUser(key.tag());
      await signIn(user);
      for (let n = 0; n < 10; n += 1) await opened.stores.sessions.open(aSession(user.id));
      const expired = aSession(user.id, { expiresAt: NOW });
      await opened.stores.sessions.open(expired);
      let [ended, pages] = [0, 0];
      let after: string | undefined;
      do {
        const page = await restored.endSessions(after, 4, NOW);
        ended += page.ended;
        pages += 1;
        after = page.last;
      } while (after !== undefined);
      expect([ended, pages]).toEqual([11, 4]);
      expect(await opened.stores.sessions.list(user.id, NOW)).toEqual([]);
      expect((await opened.stores.sessions.find(expired.id))?.session.endedAt).toBeUndefined();
      const events = await opened.database.db
        .selectFrom("events")
        .selectAll()
        .where("type", "=", "session_ended")
        .execute();
      expect(events).toHaveLength(11);
    });

    test("takeBackPhoneChanges: cancels waiting changes some at a time, each with an event", async () => {
      const { db } = opened.database;
      const sample = { sealed_phone: "sealed", locale: "en" as const, created_at: NOW, due_at: NOW + DAY };
      const changes = Array.from({ length: 3 }, () => {
        const [user_id, session_id] = [fresh("user"), fresh("session")];
        return {
          ...sample,
          id: fresh("change"),
          user_id,
          session_id,
          phone_tag: key.tag(),
          stop_hash: fresh("stop"),
        };
      });
      await db.insertInto("phone_changes").values(changes).execute();
      const counts: number[] = [];
      for (let n = 0; n < 3; n += 1) counts.push(await restored.takeBackPhoneChanges(2, NOW));
      expect(counts).toEqual([2, 1, 0]);
      expect(await db.selectFrom("phone_changes").select("id").execute()).toEqual([]);
      const events = db.selectFrom("events").select("user_id").where("type", "=", "phone_change_canceled");
      const told = (await events.execute()).map(({ user_id }) => user_id);
      expect(told.sort()).toEqual(changes.map(({ user_id }) => user_id).sort());
    });

    test("erase: removes the user, their sessions and the phones of their messages, and nobody else's", async () => {
      const [user, other] = [aUser(key.tag()), aUser(key.tag())];
      await signIn(user);
      await signIn(other);
      for (const { phoneTag } of [user, user, other])
        await opened.stores.messages.create(aMessage({ phoneTag }));
      expect(await restored.erase({ userId: user.id, id: fresh("erasure"), at: NOW })).toBe(true);
      expect(await restored.erase({ userId: user.id, id: fresh("erasure"), at: NOW })).toBe(false);
      expect(await opened.stores.users.find(user.id)).toBeUndefined();
      expect(await opened.stores.users.find(other.id)).toEqual(other);
      const { db } = opened.database;
      expect(await db.selectFrom("sessions").select("id").execute()).toHaveLength(1);
      const sealed = await db.selectFrom("messages").select(["phone_tag", "sealed_phone"]).execute();
      expect(sealed.filter(({ sealed_phone }) => sealed_phone !== "")).toMatchObject([
        { phone_tag: other.phoneTag },
      ]);
    });
  });
}
