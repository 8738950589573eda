import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import { createPhonekey, type PhonekeyDeps } from "../../../src/core/phonekey.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { createRules, MINUTE, PHONE, type Rules } from "../rules.ts";

let rules: Rules;
let told: unknown[];
beforeEach(async () => {
  rules = await createRules();
  told = [];
});
afterEach(() => rules.close());

type Accounts = PhonekeyDeps["accounts"];

/** A user who erases their account by a code, on a store with this `erase` instead of its own. */
async function erasing(erase: (...args: Parameters<Accounts["erase"]>) => Promise<boolean>) {
  const { user, session } = (await rules.knownDevice()).signedIn;
  rules.clock.advance(MINUTE);
  const self = { user, deviceId: session.deviceId };
  const asked = { purpose: "delete_account", locale: "en", client: {}, self } as const;
  const started = await rules.phonekey().verifications.start(asked);
  if (!started.ok) throw new Error(started.refusal.code);
  const verificationId = started.value.id;
  const code = await rules.codeOf(verificationId);
  const deps = rules.deps();
  const phonekey = createPhonekey({
    ...deps,
    accounts: { ...deps.accounts, erase },
    onErased: (...what) => void told.push(what),
  });
  const input = { principal: { user, session }, verificationId, code, client: {} };
  return { user, session, erased: await phonekey.life.erase(input).catch((error: unknown) => error) };
}

test("an erasure is refused if the account moved to another number while the code was checked", async () => {
  const { accounts, phoneChanges, vault, users } = rules.deps();
  const { user, erased } = await erasing(async (account) => {
    const now = rules.clock.now();
    const { userId } = account;
    const { sessions } = rules.deps();
    const [{ id: sessionId } = { id: "" }] = await sessions.list(userId, now);
    const phoneTag = await vault.tag("+8613912345678" as Phone);
    const of = { id: "change", userId, sessionId, phoneTag, stopHash: "stop", sealedPhone: "sealed" };
    const change = { ...of, locale: "en", createdAt: now, dueAt: now } as const;
    expect(await phoneChanges.propose(change, [])).toBe("proposed");
    expect(await phoneChanges.apply(change, { sealedPhone: "sealed", notices: [] }, now)).toBe("applied");
    return await accounts.erase(account);
  });
  expect(erased).toMatchObject({ ok: false, refusal: { code: "invalid_code" } });
  expect(await users.find(user.id)).toBeDefined();
  expect(told).toEqual([]);
});

test("an erasure is refused if its session was ended while the code was checked", async () => {
  const { accounts, sessions, users } = rules.deps();
  const { user, erased } = await erasing(async (account) => {
    await sessions.endAll(account.userId, rules.clock.now());
    return await accounts.erase(account);
  });
  expect(erased).toMatchObject({ ok: false, refusal: { code: "invalid_code" } });
  expect(await users.findByTag(await rules.deps().vault.tag(PHONE as Phone))).toMatchObject({ id: user.id });
  expect(told).toEqual([]);
});

test("an erasure marks its message as converted, as every right code does", async () => {
  await erasing((account) => rules.deps().accounts.erase(account));
  const { db } = rules.database;
  const of = db.selectFrom("messages").select("converted").where("purpose", "=", "delete_account");
  expect(await of.execute()).toEqual([{ converted: 1 }]);
});

test("onErased gets the outcome of an erasure, even if that is unknown", async () => {
  const done = await erasing((account) => rules.deps().accounts.erase(account));
  expect(done.erased).toEqual({ ok: true, value: undefined });
  rules.clock.advance(10 * MINUTE);
  const lost = await erasing(async (...asked) => {
    await rules.deps().accounts.erase(...asked);
    throw new UnavailableError("the database", { cause: undefined });
  });
  expect(lost.erased).toBeInstanceOf(UnavailableError);
  expect(told).toEqual([
    [done.user.id, "done"],
    [lost.user.id, "unknown"],
  ]);
});

test("onErased is not called if the database was unavailable before the erasure, or failed in the middle", async () => {
  const away = await erasing(() =>
    Promise.reject(new UnavailableError("the database", { cause: undefined })),
  );
  expect(away.erased).toBeInstanceOf(UnavailableError);
  const no =
    "create trigger no before insert on events when new.type = 'account_erased' begin select raise(abort, 'no'); end";
  await sql.raw(no).execute(rules.database.db);
  rules.clock.advance(10 * MINUTE);
  const half = await erasing((...asked) => rules.deps().accounts.erase(...asked));
  expect(half.erased).toMatchObject({ message: expect.stringContaining("no") });
  expect(told).toEqual([]);
});
