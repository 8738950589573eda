import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InvitationStore } from "../../src/core/account/invitation-ports.ts";
import type { UserStore } from "../../src/core/account/ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import type { Notice, NoticeStore } from "../../src/core/notices/ports.ts";
import type {
  PasswordBucket,
  PasswordChange,
  PasswordLedger,
  PasswordStore,
} from "../../src/core/password/ports.ts";
import type { Ledger } from "../../src/core/protection/budgets/ports.ts";
import { ok, refuse, StaleKeyError } from "../../src/core/refusals.ts";
import type { SessionStore } from "../../src/core/session/ports.ts";
import { addTagKey, aSession, aUser, DAY, fresh, MINUTE, NOW, parallel, SECOND } from "./samples.ts";

export interface OpenPasswordStores {
  readonly passwordStore: PasswordStore;
  readonly passwordLedger: PasswordLedger;
  readonly invitations: InvitationStore;
  readonly ledger: Ledger;
  readonly noticeStore: NoticeStore;
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

const MOST = 10;

function aNotice(userId: string): Notice {
  const sealed = { phoneTag: "k.tag", sealedPhone: "sealed" };
  return { id: fresh("notice"), userId, kind: "password_changed", ...sealed, locale: "en", createdAt: NOW };
}

/** Judges that so many attempts may be made in all. */
const upTo = (most: number) => (earlier: readonly number[]) =>
  earlier.length < most ? ok(undefined) : refuse("code_required");

/** So many attempts at once, of which ten may be looked at; resolves with how many were. */
export async function raceAttempts(ledger: PasswordLedger, tag: string, count: number): Promise<number> {
  const attempts = await parallel(count, () =>
    ledger.attempt({ id: fresh("attempt"), tags: [tag], bucket: "password", at: NOW }, NOW - DAY, upTo(MOST)),
  );
  return attempts.filter(({ ok }) => ok).length;
}

/** The promises of `PasswordStore`, `PasswordLedger` and `InvitationStore`, for every store. Its clock stands at `NOW`. */
export function passwordStoresContract(name: string, open: () => Promise<OpenPasswordStores>): void {
  describe(`${name}: password stores`, () => {
    let opened: OpenPasswordStores;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    /** A user with three live sessions. */
    async function aSignedInUser() {
      const draft = aUser(newTag());
      const drafted = () => {
        const { userId: _, ...session } = aSession("");
        return session;
      };
      const sessions = [drafted(), drafted(), drafted()];
      let user = draft;
      for (const session of sessions) ({ user } = await opened.users.signIn({ user: draft, session }));
      return { user, ids: sessions.map(({ id }) => id) };
    }
    const liveOf = async (userId: string) => {
      const live = await opened.sessions.list(userId, NOW + SECOND);
      return live.map(({ id }) => id).sort();
    };

    const change = (more: Omit<PasswordChange, "notice">) => {
      const notice = aNotice(more.userId);
      return opened.passwordStore.change({ ...more, notice });
    };

    describe("the password", () => {
      test("is not found until it is set, and then found by phone and by user", async () => {
        const { user } = await aSignedInUser();
        expect(await opened.passwordStore.findByTag(user.phoneTag)).toMatchObject({ user });
        expect(await opened.passwordStore.findByTag(newTag())).toBeUndefined();
        expect(await opened.passwordStore.find("nobody")).toBeUndefined();
        const at = NOW + SECOND;
        expect(await change({ userId: user.id, sealedHash: "sealed-1", at })).toBe(true);
        const holder = { user: { ...user, passwordSetAt: at, deviceEpoch: 1 }, sealedHash: "sealed-1" };
        expect(await opened.passwordStore.findByTag(user.phoneTag)).toEqual({ ...holder, lastUsedAt: NOW });
        expect(await opened.passwordStore.find(user.id)).toMatchObject(holder);
      });

      test("ends the other sessions and every device token when it is set or removed", async () => {
        const { user, ids } = await aSignedInUser();
        const [keep = ""] = ids;
        const at = NOW + SECOND;
        expect(await liveOf(user.id)).toEqual(ids.toSorted());
        expect(await change({ userId: user.id, sealedHash: "sealed", keep, at })).toBe(true);
        expect(await liveOf(user.id)).toEqual([keep]);
        expect((await opened.users.find(user.id))?.deviceEpoch).toBe(user.deviceEpoch + 1);
        await opened.sessions.open(aSession(user.id));
        const removal = { userId: user.id, keep, at, notice: aNotice(user.id) };
        expect(await opened.passwordStore.remove(removal)).toBe("removed");
        expect(await liveOf(user.id)).toEqual([keep]);
        const after = await opened.passwordStore.find(user.id);
        expect(after?.user).toEqual({ ...user, deviceEpoch: user.deviceEpoch + 2 });
        expect(after?.sealedHash).toBeUndefined();
      });

      test("ends the duty to set one after a temporary password", async () => {
        const { user } = await aSignedInUser();
        const marked = aSession(user.id, { mustSetPassword: true });
        await opened.sessions.open(marked);
        await change({ userId: user.id, sealedHash: "sealed", keep: marked.id, at: NOW });
        const { mustSetPassword: _, ...unmarked } = marked;
        expect((await opened.sessions.find(marked.id))?.session).toEqual(unmarked);
      });

      test("is not set by a session that has ended", async () => {
        const { user, ids } = await aSignedInUser();
        const [ended = ""] = ids;
        await opened.sessions.end(user.id, ended, NOW);
        const theft = { userId: user.id, sealedHash: "thief's", keep: ended, at: NOW + SECOND };
        expect(await change(theft)).toBe(false);
        expect((await opened.passwordStore.find(user.id))?.sealedHash).toBeUndefined();
        expect(await liveOf(user.id)).toHaveLength(2);
        expect(await change({ userId: "nobody", sealedHash: "sealed", at: NOW })).toBe(false);
      });

      test("that is reset by SMS leaves no session, and keeps the time of the reset", async () => {
        const { user } = await aSignedInUser();
        const at = NOW + SECOND;
        expect(await change({ userId: user.id, sealedHash: "new", bySms: true, at })).toBe(true);
        expect(await liveOf(user.id)).toEqual([]);
        expect((await opened.users.find(user.id))?.passwordResetAt).toBe(at);
        // A later change by a signed-in user does not hide the reset.
        await change({ userId: user.id, sealedHash: "newer", at: at + MINUTE });
        expect((await opened.users.find(user.id))?.passwordResetAt).toBe(at);
      });

      test("is changed together with its notice, or neither is", async () => {
        const { user, ids } = await aSignedInUser();
        const [ended = ""] = ids;
        const [told, untold] = [aNotice(user.id), aNotice(user.id)];
        await opened.passwordStore.change({ userId: user.id, sealedHash: "sealed", notice: told, at: NOW });
        await opened.passwordStore.change({
          userId: user.id,
          sealedHash: "x",
          keep: ended,
          notice: untold,
          at: NOW,
        });
        expect(await opened.noticeStore.findWaiting(told.id)).toEqual(told);
        expect(await opened.noticeStore.findWaiting(untold.id)).toBeUndefined();
      });

      test("is rehashed unless it was changed meanwhile", async () => {
        const { user } = await aSignedInUser();
        await change({ userId: user.id, sealedHash: "old", at: NOW });
        await opened.passwordStore.rehash(user.id, "old", "old, hashed anew");
        expect((await opened.passwordStore.find(user.id))?.sealedHash).toBe("old, hashed anew");
        await opened.passwordStore.rehash(user.id, "old", "too late");
        expect((await opened.passwordStore.find(user.id))?.sealedHash).toBe("old, hashed anew");
      });
    });

    describe("the ledger of wrong passwords", () => {
      const attempt = (
        tag: string,
        at = NOW,
        bucket: PasswordBucket = "password",
        older: readonly string[] = [],
      ) => {
        const id = fresh("attempt");
        const request = { id, tags: [tag, ...older] as const, bucket, at };
        const seen: number[][] = [];
        const judged = opened.passwordLedger.attempt(request, NOW - DAY, (earlier) => {
          seen.push([...earlier]);
          return ok(undefined);
        });
        return judged.then(() => ({ id, seen: seen.at(-1) }));
      };

      test("gives the attempts of the window, oldest first, by bucket and phone", async () => {
        const tag = newTag();
        await attempt(tag, NOW - DAY);
        await attempt(tag, NOW - SECOND);
        await attempt(tag, NOW - MINUTE);
        await attempt(tag, NOW, "password_device");
        await attempt(newTag());
        expect((await attempt(tag)).seen).toEqual([NOW - MINUTE, NOW - SECOND]);
        expect((await attempt(tag, NOW, "password_device")).seen).toEqual([NOW]);
      });

      test("counts attempts under older tags, too", async () => {
        const [tag, older] = [newTag(), newTag()];
        await attempt(older, NOW - SECOND);
        expect((await attempt(tag, NOW, "password", [older])).seen).toEqual([NOW - SECOND]);
      });

      test("keeps no attempt that is refused or taken back", async () => {
        const tag = newTag();
        const { id } = await attempt(tag);
        const refused = await opened.passwordLedger.attempt(
          { id: fresh("attempt"), tags: [tag], bucket: "password", at: NOW },
          NOW - DAY,
          upTo(1),
        );
        expect(refused).toEqual(refuse("code_required"));
        expect((await attempt(tag)).seen).toEqual([NOW]);
        await opened.passwordLedger.takeBack(id);
        await opened.passwordLedger.takeBack("nothing");
        expect((await attempt(tag)).seen).toEqual([NOW]);
      });

      test("is separate from the ledger of wrong codes", async () => {
        const tag = newTag();
        await opened.ledger.record(fresh("guess"), tag, "stranger", { at: NOW, codeLength: 6 });
        expect((await attempt(tag)).seen).toEqual([]);
        for (const bucket of ["stranger", "device"] as const) {
          expect(await opened.ledger.read([tag], bucket, 0)).toHaveLength(bucket === "stranger" ? 1 : 0);
        }
      });

      test("lets exactly ten of 60 attempts at once through", async () => {
        for (let round = 0; round < 3; round++) {
          expect(await raceAttempts(opened.passwordLedger, newTag(), 60)).toBe(MOST);
        }
      });

      test("counts nothing under a tag key that a retag has replaced", async () => {
        const key = await addTagKey(opened.keys);
        await opened.keys.retire(key.id, NOW);
        await expect(attempt(key.tag())).rejects.toThrow(StaleKeyError);
        await expect(opened.passwordStore.findByTag(key.tag())).rejects.toThrow(StaleKeyError);
      });
    });

    describe("invitations", () => {
      const invite = (phoneTag: string, id = fresh("invitation")) =>
        opened.invitations.add({ id, phoneTag, sealedPhone: "sealed", at: NOW });

      test("exist once, until they are taken back", async () => {
        const [tag, other] = [newTag(), newTag()];
        expect(await invite(tag)).toBe(true);
        expect(await invite(tag)).toBe(false);
        expect(await opened.invitations.has([other])).toBe(false);
        expect(await opened.invitations.has([other, tag])).toBe(true);
        expect(await opened.invitations.remove([tag])).toBe(true);
        expect(await opened.invitations.remove([tag])).toBe(false);
        expect(await opened.invitations.has([tag])).toBe(false);
      });

      test("are added once if eight add them at once", async () => {
        const tag = newTag();
        const made = await parallel(8, () => invite(tag));
        expect(made.filter(Boolean)).toHaveLength(1);
      });

      test("are listed in pages", async () => {
        const ids = ["0-a", "0-b", "0-c"].map((id) => `${id}-${fresh("invitation")}`);
        for (const id of ids) await invite(newTag(), id);
        const [first = ""] = ids;
        const page = await opened.invitations.page(first, 2);
        expect(page.map(({ id }) => id)).toEqual(ids.slice(1));
        expect((await opened.invitations.page("", 1)).map(({ id }) => id)).toEqual([first]);
      });

      test("outlast a sign-in that needs a second factor", async () => {
        const tag = newTag();
        const { userId: _, ...strong } = aSession("", { amr: ["sms", "otp"] });
        await opened.users.signIn({ user: aUser(tag, { loginProtection: "always" }), session: strong });
        await invite(tag);
        const { userId: __, ...session } = aSession("");
        const entered = await opened.users.signIn({ user: aUser(tag), session });
        expect(entered).toMatchObject({ created: false, opened: false });
        expect(await opened.invitations.has([tag])).toBe(true);
      });

      test("are used up by the sign-in that creates the user, and not without one", async () => {
        const tag = newTag();
        await invite(tag);
        const { userId: _, ...session } = aSession("");
        const draft = { user: aUser(tag), session };
        expect(await opened.users.signInKnown(draft)).toBeUndefined();
        expect(await opened.invitations.has([tag])).toBe(true);
        expect((await opened.users.signIn(draft)).created).toBe(true);
        expect(await opened.invitations.has([tag])).toBe(false);
        const again = { ...draft, session: { ...session, id: fresh("session") } };
        expect(await opened.users.signInKnown(again)).toMatchObject({
          user: { id: draft.user.id },
          created: false,
        });
      });
    });
  });
}
