import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SignInDraft, UserStore } from "../../src/core/account/ports.ts";
import type { MessageStore } from "../../src/core/delivery/ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import type { NoticeStore } from "../../src/core/notices/ports.ts";
import { StaleKeyError } from "../../src/core/refusals.ts";
import type { SessionStore } from "../../src/core/session/ports.ts";
import { aNotice } from "./notice-store.ts";
import { addSampleKey, addTagKey, aMessage, aSession, aUser, DAY, fresh, NOW, parallel } from "./samples.ts";

export interface OpenUserStore {
  readonly store: UserStore;
  readonly sessions: SessionStore;
  readonly messages: MessageStore;
  readonly noticeStore: NoticeStore;
  readonly keys: KeyStore;
  /** How often the store has said that the keyring is stale. */
  staleKeys(): number;
  close(): Promise<void>;
}

function draftFor(tag: string, more: Partial<SignInDraft> = {}): SignInDraft {
  const { userId: _, ...session } = aSession("");
  return { user: aUser(tag), session, ...more };
}

/** The promises of `UserStore`, for every store. Its clock stands at `NOW`. */
export function userStoreContract(name: string, open: () => Promise<OpenUserStore>): void {
  describe(`${name}: user store`, () => {
    let opened: OpenUserStore;
    let store: UserStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    describe("signIn", () => {
      test("creates the user the first time and finds it the next; each time opens the session", async () => {
        const tag = newTag();
        const first = draftFor(tag);
        const second = draftFor(tag, { user: aUser(tag, { name: "another", avatar: 9 }) });
        expect(await store.signIn(first)).toEqual({ user: first.user, created: true, opened: true });
        expect(await store.signIn(second)).toEqual({ user: first.user, created: false, opened: true });
        for (const { session } of [first, second]) {
          expect(await opened.sessions.find(session.id)).toEqual({
            session: { ...session, userId: first.user.id },
            user: first.user,
          });
        }
        expect(await store.find(second.user.id)).toBeUndefined();
      });

      test("opens the session for the user that was found, not for the one in the draft", async () => {
        const owner = draftFor(newTag());
        await store.signIn(owner);
        const draft = draftFor(owner.user.phoneTag, { session: aSession("somebody else") });
        await store.signIn(draft);
        expect((await opened.sessions.find(draft.session.id))?.user.id).toBe(owner.user.id);
      });

      test("makes one user and 50 sessions of 50 parallel first sign-ins", async () => {
        const tag = newTag();
        const signedIn = await parallel(50, () => store.signIn(draftFor(tag)));
        expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(1);
        expect(signedIn.filter(({ created }) => created)).toHaveLength(1);
        const userId = signedIn[0]?.user.id ?? "";
        expect(await opened.sessions.list(userId, NOW)).toHaveLength(50);
      });

      test("makes one user for each of 20 phones that sign in at once", async () => {
        const tags = Array.from({ length: 20 }, newTag);
        const signedIn = await parallel(100, (index) => store.signIn(draftFor(tags[index % 20] ?? "")));
        expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(20);
        expect(signedIn.filter(({ created }) => created)).toHaveLength(20);
        for (const [index, { user }] of signedIn.entries()) expect(user.phoneTag).toBe(tags[index % 20]);
      });

      test("marks the messages of its verification as converted, and no others", async () => {
        const at = NOW + 40 * DAY;
        const mine = aMessage({ createdAt: at });
        const resent = aMessage({ createdAt: at + 1, verificationId: mine.verificationId });
        const foreign = aMessage({ createdAt: at + 2 });
        await addSampleKey(opened.keys);
        for (const message of [mine, resent, foreign]) await opened.messages.create(message);
        await store.signIn(draftFor(newTag(), { verificationId: mine.verificationId }));
        const sent = await opened.messages.sentSince(at - 1, { limit: 10 });
        expect(sent.map(({ converted }) => converted)).toEqual([true, true, false]);
      });

      test("does all or nothing", async () => {
        const draft = draftFor(newTag());
        await store.signIn(draft);
        const other = draftFor(newTag(), { session: draft.session });
        await expect(store.signIn(other)).rejects.toThrow();
        expect(await store.find(other.user.id)).toBeUndefined();
        expect(await store.findByTag(other.user.phoneTag)).toBeUndefined();
      });
    });

    test("enter opens no session with a device epoch that is outdated", async () => {
      const { user, session } = draftFor(newTag());
      await store.signIn({ user, session });
      const entered = (epoch: number) => store.enter({ session: aSession(user.id), epoch });
      await opened.sessions.endAll(user.id, NOW);
      expect(await entered(0)).toBeUndefined();
      expect(await entered(1)).toMatchObject({ opened: true });
    });

    describe("a user who was not used for long", () => {
      const used = NOW - 100 * DAY;
      const unusedSince = NOW - 90 * DAY;
      const longAgo = async () => {
        const tag = newTag();
        const { userId: _, ...session } = aSession("", { createdAt: used, expiresAt: NOW + DAY });
        return (await store.signIn({ user: aUser(tag), session })).user;
      };

      test("loses the number to a stranger who signs in; 12 strangers at once make one new user", async () => {
        const former = await longAgo();
        const signedIn = await parallel(12, () => store.signIn(draftFor(former.phoneTag, { unusedSince })));
        expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(1);
        expect(signedIn.filter(({ created }) => created)).toHaveLength(1);
        expect(signedIn[0]?.user.id).not.toBe(former.id);
        expect(await store.find(former.id)).toEqual({
          ...former,
          phoneTag: `none.${former.id}`,
          sealedPhone: "",
          deviceEpoch: former.deviceEpoch + 1,
        });
        expect(await opened.sessions.list(former.id, NOW)).toEqual([]);
      });

      test("is one whose last use is before `unusedSince`, not at it", async () => {
        const [former, other] = [await longAgo(), await longAgo()];
        const signIn = (tag: string, since: number) => store.signIn(draftFor(tag, { unusedSince: since }));
        expect(await signIn(former.phoneTag, used)).toMatchObject({ created: false });
        expect(await signIn(other.phoneTag, used + 1)).toMatchObject({ created: true });
      });

      test("cannot be entered any more once the number is lost", async () => {
        const former = await longAgo();
        await store.signIn(draftFor(former.phoneTag, { unusedSince }));
        const session = aSession(former.id);
        expect(await store.enter({ session })).toBeUndefined();
        expect(await opened.sessions.find(session.id)).toBeUndefined();
      });

      test("gets no more notices at the number once it is lost", async () => {
        const former = await longAgo();
        const notice = aNotice({ userId: former.id });
        await opened.noticeStore.add(notice);
        await store.signIn(draftFor(former.phoneTag, { unusedSince }));
        expect(await opened.noticeStore.findWaiting(notice.id)).toBeUndefined();
      });

      test("keeps the number if no new user may be created, and is not signed in", async () => {
        const former = await longAgo();
        expect(await store.signInKnown(draftFor(former.phoneTag, { unusedSince }))).toBeUndefined();
        expect(await store.findByTag(former.phoneTag)).toEqual(former);
        expect(await store.signInKnown(draftFor(former.phoneTag))).toMatchObject({ created: false });
      });

      test("keeps the number if a known device signs in, or if it was used since", async () => {
        const known = await longAgo();
        expect(await store.signIn(draftFor(known.phoneTag))).toMatchObject({ created: false });
        // The sign-in was a use.
        expect(await store.signIn(draftFor(known.phoneTag, { unusedSince }))).toMatchObject({
          created: false,
        });
        const seen = await longAgo();
        const { session } = draftFor(seen.phoneTag);
        await opened.sessions.open({ ...session, userId: seen.id });
        await opened.sessions.touch(session.id, NOW - DAY);
        expect(await store.signIn(draftFor(seen.phoneTag, { unusedSince }))).toMatchObject({
          created: false,
        });
      });
    });

    describe("find and update", () => {
      test("finds by id and by tag, with a name in any script", async () => {
        const user = aUser(newTag(), { name: "张三 \u{1F600} O'Brien" });
        await store.signIn(draftFor(user.phoneTag, { user }));
        expect(await store.find(user.id)).toEqual(user);
        expect(await store.findByTag(user.phoneTag)).toEqual(user);
        expect(await store.find(fresh("unknown"))).toBeUndefined();
        expect(await store.findByTag(newTag())).toBeUndefined();
      });

      test("changes what is given and nothing else", async () => {
        const { user } = await store.signIn(draftFor(newTag()));
        expect(await store.update(user.id, { name: "李四" }, NOW + 1)).toEqual({ ...user, name: "李四" });
        expect(await store.update(user.id, { avatar: 7 }, NOW + 2)).toEqual({
          ...user,
          name: "李四",
          avatar: 7,
        });
        expect(await store.update(user.id, {}, NOW + 3)).toEqual({ ...user, name: "李四", avatar: 7 });
        expect(await store.update(user.id, { name: "" }, NOW + 4)).toEqual({ ...user, name: "", avatar: 7 });
        expect(await store.find(user.id)).toEqual({ ...user, avatar: 7 });
        expect(await store.update(fresh("unknown"), { name: "x" }, NOW)).toBeUndefined();
      });

      test("parallel changes of different fields lose none of them", async () => {
        const { user } = await store.signIn(draftFor(newTag()));
        await Promise.all([
          store.update(user.id, { name: "both" }, NOW),
          store.update(user.id, { avatar: 5 }, NOW),
        ]);
        expect(await store.find(user.id)).toMatchObject({ name: "both", avatar: 5 });
      });
    });

    describe("a tag under a key that was replaced", () => {
      test("is refused as stale: finds nobody and creates nobody", async () => {
        const key = await addTagKey(opened.keys);
        const known = draftFor(key.tag());
        await store.signIn(known);
        await opened.keys.retire(key.id, NOW);
        const before = opened.staleKeys();
        await expect(store.findByTag(known.user.phoneTag)).rejects.toThrow(StaleKeyError);
        const late = draftFor(key.tag());
        await expect(store.signIn(late)).rejects.toThrow(StaleKeyError);
        expect(opened.staleKeys()).toBe(before + 2);
        expect(await store.find(late.user.id)).toBeUndefined();
        expect(await opened.sessions.find(late.session.id)).toBeUndefined();
        expect(await store.find(known.user.id)).toEqual(known.user);
      });

      test("is refused as one under a key that is not in use yet or of another kind", async () => {
        const future = await addTagKey(opened.keys, { activeFrom: NOW + DAY });
        const data = await addTagKey(opened.keys, { kind: "data" });
        for (const tag of [future.tag(), data.tag(), `${fresh("key")}.mac`, "no-dot"]) {
          await expect(store.findByTag(tag)).rejects.toThrow(StaleKeyError);
          await expect(store.signIn(draftFor(tag))).rejects.toThrow(StaleKeyError);
        }
        await opened.keys.activate(future.id, NOW);
        expect(await store.signIn(draftFor(future.tag()))).toMatchObject({ created: true });
      });
    });
  });
}
