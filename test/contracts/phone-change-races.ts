import { expect, test } from "vitest";
import type { User } from "../../src/core/account/ports.ts";
import type { PhoneChange, PhoneChangeStore } from "../../src/core/life/ports.ts";
import { aNotice } from "./notice-store.ts";
import type { OpenPhoneChangeStore } from "./phone-change-store.ts";
import { aSession, NOW } from "./samples.ts";

interface Samples {
  /** A user who is signed in, with a change that waits. */
  proposed(): Promise<{
    readonly user: User;
    readonly session: { readonly id: string };
    readonly change: PhoneChange;
  }>;
  to(): Parameters<PhoneChangeStore["apply"]>[1];
}

/** What a change of number promises if it takes effect at the same moment as something else. */
export function phoneChangeRaces(at: () => OpenPhoneChangeStore, { proposed, to }: Samples): void {
  test("a change that is stopped and applied at once: exactly one happens", async () => {
    const { user, change } = await proposed();
    const [stopped, applied] = await Promise.all([
      at().phoneChanges.stop(change.stopHash, NOW),
      at().phoneChanges.apply(change, to(), NOW),
    ]);
    expect(stopped).toBe(applied === "gone");
    const holder = await at().users.find(user.id);
    expect(holder?.phoneTag).toBe(stopped ? user.phoneTag : change.phoneTag);
  });

  test("a change that is canceled and applied at once: exactly one happens", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { user, session, change } = await proposed();
      const canceling = () => at().phoneChanges.cancel(user.id, session.id, NOW);
      const [canceled, applied] = await Promise.all([
        canceling(),
        at().phoneChanges.apply(change, to(), NOW),
      ]);
      expect(canceled).toBe(applied === "gone" ? "canceled" : "none");
      const holder = await at().users.find(user.id);
      expect(holder?.phoneTag).toBe(canceled === "canceled" ? user.phoneTag : change.phoneTag);
    }
  });

  test("a change that is applied while the old number signs in with its password leaves no session of that sign-in", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { user, session, change } = await proposed();
      const entry = { session: aSession(user.id), phoneTag: user.phoneTag };
      const entering = async () => await at().users.enter(entry);
      const [applied] = await Promise.all([
        at().phoneChanges.apply(change, to(), NOW),
        entering(),
        entering(),
      ]);
      expect(applied).toBe("applied");
      expect((await at().sessions.list(user.id, NOW)).map(({ id }) => id)).toEqual([session.id]);
    }
  });

  test("a change that is applied while the password is reset by the old number: exactly one happens", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { user, change } = await proposed();
      const notice = aNotice({ userId: user.id });
      const reset = { userId: user.id, phoneTag: user.phoneTag, sealedHash: "sealed", notice, at: NOW };
      const [applied, isReset] = await Promise.all([
        at().phoneChanges.apply(change, to(), NOW),
        at().passwordStore.change({ ...reset, bySms: true }),
      ]);
      expect(isReset).toBe(applied === "gone");
      const holder = await at().users.find(user.id);
      expect(holder?.passwordSetAt).toBe(isReset ? NOW : undefined);
      expect(await at().sessions.list(user.id, NOW)).toHaveLength(isReset ? 0 : 1);
    }
  });
}
