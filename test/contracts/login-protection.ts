import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenFactorStore } from "./factor-store.ts";
import { aNotice } from "./notice-store.ts";
import { addTagKey, aSession, aUser, NOW } from "./samples.ts";

/** What a password and the login protection that rests on it promise to callers that race, for every store. */
export function loginProtectionContract(name: string, open: () => Promise<OpenFactorStore>): void {
  describe(`${name}: login protection by a password`, () => {
    let opened: OpenFactorStore;
    let newTag: () => string;
    beforeAll(async () => {
      opened = await open();
      newTag = (await addTagKey(opened.keys)).tag;
    });
    afterAll(() => opened.close());

    async function withPassword() {
      const user = aUser(newTag());
      const session = aSession(user.id);
      await opened.users.signIn({ user, session });
      const { id: userId } = user;
      const notice = aNotice({ userId });
      const set = { userId, keep: session.id, sealedHash: "sealed", notice, at: NOW };
      expect(await opened.passwordStore.change(set)).toBe(true);
      const on = { userId, sessionId: session.id, when: "always" } as const;
      const removal = { userId, keep: session.id, notice: aNotice({ userId }), at: NOW };
      return { user, session, on, removal };
    }

    test("a password that protection needs cannot be removed, and protection needs a password or another factor", async () => {
      const { factorStore, passwordStore, users, sessions } = opened;
      const [first, second] = [await withPassword(), await withPassword()];
      expect(await factorStore.protect(first.on, NOW)).toBe("protected");
      expect(await passwordStore.remove(first.removal)).toBe("needed");
      expect((await users.find(first.user.id))?.passwordSetAt).toBe(NOW);
      expect(await opened.noticeStore.findWaiting(first.removal.notice.id)).toBeUndefined();
      expect(await passwordStore.remove(second.removal)).toBe("removed");
      expect(await factorStore.protect(second.on, NOW)).toBe("missing");
      await sessions.evict(second.user.id, second.session.id, NOW);
      expect(await passwordStore.remove(second.removal)).toBe("ended");
    });

    test("of removing the password and turning on protection at once, exactly one succeeds", async () => {
      for (let n = 0; n < 6; n += 1) {
        const { on, removal } = await withPassword();
        const { factorStore, passwordStore } = opened;
        const both = [() => factorStore.protect(on, NOW), () => passwordStore.remove(removal)];
        const outcomes = await Promise.all((n % 2 ? both : both.toReversed()).map((one) => one()));
        expect([
          ["missing", "removed"],
          ["needed", "protected"],
        ]).toContainEqual(outcomes.toSorted());
      }
    });
  });
}
