import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addTagKey, aSession, aUser, fresh, NOW } from "../../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../../support/database.ts";

/** A newer version migrates the file while a server of this one still runs. */
describe("sqlite: columns that another process adds", () => {
  let opened: TestDatabase;
  let other: Libsql.Database;
  beforeEach(async () => {
    opened = await openTestDatabase({ now: () => NOW });
    other = new Libsql(opened.path);
  });
  afterEach(async () => {
    other.close();
    await opened.close();
  });

  const addColumn = (table: string) => other.exec(`alter table ${table} add column later text`);
  const signIn = async (phoneTag: string) => {
    const user = { ...aUser(phoneTag), name: "Name" };
    const { userId: _, ...session } = aSession("");
    await opened.stores.users.signIn({ user, session });
    return { user, sessionId: session.id };
  };

  test.each(["sessions", "users"])("do not change what is read of a session: %s", async (table) => {
    const { sessions } = opened.stores;
    const { user, sessionId } = await signIn((await addTagKey(opened.stores.keys)).tag());
    const before = await sessions.find(sessionId);
    expect(before).toMatchObject({ user, session: { id: sessionId } });
    addColumn(table);
    expect(await sessions.find(sessionId)).toEqual(before);
  });

  test.each(["invitations", "users"])("do not change how an invitation is used: %s", async (table) => {
    const { invitations, users } = opened.stores;
    const { tag } = await addTagKey(opened.stores.keys);
    await signIn(tag());
    addColumn(table);
    const phoneTag = tag();
    const id = fresh("invitation");
    await invitations.add({ id, phoneTag, sealedPhone: "sealed", at: NOW });
    const { user } = await signIn(phoneTag);
    expect(await invitations.has([phoneTag])).toBe(false);
    expect(await users.find(user.id)).toEqual(user);
  });
});
