import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { User, UserStore } from "../../src/core/account/ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import { METHODS } from "../../src/core/session/methods.ts";
import type { Session, SessionStore } from "../../src/core/session/ports.ts";
import { addTagKey, aSession, aUser, fresh, NOW, parallel, SECOND } from "./samples.ts";

export interface OpenSessionStore {
  readonly store: SessionStore;
  readonly users: UserStore;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** The promises of `SessionStore`, for every store. Its clock stands at `NOW`. */
export function sessionStoreContract(name: string, open: () => Promise<OpenSessionStore>): void {
  describe(`${name}: session store`, () => {
    let opened: OpenSessionStore;
    let store: SessionStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    const signIn = async (): Promise<{ user: User; session: Session }> => {
      const user = aUser(newTag());
      const session = aSession(user.id);
      await opened.users.signIn({ user, session });
      return { user, session };
    };
    const openMore = async (userId: string, over: Partial<Session> = {}): Promise<Session> => {
      const session = aSession(userId, over);
      expect(await store.open(session)).toBe(true);
      return session;
    };
    const endedAt = async (id: string) => (await store.find(id))?.session.endedAt;

    test("finds a session and its user, even if the session has ended", async () => {
      const { user, session } = await signIn();
      expect(await store.find(session.id)).toEqual({ session, user });
      await store.end(user.id, session.id, NOW + 5);
      expect(await store.find(session.id)).toEqual({ session: { ...session, endedAt: NOW + 5 }, user });
      expect(await store.find(fresh("unknown"))).toBeUndefined();
    });

    test("stepUp appends the method that was shown, each method once, and keeps its time", async () => {
      const { session } = await signIn();
      const raised = await store.stepUp(session.id, "otp", NOW + 5);
      expect(raised).toEqual({ ...session, amr: ["sms", "otp"], authTime: NOW + 5, lastUsedAt: NOW + 5 });
      expect((await store.find(session.id))?.session).toEqual(raised);
      expect(await store.stepUp(session.id, "sms", NOW + 6)).toMatchObject({
        amr: ["otp", "sms"],
        authTime: NOW + 6,
      });
    });

    test("stepUp loses none of several methods that are added at once", async () => {
      const { session } = await signIn();
      await Promise.all(METHODS.map((method) => store.stepUp(session.id, method, NOW + 1)));
      expect((await store.find(session.id))?.session.amr.toSorted()).toEqual(METHODS.toSorted());
    });

    test("stepUp also rotates if it names the current generation; of 20 at once, once", async () => {
      const { session } = await signIn();
      const rotated = { generation: 1, rotatedAt: NOW + 5 };
      const raised = await parallel(20, () => store.stepUp(session.id, "otp", NOW + 5, 0));
      for (const one of raised) expect(one).toMatchObject(rotated);
      expect((await store.find(session.id))?.session).toEqual(raised[0]);
      expect(await store.stepUp(session.id, "pwd", NOW + 6, 0)).toMatchObject(rotated);
      expect(await store.stepUp(session.id, "pwd", NOW + 6)).toMatchObject(rotated);
      expect(await store.rotate(session.id, 1, NOW + 7)).toBe(true);
    });

    test("stepUp changes no session that has ended or expired", async () => {
      const { user, session } = await signIn();
      expect(await store.stepUp(session.id, "otp", session.expiresAt)).toBeUndefined();
      await store.end(user.id, session.id, NOW + 5);
      expect(await store.stepUp(session.id, "otp", NOW + 6)).toBeUndefined();
      expect(await store.stepUp(fresh("unknown"), "otp", NOW)).toBeUndefined();
      expect((await store.find(session.id))?.session.amr).toEqual(["sms"]);
    });

    test("keeps whether a test number opened the session", async () => {
      const user = aUser(newTag());
      const session = aSession(user.id, { isTest: true, mustSetPassword: true });
      await opened.users.signIn({ user, session });
      expect((await store.find(session.id))?.session).toEqual(session);
      const further = await openMore(user.id);
      expect((await store.list(user.id, NOW)).map(({ id, isTest }) => [id, isTest])).toEqual(
        expect.arrayContaining([
          [session.id, true],
          [further.id, undefined],
        ]),
      );
    });

    test("opens further sessions, each id once: of 20 at once exactly one", async () => {
      const { user, session } = await signIn();
      const further = aSession(user.id);
      const opened = await parallel(20, () => store.open(further));
      expect(opened.filter(Boolean)).toHaveLength(1);
      expect(await store.find(further.id)).toEqual({ session: further, user });
      expect(await store.open(session)).toBe(false);
      await store.end(user.id, further.id, NOW + 5);
      expect(await store.open(further)).toBe(false);
      expect(await endedAt(further.id)).toBe(NOW + 5);
    });

    test("opens no session of a user who does not exist", async () => {
      const session = aSession(fresh("user"));
      expect(await store.open(session)).toBe(false);
      expect(await store.find(session.id)).toBeUndefined();
    });

    describe("rotate", () => {
      test("succeeds for exactly one of 50 at once", async () => {
        const { session } = await signIn();
        const won = await parallel(50, () => store.rotate(session.id, 0, NOW + SECOND));
        expect(won.filter(Boolean)).toHaveLength(1);
        const found = await store.find(session.id);
        const times = { rotatedAt: NOW + SECOND, lastUsedAt: NOW + SECOND };
        expect(found?.session).toEqual({ ...session, generation: 1, ...times });
      });

      test("succeeds only from the current generation", async () => {
        const { session } = await signIn();
        expect(await store.rotate(session.id, 1, NOW)).toBe(false);
        expect(await store.rotate(session.id, 0, NOW)).toBe(true);
        expect(await store.rotate(session.id, 0, NOW)).toBe(false);
        expect(await store.rotate(session.id, 1, NOW)).toBe(true);
      });

      test("fails for a session that has ended or expired", async () => {
        const { user, session } = await signIn();
        expect(await store.rotate(session.id, 0, session.expiresAt)).toBe(false);
        expect(await store.rotate(session.id, 0, session.expiresAt - 1)).toBe(true);
        await store.end(user.id, session.id, NOW);
        expect(await store.rotate(session.id, 1, NOW)).toBe(false);
        expect(await store.rotate(fresh("unknown"), 0, NOW)).toBe(false);
      });

      test("does not revive a session that is ended at the same time", async () => {
        const { user, session } = await signIn();
        await Promise.all([store.rotate(session.id, 0, NOW), store.end(user.id, session.id, NOW + 1)]);
        expect(await endedAt(session.id)).toBe(NOW + 1);
        expect(await store.rotate(session.id, 1, NOW + 2)).toBe(false);
      });
    });

    describe("touch", () => {
      test("keeps the latest use", async () => {
        const { session } = await signIn();
        await store.touch(session.id, NOW + SECOND);
        await store.touch(session.id, NOW);
        await store.touch(fresh("unknown"), NOW);
        expect(await store.find(session.id)).toMatchObject({
          session: { ...session, lastUsedAt: NOW + SECOND },
        });
      });

      test("changes no session that has ended", async () => {
        const { user, session } = await signIn();
        await store.end(user.id, session.id, NOW);
        await store.touch(session.id, NOW + SECOND);
        expect((await store.find(session.id))?.session.lastUsedAt).toBe(session.lastUsedAt);
      });
    });

    describe("list", () => {
      test("has the user's live sessions, most recently used first", async () => {
        const { user, session } = await signIn();
        const later = await openMore(user.id, { lastUsedAt: NOW + 2 });
        const between = await openMore(user.id, { lastUsedAt: NOW + 1 });
        const expired = await openMore(user.id, { expiresAt: NOW + 10 });
        const ended = await openMore(user.id);
        await store.end(user.id, ended.id, NOW);
        await signIn();
        expect(await store.list(user.id, NOW + 10)).toEqual([later, between, session]);
        expect((await store.list(user.id, NOW + 9)).map(({ id }) => id)).toContain(expired.id);
        expect(await store.list(fresh("unknown"), NOW)).toEqual([]);
      });
    });

    describe("ending", () => {
      test("one session: only a live one of the user, and of 20 at once one ends it", async () => {
        const { user, session } = await signIn();
        const other = await signIn();
        expect(await store.end(other.user.id, session.id, NOW)).toBe(false);
        expect(await store.end(user.id, fresh("unknown"), NOW)).toBe(false);
        expect(await store.end(user.id, session.id, session.expiresAt)).toBe(false);
        expect(await endedAt(session.id)).toBeUndefined();
        const ended = await parallel(20, (index) => store.end(user.id, session.id, NOW + index));
        expect(ended.filter(Boolean)).toHaveLength(1);
        expect(await endedAt(session.id)).toBe(NOW + ended.indexOf(true));
      });

      test("the others: all but the one that is kept, none of another user, and all device tokens are void", async () => {
        const { user, session } = await signIn();
        const stranger = await signIn();
        const others = await parallel(3, () => openMore(user.id));
        await store.end(user.id, others[0]?.id ?? "", NOW);
        expect(await store.endOthers(user.id, session.id, NOW + 9)).toBe(true);
        expect(await store.list(user.id, NOW)).toEqual([session]);
        expect(await store.list(stranger.user.id, NOW)).toHaveLength(1);
        expect(await endedAt(others[0]?.id ?? "")).toBe(NOW);
        expect(await endedAt(others[1]?.id ?? "")).toBe(NOW + 9);
        expect((await opened.users.find(user.id))?.deviceEpoch).toBe(1);
        expect((await opened.users.find(stranger.user.id))?.deviceEpoch).toBe(0);
      });

      test("evict: ends one session, and makes all device tokens void", async () => {
        const { user, session } = await signIn();
        const other = await signIn();
        const thief = await openMore(user.id);
        expect(await store.evict(other.user.id, thief.id, NOW)).toBe(false);
        expect((await opened.users.find(other.user.id))?.deviceEpoch).toBe(0);
        const evicted = await parallel(5, () => store.evict(user.id, thief.id, NOW));
        expect(evicted.filter(Boolean)).toHaveLength(1);
        expect(await store.list(user.id, NOW)).toEqual([session]);
        expect((await opened.users.find(user.id))?.deviceEpoch).toBe(1);
        expect(await store.end(user.id, session.id, NOW)).toBe(true);
        expect((await opened.users.find(user.id))?.deviceEpoch).toBe(1);
      });

      test("two sessions that end each other at once: the one that was ended first ends nothing", async () => {
        const { user, session } = await signIn();
        const other = await openMore(user.id);
        const others = await Promise.all([
          store.endOthers(user.id, session.id, NOW),
          store.endOthers(user.id, other.id, NOW),
        ]);
        expect(others.filter(Boolean)).toHaveLength(1);
        const [kept] = await store.list(user.id, NOW);
        expect(kept?.id).toBe(others[0] ? session.id : other.id);
        expect((await opened.users.find(user.id))?.deviceEpoch).toBe(1);

        const third = await openMore(user.id);
        const one = kept?.id ?? "";
        const evicted = await Promise.all([
          store.evict(user.id, third.id, NOW, one),
          store.evict(user.id, one, NOW, third.id),
        ]);
        expect(evicted.filter(Boolean)).toHaveLength(1);
        const [last] = await store.list(user.id, NOW);
        expect(last?.id).toBe(evicted[0] ? one : third.id);
        expect((await opened.users.find(user.id))?.deviceEpoch).toBe(2);
      });

      test("all sessions: all device tokens are void, too", async () => {
        const { user } = await signIn();
        const stranger = await signIn();
        await openMore(user.id);
        await store.endAll(user.id, NOW);
        expect(await store.list(user.id, NOW)).toEqual([]);
        expect(await opened.users.find(user.id)).toMatchObject({ deviceEpoch: 1 });
        expect(await store.list(stranger.user.id, NOW)).toHaveLength(1);
        expect(await opened.users.find(stranger.user.id)).toMatchObject({ deviceEpoch: 0 });
      });

      test("all sessions, asked for by a session that was evicted: ends none, and voids no device token", async () => {
        const { user, session } = await signIn();
        const thief = await openMore(user.id);
        expect(await store.evict(user.id, thief.id, NOW, session.id)).toBe(true);
        expect(await store.endAll(user.id, NOW, { sessionId: thief.id })).toBe(false);
        expect(await store.list(user.id, NOW)).toEqual([session]);
        expect(await opened.users.find(user.id)).toMatchObject({ deviceEpoch: 1 });
        expect(await store.endAll(user.id, NOW, { sessionId: session.id })).toBe(true);
        expect(await store.list(user.id, NOW)).toEqual([]);
      });

      test("all sessions, while others are opened: none is live in the end, and each ending voids the device tokens", async () => {
        const { user } = await signIn();
        await parallel(20, (index) =>
          index % 2 ? store.endAll(user.id, NOW) : store.open(aSession(user.id)),
        );
        await store.endAll(user.id, NOW);
        expect(await store.list(user.id, NOW)).toEqual([]);
        expect(await opened.users.find(user.id)).toMatchObject({ deviceEpoch: 11 });
      });
    });
  });
}
