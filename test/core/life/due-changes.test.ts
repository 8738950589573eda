import { afterEach, beforeEach, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import { createPhonekey } from "../../../src/core/phonekey.ts";
import { createRules, MINUTE, type Rules } from "../rules.ts";

let rules: Rules;
beforeEach(async () => {
  rules = await createRules();
});
afterEach(() => rules.close());

/** Somebody whose account is about to move from one number to the other. */
async function moving(from: string, to: Phone): Promise<{ readonly userId: string }> {
  const { user, session } = (await rules.knownDevice(from as Phone)).signedIn;
  const { phoneChanges, vault, clock } = rules.deps();
  const now = clock.now();
  const id = `change of ${user.id}`;
  const change = {
    id,
    userId: user.id,
    sessionId: session.id,
    locale: "en",
    createdAt: now,
    dueAt: now,
  } as const;
  const secret = { phoneTag: await vault.tag(to), sealedPhone: await vault.seal(to, id), stopHash: id };
  expect(await phoneChanges.propose({ ...change, ...secret }, [])).toBe("proposed");
  return { userId: user.id };
}

test("a due change of phone that cannot be decrypted holds up no other", async () => {
  const damaged = await moving("+8613800138001", "+8613912340001" as Phone);
  rules.clock.advance(MINUTE);
  const sound = await moving("+8613800138002", "+8613912340002" as Phone);
  const { db } = rules.database;
  await db
    .updateTable("phone_changes")
    .set({ sealed_phone: "v1.x.y" })
    .where("user_id", "=", damaged.userId)
    .execute();
  const { life } = createPhonekey(rules.deps());
  await expect(life.applyDueChanges(rules.clock.now(), () => false)).rejects.toThrow(damaged.userId);
  const { users, vault } = rules.deps();
  const moved = await users.findByTag(await vault.tag("+8613912340002" as Phone));
  expect(moved).toMatchObject({ id: sound.userId });
});

test("no further due change is begun once the time of the work is over", async () => {
  for (let n = 0; n < 2; n++) await moving(`+86138001380${10 + n}`, `+86139123400${10 + n}` as Phone);
  const { life } = createPhonekey(rules.deps());
  const now = rules.clock.now();
  let asked = 0;
  expect(await life.applyDueChanges(now, () => asked++ > 0)).toEqual({ count: 1, isLast: false });
  expect(await life.applyDueChanges(now, () => false)).toEqual({ count: 1, isLast: true });
});

test("a whole batch of changes that cannot be decrypted holds up no other, and is due again in five minutes", async () => {
  const { db } = rules.database;
  for (let n = 0; n < 20; n++) await moving(`+86138001380${10 + n}`, `+86139123400${10 + n}` as Phone);
  await db.updateTable("phone_changes").set({ sealed_phone: "v1.x.y" }).execute();
  rules.clock.advance(MINUTE);
  await moving("+8613800138002", "+8613912340002" as Phone);
  const { life } = createPhonekey(rules.deps());
  const { users, vault, phoneChanges } = rules.deps();
  await expect(life.applyDueChanges(rules.clock.now(), () => false)).rejects.toThrow();
  expect(await life.applyDueChanges(rules.clock.now(), () => false)).toEqual({ count: 1, isLast: true });
  expect(await users.findByTag(await vault.tag("+8613912340002" as Phone))).toBeDefined();
  expect(await phoneChanges.due(rules.clock.now() + 5 * MINUTE - 1, 99)).toEqual([]);
  expect(await phoneChanges.due(rules.clock.now() + 5 * MINUTE, 99)).toHaveLength(20);
});

test.each([
  ["whose user is gone", 20, "user_id"],
  ["whose tag no key was made for", 1, "phone_tag"],
] as const)("due changes hold up no other: those %s", async (_, count, damaged) => {
  const { db } = rules.database;
  for (let n = 0; n < count; n++) {
    const { userId } = await moving(`+86138001380${10 + n}`, `+86139123400${10 + n}` as Phone);
    const change = db.updateTable("phone_changes").where("user_id", "=", userId);
    await change.set({ [damaged]: `nobody ${n}` }).execute();
  }
  rules.clock.advance(MINUTE);
  await moving("+8613800138002", "+8613912340002" as Phone);
  const { life } = createPhonekey(rules.deps());
  const { users, vault } = rules.deps();
  await life.applyDueChanges(rules.clock.now(), () => false).catch(() => {});
  expect(await life.applyDueChanges(rules.clock.now(), () => false)).toEqual({ count: 1, isLast: true });
  expect(await users.findByTag(await vault.tag("+8613912340002" as Phone))).toBeDefined();
});
