import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addTagKey, aSession, aUser, NOW, parallel } from "../../contracts/samples.ts";
import { openTestDatabase, type TestDatabase } from "../../support/database.ts";

describe("sqlite: the audit trail", () => {
  let opened: TestDatabase;
  let newTag: () => string;
  beforeEach(async () => {
    opened = await openTestDatabase({ now: () => NOW });
    newTag = (await addTagKey(opened.stores.keys)).tag;
  });
  afterEach(() => opened.close());

  const trail = () =>
    opened.database.db
      .selectFrom("events")
      .select(["type", "user_id", "session_id", "at"])
      .orderBy("id")
      .execute();

  test("has the sign-up, each sign-in and each end of a session", async () => {
    const { users, sessions } = opened.stores;
    const user = aUser(newTag());
    const first = aSession(user.id);
    const second = aSession(user.id, { createdAt: NOW + 1 });
    // A page handed it over.
    const third = aSession(user.id, { createdAt: NOW, lastUsedAt: NOW + 2 });
    await users.signIn({ user, session: first });
    await users.signIn({ user: aUser(user.phoneTag), session: second });
    await sessions.open(third);
    await sessions.end(user.id, third.id, NOW + 3);
    await sessions.end(user.id, third.id, NOW + 4);
    await sessions.endOthers(user.id, second.id, NOW + 5);
    await sessions.endAll(user.id, NOW + 6);
    await sessions.endAll(user.id, NOW + 7);
    await sessions.endAll(user.id, NOW + 8, "operator");
    const of = (type: string, session_id: string | null, at: number) => {
      return { type, user_id: user.id, session_id, at };
    };
    expect(await trail()).toEqual([
      of("sign_up", null, NOW),
      of("sign_in", first.id, NOW),
      of("sign_in", second.id, NOW + 1),
      of("sign_in", third.id, NOW + 2),
      of("session_ended", third.id, NOW + 3),
      of("session_ended", first.id, NOW + 5),
      of("session_ended", second.id, NOW + 6),
      of("sessions_ended_by_operator", null, NOW + 8),
    ]);
  });

  test("has no entry for a sign-out of a user who does not exist", async () => {
    expect(await opened.stores.sessions.endAll("nobody", NOW, "operator")).toBe(false);
    expect(await trail()).toEqual([]);
  });

  test("has one end of a session, however many calls race to end it", async () => {
    const { users, sessions } = opened.stores;
    const user = aUser(newTag());
    const session = aSession(user.id);
    await users.signIn({ user, session });
    await parallel(20, (index) =>
      index % 2 ? sessions.endAll(user.id, NOW) : sessions.end(user.id, session.id, NOW),
    );
    expect((await trail()).filter(({ type }) => type === "session_ended")).toHaveLength(1);
  });

  test("has no entry for a sign-in that failed", async () => {
    const { users } = opened.stores;
    const session = aSession("");
    await users.signIn({ user: aUser(newTag()), session });
    await expect(users.signIn({ user: aUser(newTag()), session })).rejects.toThrow();
    expect(await trail()).toHaveLength(2);
  });
});
