import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AppGuess, FactorStore } from "../../src/core/account/factors/ports.ts";
import type { User, UserStore } from "../../src/core/account/ports.ts";
import type { KeyStore } from "../../src/core/keys.ts";
import type { NoticeStore } from "../../src/core/notices/ports.ts";
import type { PasswordStore } from "../../src/core/password/ports.ts";
import type { Session, SessionStore } from "../../src/core/session/ports.ts";
import { aNotice } from "./notice-store.ts";
import { addTagKey, aSession, aUser, fresh, MINUTE, NOW, parallel } from "./samples.ts";

export interface OpenFactorStore {
  readonly factorStore: FactorStore;
  readonly users: UserStore;
  readonly passwordStore: PasswordStore;
  readonly sessions: Pick<SessionStore, "list" | "evict">;
  readonly noticeStore: Pick<NoticeStore, "findWaiting">;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** What `FactorStore` promises to callers that race, for every store. */
export function factorStoreContract(name: string, open: () => Promise<OpenFactorStore>): void {
  describe(`${name}: factor store`, () => {
    let opened: OpenFactorStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    async function propose({ user, session }: { readonly user: User; readonly session: Session }) {
      const id = fresh("factor");
      const app = {
        id,
        userId: user.id,
        kind: "totp",
        label: "",
        createdAt: NOW,
        sealedSecret: "s",
      } as const;
      expect(await opened.factorStore.propose(app, session.id)).toBe("proposed");
      return id;
    }

    async function withApp() {
      const user = aUser(newTag());
      const session = aSession(user.id);
      await opened.users.signIn({ user, session });
      const id = await propose({ user, session });
      const notice = aNotice({ userId: user.id });
      const changer = { userId: user.id, sessionId: session.id };
      expect(await opened.factorStore.confirm({ ...changer, id, step: 10 }, notice)).toBe("confirmed");
      return { user, session, changer, id };
    }
    const guess = (userId: string, right?: AppGuess["right"], more: Partial<AppGuess> = {}, at = NOW) => {
      const windows = [{ max: 5, windowMs: 60 * MINUTE }];
      const asked = { userId, bucket: "stranger", right, windows, failureId: fresh("failure") } as const;
      return opened.factorStore.guess({ ...asked, ...more }, at);
    };

    test("the code of one step is right once if five guesses show it at once", async () => {
      const { user, id } = await withApp();
      const outcomes = await parallel(5, () => guess(user.id, { factorId: id, step: 11 }));
      expect(outcomes.filter(({ is }) => is === "right")).toHaveLength(1);
      expect((await guess(user.id, { factorId: id, step: 10 })).is).toBe("wrong");
    });

    test("the code that confirmed an app cannot be used again, and the app is no longer found as proposed", async () => {
      const { user, id } = await withApp();
      expect((await guess(user.id, { factorId: id, step: 10 })).is).toBe("wrong");
      expect(await opened.factorStore.findProposed(user.id, id)).toBeUndefined();
    });

    test("only the app that was proposed last can be confirmed, and only by its own user", async () => {
      const [one, other] = [await withApp(), await withApp()];
      const [first, second] = [await propose(one), await propose(one)];
      expect(await opened.factorStore.findProposed(one.user.id, first)).toBeUndefined();
      expect(await opened.factorStore.findProposed(other.user.id, second)).toBeUndefined();
      const notice = aNotice({ userId: other.user.id });
      const confirm = { ...other.changer, id: second, step: 1 };
      expect(await opened.factorStore.confirm(confirm, notice)).toBe("unknown");
      expect(await opened.factorStore.findProposed(one.user.id, second)).toBeDefined();
    });

    test("recovery codes stay while a factor is left, and are removed with the last one", async () => {
      const { user, changer, id } = await withApp();
      const notice = () => aNotice({ userId: user.id });
      const more = await propose({ user, session: aSession(user.id, { id: changer.sessionId }) });
      expect(await opened.factorStore.confirm({ ...changer, id: more, step: 1 }, notice())).toBe("confirmed");
      await opened.factorStore.setRecoveryCodes(changer, ["h1"], notice());
      for (const [factor, left] of [
        [id, 1],
        [more, 0],
      ] as const) {
        expect(await opened.factorStore.remove(changer, factor, notice())).toBe("removed");
        expect(await opened.factorStore.countRecoveryCodes(user.id)).toBe(left);
      }
    });

    test("a new challenge voids no earlier one, and each is answered only by its user and for what it is bound to", async () => {
      const [one, other] = [await withApp(), await withApp()];
      const made = { userId: one.user.id, boundTo: "b", expiresAt: NOW + MINUTE };
      const [first, second] = [fresh("challenge"), fresh("challenge")];
      for (const challenge of [first, second])
        await opened.factorStore.challenge({ ...made, challenge }, NOW);
      const answer = (userId: string, boundTo = "b") =>
        opened.factorStore.answer({ challenge: first, userId, boundTo }, NOW);
      expect(await answer(other.user.id)).toBe(false);
      expect(await answer(one.user.id, "another")).toBe(false);
      expect(await answer(one.user.id)).toBe(true);
    });

    test("one counter value of a passkey is accepted once if five uses show it at once, and the use is noted", async () => {
      const { user, session } = await withApp();
      const key = { credentialId: fresh("credential"), publicKey: "k", counter: 4, transports: [] };
      const id = fresh("factor");
      const passkey = { ...key, id, userId: user.id, label: "", createdAt: NOW, kind: "passkey" } as const;
      await opened.factorStore.addPasskey(passkey, session.id, aNotice({ userId: user.id }));
      const used = await parallel(5, () => opened.factorStore.usePasskey(id, 5, NOW + 1));
      expect(used.filter(Boolean)).toHaveLength(1);
      const kept = await opened.factorStore.list(user.id);
      expect(kept.find((one) => one.id === id)).toMatchObject({ counter: 5, lastUsedAt: NOW + 1 });
    });

    test("of 20 wrong codes at once as many count as the limit allows, and then a right one is refused, too", async () => {
      const { user, id } = await withApp();
      const outcomes = await parallel(20, () => guess(user.id));
      expect(outcomes.filter(({ is }) => is === "wrong")).toHaveLength(5);
      expect(await guess(user.id, { factorId: id, step: 11 })).toEqual({
        is: "spent",
        freeAt: NOW + 60 * MINUTE,
      });
    });

    test("each bucket has a budget of its own, and a guess is free again at freeAt", async () => {
      const { user, id } = await withApp();
      const windows = [
        { max: 2, windowMs: 10 * MINUTE },
        { max: 2, windowMs: 15 * MINUTE },
        { max: 3, windowMs: 60 * MINUTE },
      ];
      const right = { factorId: id, step: 11 };
      // Recorded in another order than they were made in.
      for (const minute of [0, 50, 45])
        expect((await guess(user.id, undefined, { windows }, NOW + minute * MINUTE)).is).toBe("wrong");
      const freeAt = NOW + 60 * MINUTE;
      for (const at of [NOW + 50 * MINUTE, freeAt - 1])
        expect(await guess(user.id, right, { windows }, at)).toEqual({ is: "spent", freeAt });
      const byDevice = await guess(user.id, right, { windows, bucket: "device" }, freeAt - 1);
      expect(byDevice.is).toBe("right");
      const [app] = await opened.factorStore.list(user.id);
      expect(app).toMatchObject({ lastUsedAt: freeAt - 1 });
      expect((await guess(user.id, { ...right, step: 12 }, { windows }, freeAt)).is).toBe("right");
    });

    test("a code is wrong for the app of another user, for an unconfirmed app, and for an unknown user", async () => {
      const [one, other] = [await withApp(), await withApp()];
      expect((await guess(one.user.id, { factorId: other.id, step: 11 })).is).toBe("wrong");
      const unconfirmed = await propose(one);
      expect((await guess(one.user.id, { factorId: unconfirmed, step: 11 })).is).toBe("wrong");
      expect((await guess(other.user.id, { factorId: other.id, step: 11 })).is).toBe("right");
      expect((await guess(fresh("nobody"), { factorId: other.id, step: 12 })).is).toBe("wrong");
    });

    test("a recovery code is accepted once if eight uses show it at once", async () => {
      const { user, changer } = await withApp();
      await opened.factorStore.setRecoveryCodes(changer, ["h1", "h2"], aNotice({ userId: user.id }));
      const used = await parallel(8, () =>
        opened.factorStore.useRecoveryCode(user.id, "h1", NOW, aNotice({ userId: user.id })),
      );
      expect(used.filter(Boolean)).toHaveLength(1);
      expect(await opened.factorStore.countRecoveryCodes(user.id)).toBe(1);
      const isUsed = (hash: string, id = user.id) => opened.factorStore.isRecoveryCodeUsed(id, hash);
      expect(await Promise.all([isUsed("h1"), isUsed("h2"), isUsed("h3")])).toEqual([true, false, false]);
      expect(await isUsed("h1", (await withApp()).user.id)).toBe(false);
    });

    test("removing the last factor while recovery codes are set leaves no code without a factor", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { user, changer, id } = await withApp();
        const notice = () => aNotice({ userId: user.id });
        const [removed, set] = await Promise.all([
          opened.factorStore.remove(changer, id, notice()),
          opened.factorStore.setRecoveryCodes(changer, ["h1"], notice()),
        ]);
        expect(removed).toBe("removed");
        expect(["set", "missing"]).toContain(set);
        expect(await opened.factorStore.countRecoveryCodes(user.id)).toBe(0);
      }
    });

    test("adding twelve passkeys and an app at once makes ten factors at most", async () => {
      const { user, session, changer, id } = await withApp();
      const made = { userId: user.id, label: "", createdAt: NOW };
      const app = { ...made, id: fresh("factor"), kind: "totp", sealedSecret: "s" } as const;
      await opened.factorStore.propose(app, session.id);
      const add = () => {
        const key = { credentialId: fresh("credential"), publicKey: "k", counter: 0, transports: [] };
        const passkey = { ...made, ...key, id: fresh("factor"), kind: "passkey" } as const;
        return opened.factorStore.addPasskey(passkey, session.id, aNotice({ userId: user.id }));
      };
      const confirm = (one = app.id) =>
        opened.factorStore.confirm({ ...changer, id: one, step: 1 }, aNotice({ userId: user.id }));
      const outcomes = await Promise.all([...Array.from({ length: 12 }, add), confirm()]);
      expect(outcomes.filter((one) => one === "full")).toHaveLength(4);
      expect(await opened.factorStore.list(user.id)).toHaveLength(10);
      // Confirming an app once more is not refused as one factor too many.
      expect(await confirm(id)).toBe("unknown");
    });

    test("a session is opened once if eight calls of enter open it at once", async () => {
      const { user } = await withApp();
      const session = aSession(user.id, { amr: ["sms", "otp"] });
      const entered = await parallel(8, () => opened.users.enter({ session }));
      expect(entered.filter((one) => one?.opened)).toHaveLength(1);
    });

    const EACH = [
      "propose",
      "confirm",
      "addPasskey",
      "setRecoveryCodes",
      "remove",
      "protect",
      "unprotect",
    ] as const;
    test.each(EACH)("a session that has ended changes nothing: %s", async (method) => {
      const { user, session, changer, id } = await withApp();
      const made = { userId: user.id, label: "", createdAt: NOW };
      const app = { ...made, id: fresh("factor"), kind: "totp", sealedSecret: "s" } as const;
      const key = { credentialId: fresh("credential"), publicKey: "k", counter: 0, transports: [] };
      const passkey = { ...made, ...key, id: fresh("factor"), kind: "passkey" } as const;
      const notice = aNotice({ userId: user.id });
      const store = opened.factorStore;
      await store.propose(app, session.id);
      await opened.sessions.evict(user.id, session.id, NOW);
      const before = [await opened.users.find(user.id), await store.list(user.id)];
      const changes: Record<(typeof EACH)[number], () => Promise<string>> = {
        propose: () => store.propose({ ...app, id: fresh("factor") }, session.id),
        confirm: () => store.confirm({ ...changer, id: app.id, step: 1 }, notice),
        addPasskey: () => store.addPasskey(passkey, session.id, notice),
        setRecoveryCodes: () => store.setRecoveryCodes(changer, ["h1"], notice),
        remove: () => store.remove(changer, id, notice),
        protect: () => store.protect({ ...changer, when: "always" }, NOW),
        unprotect: () => store.unprotect(changer, notice),
      };
      expect(await changes[method]()).toBe("ended");
      expect([await opened.users.find(user.id), await store.list(user.id)]).toEqual(before);
      expect(await store.findProposed(user.id, app.id)).toEqual(app);
      expect(await store.countRecoveryCodes(user.id)).toBe(0);
      expect(await opened.noticeStore.findWaiting(notice.id)).toBeUndefined();
    });

    test("removing a password or protection that is not set changes nothing and adds no notice", async () => {
      const { user, session, changer } = await withApp();
      const [noPassword, noProtection] = [aNotice({ userId: user.id }), aNotice({ userId: user.id })];
      const other = aSession(user.id);
      await opened.users.enter({ session: other });
      const before = await opened.users.find(user.id);
      const removal = { userId: user.id, keep: session.id, notice: noPassword, at: NOW };
      expect(await opened.passwordStore.remove(removal)).toBe("none");
      expect(await opened.factorStore.unprotect(changer, noProtection)).toBe("unprotected");
      for (const { id } of [noPassword, noProtection])
        expect(await opened.noticeStore.findWaiting(id)).toBeUndefined();
      expect(await opened.users.find(user.id)).toEqual(before);
      expect(await opened.sessions.list(user.id, NOW)).toHaveLength(2);
    });

    type Opener = (user: User, session: Session) => Promise<unknown>;
    const OPENERS: readonly (readonly [string, Opener])[] = [
      ["signIn", (user, session) => opened.users.signIn({ user, session })],
      ["signInKnown", (user, session) => opened.users.signInKnown({ user, session })],
      ["enter", (_, session) => opened.users.enter({ session })],
    ];
    test.each(OPENERS)("protection leaves no session of one factor, raced by %s", async (_, openBy) => {
      const { user, session } = await withApp();
      const on = { userId: user.id, when: "always", sessionId: session.id } as const;
      const drafts = Array.from({ length: 12 }, () => aSession(user.id));
      const racers = drafts.map((draft) => () => openBy(user, draft));
      racers.splice(4, 0, () => opened.factorStore.protect(on, NOW));
      await Promise.all(racers.map((race) => race()));
      const live = await opened.sessions.list(user.id, NOW);
      expect(live.map(({ id }) => id)).toEqual([session.id]);
    });
  });
}
