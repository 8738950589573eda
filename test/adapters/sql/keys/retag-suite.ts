import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { countToRetag, retagBatch } from "../../../../src/adapters/sql/keys/retag.ts";
import { createErasureSweep } from "../../../../src/adapters/sql/life/personal-data.ts";
import type { SqlStores } from "../../../../src/adapters/sql/stores.ts";
import { unlockableAt, unlockMark } from "../../../../src/core/protection/budgets/ledger.ts";
import { addTagKey, aMessage, aSession, aUser, DAY, fresh, NOW } from "../../../contracts/samples.ts";

interface OpenForRetag {
  readonly database: SqlDatabase;
  readonly stores: SqlStores;
  reopen(): Promise<OpenForRetag>;
  close(): Promise<void>;
}

/** Moves tags to another key, on any database. Its clock stands at `NOW`. */
export function retagSuite(name: string, open: () => Promise<OpenForRetag>): void {
  describe(`${name}: retag`, () => {
    let opened: OpenForRetag;
    let oldKey: string;
    let newKey: string;
    beforeEach(async () => {
      opened = await open();
      oldKey = (await addTagKey(opened.stores.keys)).id;
      newKey = (await addTagKey(opened.stores.keys, { activeFrom: NOW + DAY })).id;
    });
    afterEach(() => opened.close());

    /** `phone` stands for the number: in what is sealed for its row, and in both tags. */
    const signUp = async (phone: string) => {
      const user = aUser(`${oldKey}.${phone}`, { id: fresh("user") });
      const sealed = { ...user, sealedPhone: `${user.id}|${phone}` };
      const { userId: _, ...session } = aSession("");
      await opened.stores.users.signIn({ user: sealed, session });
      return sealed;
    };
    const send = async (phone: string) => {
      const message = aMessage({ phoneTag: `${oldKey}.${phone}` });
      await opened.stores.messages.create({ ...message, sealedPhone: `${message.id}|${phone}` });
    };
    const guessWrong = (phone: string) =>
      opened.stores.ledger.record(fresh("guess"), `${oldKey}.${phone}`, "stranger", {
        at: NOW,
        codeLength: 6,
      });
    /** Like the vault: what is sealed opens only for its own row. */
    const newTag = async (sealed: string, rowId: string) => {
      const [owner, phone] = sealed.split("|");
      if (owner !== rowId) throw new Error("sealed for another row");
      return `${newKey}.${phone}`;
    };
    const batch = (limit = 2) => retagBatch(opened.database, { oldKeyId: oldKey, limit, newTag });
    const finish = async () => {
      await opened.stores.keys.retire(oldKey, NOW);
      const sum = { phones: 0, rows: 0 };
      for (let each = await batch(); each.phones > 0; each = await batch()) {
        sum.phones += each.phones;
        sum.rows += each.rows;
      }
      await opened.stores.keys.activate(newKey, NOW);
      return sum;
    };

    test("moves users, messages and wrong guesses, of phones with and without an account", async () => {
      const users = [await signUp("1"), await signUp("2"), await signUp("3")];
      for (const phone of ["1", "1", "8", "8", "9"]) await send(phone);
      for (const phone of ["1", "9", "9"]) await guessWrong(phone);
      expect(await countToRetag(opened.database, oldKey)).toBe(8);

      expect(await finish()).toEqual({ phones: 5, rows: 8 });

      const { stores } = opened;
      for (const [index, user] of users.entries()) {
        const phoneTag = `${newKey}.${index + 1}`;
        expect(await stores.users.findByTag(phoneTag)).toEqual({ ...user, phoneTag });
      }
      expect(await stores.ledger.read([`${newKey}.1`], "stranger", 0)).toHaveLength(1);
      expect(await stores.ledger.read([`${newKey}.9`], "stranger", 0)).toHaveLength(2);
      const sent = await stores.messages.sentSince(0, { limit: 99 });
      expect(sent.every(({ phoneTag }) => phoneTag.startsWith(`${newKey}.`))).toBe(true);
      expect(await countToRetag(opened.database, oldKey)).toBe(0);
    });

    test("moves replies and opt-outs, also of a phone of which nothing else is left", async () => {
      const { replies } = opened.stores;
      const from = (phone: string) => {
        const id = fresh("row");
        return {
          id,
          phoneTag: `${oldKey}.${phone}`,
          sealedPhone: `${id}|${phone}`,
          sealedText: "t",
          at: NOW,
        };
      };
      await send("1");
      for (const phone of ["1", "2"]) {
        await replies.keepReply(from(phone));
        await replies.optOut(from(phone));
      }
      await replies.optOut(from("3"));
      expect((await finish()).phones).toBe(3);
      for (const phone of ["1", "2", "3"])
        expect(await replies.isOptedOut([`${newKey}.${phone}`])).toBe(true);
      for (const phone of ["1", "2"]) {
        expect(await replies.repliesOf([`${newKey}.${phone}`], 9)).toHaveLength(1);
        expect(await replies.repliesOf([`${oldKey}.${phone}`], 9)).toHaveLength(0);
      }
    });

    test("moves unlocks and their ledger marks, also of a phone that was sent nothing", async () => {
      const { unlocks, ledger } = opened.stores;
      const id = fresh("unlock");
      const unlock = { id, phoneTag: `${oldKey}.1`, sealedPhone: `${id}|1`, sealedReason: "r", at: NOW };
      const entry = { mark: unlockMark(NOW), tags: [unlock.phoneTag], since: 0, unlockableAt };
      expect(await unlocks.add(unlock, entry)).toEqual({ ok: true });
      expect((await finish()).phones).toBe(1);
      expect(await unlocks.of([`${newKey}.1`], 9)).toHaveLength(1);
      expect(await ledger.read([`${newKey}.1`], "stranger", 0)).toEqual([unlockMark(NOW)]);
    });

    test("leaves what an erasure left under the old tag, also if the number has a new account, so that its sweep still finds it", async () => {
      const { accounts, messages, replies, users } = opened.stores;
      const tags = [`${newKey}.1`, `${oldKey}.1`];
      const before = await signUp("1");
      await send("1");
      const id = fresh("row");
      await replies.optOut({ id, phoneTag: `${oldKey}.1`, sealedPhone: `${id}|1`, at: NOW });
      const erasure = { userId: before.id, tags: [`${oldKey}.1`], id: fresh("erasure") };
      await accounts.erase({ ...erasure, by: "user", at: NOW });
      const user = await signUp("1");
      await send("1");
      expect((await finish()).phones).toBe(1);
      expect(await users.findByTag(`${newKey}.1`)).toMatchObject({ id: user.id });
      expect(await replies.isOptedOut(tags)).toBe(true);

      await createErasureSweep(opened.database)(NOW + 1, 9);
      expect(await replies.isOptedOut(tags)).toBe(false);
      const sent = await messages.sentSince(0, { limit: 99 });
      expect(sent.map(({ phoneTag }) => phoneTag)).toEqual([`${newKey}.1`]);
    });

    test("goes on where it was cut off, and moves nothing twice", async () => {
      for (let phone = 0; phone < 7; phone++) await signUp(`${phone}`);
      await opened.stores.keys.retire(oldKey, NOW);
      expect(await batch(3)).toEqual({ phones: 3, rows: 3 });
      opened = await opened.reopen();
      expect(await countToRetag(opened.database, oldKey)).toBe(4);
      expect((await finish()).phones).toBe(4);
      for (let phone = 0; phone < 7; phone++) {
        expect(await opened.stores.users.findByTag(`${newKey}.${phone}`)).toBeDefined();
      }
    });

    test("writes nothing of a batch in which a phone does not open", async () => {
      await signUp("1");
      const broken = aUser(`${oldKey}.2`);
      const { userId: _, ...session } = aSession("");
      await opened.stores.users.signIn({ user: { ...broken, sealedPhone: "another-row|2" }, session });
      await expect(batch(9)).rejects.toThrow("sealed for another row");
      expect(await countToRetag(opened.database, oldKey)).toBe(2);
    });

    test("leaves rows under other keys alone, also under a key whose id begins with the old key's", async () => {
      const alike = await addTagKey(opened.stores.keys, { id: `${oldKey}0` });
      const user = aUser(alike.tag());
      const { userId: _, ...session } = aSession("");
      await opened.stores.users.signIn({ user, session });
      expect(await batch()).toEqual({ phones: 0, rows: 0 });
      expect(await opened.stores.users.find(user.id)).toEqual(user);
    });
  });
}
