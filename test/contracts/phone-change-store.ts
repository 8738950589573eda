import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UserStore } from "../../src/core/account/ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import type { PhoneChange, PhoneChangeStore } from "../../src/core/life/ports.ts";
import type { NoticeStore } from "../../src/core/notices/ports.ts";
import type { PasswordStore } from "../../src/core/password/ports.ts";
import { StaleKeyError } from "../../src/core/refusals.ts";
import type { SessionStore } from "../../src/core/session/ports.ts";
import { aNotice } from "./notice-store.ts";
import { phoneChangeRaces } from "./phone-change-races.ts";
import { addTagKey, aSession, aUser, DAY, fresh, NOW, parallel } from "./samples.ts";

export interface OpenPhoneChangeStore {
  readonly phoneChanges: PhoneChangeStore;
  readonly noticeStore: NoticeStore;
  readonly passwordStore: PasswordStore;
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** The promises of `PhoneChangeStore`, for every store. Its clock stands at `NOW`. */
export function phoneChangeStoreContract(name: string, open: () => Promise<OpenPhoneChangeStore>): void {
  describe(`${name}: phone change store`, () => {
    let opened: OpenPhoneChangeStore;
    let store: PhoneChangeStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      store = opened.phoneChanges;
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    const signIn = async (phoneTag = newTag()) => {
      const { userId: _, ...session } = aSession("");
      const { user, created } = await opened.users.signIn({ user: aUser(phoneTag), session });
      return { user, created, session };
    };
    const changeOf = (userId: string, over: Partial<PhoneChange> = {}): PhoneChange => ({
      id: fresh("change"),
      userId,
      sessionId: fresh("session"),
      phoneTag: newTag(),
      sealedPhone: "sealed for the change",
      stopHash: fresh("stop"),
      locale: "en",
      createdAt: NOW,
      dueAt: NOW + DAY,
      ...over,
    });
    const proposed = async (over: Partial<PhoneChange> = {}) => {
      const { user, session } = await signIn();
      const change = changeOf(user.id, { sessionId: session.id, ...over });
      expect(await store.propose(change, [])).toBe("proposed");
      return { user, session, change };
    };
    const to = (...notices: ReturnType<typeof aNotice>[]) => ({
      sealedPhone: "sealed for the user",
      notices,
    });
    phoneChangeRaces(() => opened, { proposed, to });

    test("keeps a change as it was proposed, with its notice", async () => {
      const { user, session } = await signIn();
      const change = changeOf(user.id, { sessionId: session.id });
      const notice = aNotice({ userId: user.id });
      expect(await store.propose(change, [notice])).toBe("proposed");
      expect(await store.find(user.id)).toEqual(change);
      expect(await store.findByStopHash(change.stopHash)).toEqual(change);
      expect(await opened.noticeStore.findWaiting(notice.id)).toEqual(notice);
      expect(await store.find(fresh("user"))).toBeUndefined();
    });

    test("replaces the change that waits with a new one", async () => {
      const { user, change } = await proposed();
      const next = changeOf(user.id, { sessionId: change.sessionId });
      expect(await store.propose(next, [])).toBe("proposed");
      expect(await store.find(user.id)).toEqual(next);
      expect(await store.findByStopHash(change.stopHash)).toBeUndefined();
      expect(await store.apply(change, to(), NOW)).toBe("gone");
    });

    test("keeps one of eight that are proposed at once, complete", async () => {
      const { user, session } = await signIn();
      const changes = Array.from({ length: 8 }, () => changeOf(user.id, { sessionId: session.id }));
      const outcomes = await Promise.all(changes.map((change) => store.propose(change, [])));
      expect(new Set(outcomes)).toEqual(new Set(["proposed"]));
      expect(changes).toContainEqual(await store.find(user.id));
    });

    test("refuses a number that is taken, and an unknown user, and adds no notice then", async () => {
      const { user, session } = await signIn();
      const other = await signIn();
      const notice = aNotice();
      const taken = changeOf(user.id, { sessionId: session.id, phoneTag: other.user.phoneTag });
      expect(await store.propose(taken, [notice])).toBe("taken");
      expect(await store.propose(changeOf(fresh("user")), [notice])).toBe("gone");
      expect(await store.find(user.id)).toBeUndefined();
      expect(await opened.noticeStore.findWaiting(notice.id)).toBeUndefined();
    });

    test("keeps a change if its session ends the others, and drops it if another session ends its session", async () => {
      const { user, session, change } = await proposed();
      const other = aSession(user.id);
      await opened.sessions.open(other);
      expect(await opened.sessions.endOthers(user.id, session.id, NOW)).toBe(true);
      expect(await store.find(user.id)).toEqual(change);
      const next = aSession(user.id);
      await opened.sessions.open(next);
      expect(await opened.sessions.endOthers(user.id, next.id, NOW)).toBe(true);
      expect(await store.find(user.id)).toBeUndefined();
    });

    test("accepts no change of a session that was evicted meanwhile", async () => {
      const { user, session, change } = await proposed();
      await opened.sessions.evict(user.id, session.id, NOW);
      const notice = aNotice({ userId: user.id });
      const late = { ...change, id: fresh("change") };
      expect(await store.propose(late, [notice])).toBe("gone");
      expect(await store.find(user.id)).toBeUndefined();
      expect(await opened.noticeStore.findWaiting(notice.id)).toBeUndefined();
    });

    test("keeps no change whose session is evicted at the same moment", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { user, session } = await signIn();
        const change = changeOf(user.id, { sessionId: session.id });
        await Promise.all([store.propose(change, []), opened.sessions.evict(user.id, session.id, NOW)]);
        expect(await store.find(user.id)).toBeUndefined();
      }
    });

    test("leaves the change that waits if a new one is refused", async () => {
      const { user, session, change } = await proposed();
      const rival = await proposed();
      for (const phoneTag of [rival.user.phoneTag, rival.change.phoneTag]) {
        const refused = changeOf(user.id, { sessionId: session.id, phoneTag });
        expect(await store.propose(refused, [])).toBe("taken");
        expect(await store.find(user.id)).toEqual(change);
      }
    });

    test("gives a number to one of eight users who ask for it at once, and leaves the others' changes", async () => {
      const phoneTag = newTag();
      const users = await parallel(8, () => proposed());
      const outcomes = await Promise.all(
        users.map(({ change }) =>
          store.propose({ ...change, id: fresh("change"), stopHash: fresh("stop"), phoneTag }, []),
        ),
      );
      const kept = await Promise.all(users.map(({ user }) => store.find(user.id)));
      expect(kept.filter((change, index) => change?.id === users[index]?.change.id)).toHaveLength(7);
      expect(outcomes.filter((outcome) => outcome === "proposed")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(7);
    });

    test("applies a change in one step: number, notices, other sessions and devices", async () => {
      const { user, session, change } = await proposed();
      const other = await signIn(user.phoneTag);
      const notice = aNotice({ userId: user.id });
      expect(await store.apply(change, to(notice), NOW)).toBe("applied");
      expect(await opened.users.find(user.id)).toEqual({
        ...user,
        phoneTag: change.phoneTag,
        sealedPhone: "sealed for the user",
        deviceEpoch: user.deviceEpoch + 1,
      });
      expect((await opened.sessions.list(user.id, NOW)).map(({ id }) => id)).toEqual([session.id]);
      expect(await opened.sessions.find(other.session.id)).toMatchObject({ session: { endedAt: NOW } });
      expect(await opened.noticeStore.findWaiting(notice.id)).toEqual(notice);
      expect(await store.find(user.id)).toBeUndefined();
      // The former number is free, and the new one is the user's.
      expect(await signIn(user.phoneTag)).toMatchObject({ created: true });
      expect(await signIn(change.phoneTag)).toMatchObject({ created: false, user: { id: user.id } });
    });

    test("applies a change once, or not at all if somebody signs up with the number at that moment", async () => {
      const { user, change } = await proposed();
      const racing = await parallel(8, async (index) =>
        index % 2
          ? { created: (await signIn(change.phoneTag)).created }
          : { outcome: await store.apply(change, to(), NOW) },
      );
      const applied = racing.filter(({ outcome }) => outcome === "applied");
      const signedUp = racing.filter(({ created }) => created);
      expect(applied.length + signedUp.length).toBe(1);
      const holder = await opened.users.findByTag(change.phoneTag);
      expect(holder?.id === user.id).toBe(applied.length === 1);
      expect(await store.find(user.id)).toBeUndefined();
    });

    test("drops a change whose number somebody signed up with; the user keeps the old number and all sessions", async () => {
      const { user, session, change } = await proposed();
      const other = await signIn(change.phoneTag);
      const notice = aNotice();
      expect(await store.apply(change, to(notice), NOW)).toBe("taken");
      expect(await opened.users.find(user.id)).toEqual(user);
      expect(await opened.users.findByTag(change.phoneTag)).toEqual(other.user);
      expect((await opened.sessions.list(user.id, NOW)).map(({ id }) => id)).toEqual([session.id]);
      expect(await opened.noticeStore.findWaiting(notice.id)).toBeUndefined();
      expect(await store.apply(change, to(), NOW)).toBe("gone");
    });

    test("cancels a change once if six do it at once", async () => {
      const { user, session, change } = await proposed();
      const canceled = await parallel(6, () => store.cancel(user.id, session.id, NOW));
      expect(canceled.sort()).toEqual(["canceled", ...Array<string>(5).fill("none")]);
      expect(await store.apply(change, to(), NOW)).toBe("gone");
      expect(await store.stop(change.stopHash, NOW)).toBe(false);
      expect((await opened.sessions.list(user.id, NOW)).map(({ id }) => id)).toEqual([session.id]);
    });

    test("does not cancel a change for a session that has ended", async () => {
      const { user, session, change } = await proposed();
      const { session: other } = await signIn(user.phoneTag);
      await opened.sessions.end(user.id, other.id, NOW);
      expect(await store.cancel(user.id, other.id, NOW)).toBe("gone");
      expect(await store.find(user.id)).toEqual(change);
      expect(await store.cancel(user.id, session.id, NOW)).toBe("canceled");
    });

    test("stops a change once, which ends all sessions and makes all devices unknown", async () => {
      const { user, change } = await proposed();
      const stopped = await parallel(6, () => store.stop(change.stopHash, NOW));
      expect(stopped.filter(Boolean)).toHaveLength(1);
      expect(await opened.sessions.list(user.id, NOW)).toEqual([]);
      const { deviceEpoch } = (await opened.users.find(user.id)) ?? user;
      expect(deviceEpoch).toBe(user.deviceEpoch + 1);
      expect(await store.apply(change, to(), NOW)).toBe("gone");
    });

    test("gives changes that are due, the longest due first", async () => {
      const later = await proposed({ dueAt: NOW - 40 * DAY });
      const first = await proposed({ dueAt: NOW - 41 * DAY });
      const due = await store.due(NOW - 40 * DAY, 10);
      expect(due.map(({ id }) => id)).toEqual([first.change.id, later.change.id]);
      expect(await store.due(NOW - 40 * DAY - 1, 10)).toEqual([first.change]);
      expect(await store.due(NOW, 1)).toHaveLength(1);
    });

    test("gives a postponed change later, still lets it be stopped, and does not revive one that is over", async () => {
      const { user, change } = await proposed({ dueAt: NOW - 51 * DAY });
      await store.postpone(change.id, NOW - 50 * DAY);
      expect(await store.due(NOW - 50 * DAY - 1, 10)).toEqual([]);
      expect(await store.due(NOW - 50 * DAY, 10)).toEqual([{ ...change, dueAt: NOW - 50 * DAY }]);
      expect(await store.stop(change.stopHash, NOW)).toBe(true);
      await store.postpone(change.id, NOW - 50 * DAY);
      expect(await store.find(user.id)).toBeUndefined();
    });

    test("refuses to propose or apply under a tag key that was replaced", async () => {
      const key = await addTagKey(opened.keys);
      const { user, session } = await signIn();
      const change = changeOf(user.id, { sessionId: session.id, phoneTag: key.tag() });
      await store.propose(change, []);
      await opened.keys.retire(key.id, NOW);
      await expect(store.apply(change, to(), NOW)).rejects.toThrow(StaleKeyError);
      const again = store.propose(changeOf(user.id, { phoneTag: key.tag() }), []);
      await expect(again).rejects.toThrow(StaleKeyError);
      expect(await store.find(user.id)).toEqual(change);
    });
  });
}
