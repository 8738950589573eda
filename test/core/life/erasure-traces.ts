import { createSqlStores } from "../../../src/adapters/sql/stores.ts";
import type { User } from "../../../src/core/account/ports.ts";
import type { Phone } from "../../../src/core/phone.ts";
import { unlockMark } from "../../../src/core/protection/budgets/ledger.ts";
import type { Principal } from "../../../src/core/session/session.ts";
import type { Rules } from "../rules.ts";

/** Sets a password, of which a notice waits. All other sessions end. */
export async function setPassword(rules: Rules, { user, session }: Principal): Promise<void> {
  const { vault, passwordStore } = rules.deps();
  const row = await newRow(rules, await phoneOf(rules, user));
  const notice = { ...row, userId: user.id, kind: "password_changed", locale: "en" } as const;
  const sealedHash = await vault.sealText("hash", user.id);
  await passwordStore.change({ userId: user.id, keep: session.id, sealedHash, notice, at: row.createdAt });
}

/** Leaves something in every table of factors. */
export async function addFactors(rules: Rules, principal: Principal, label: string): Promise<void> {
  const { factors } = rules.phonekey();
  await factors.proposeApp(principal, label);
  await factors.passkeyOptions(principal, { origin: "http://localhost", name: "Phonekey" });
  const { user } = principal;
  const { id, createdAt: at } = await newRow(rules, await phoneOf(rules, user));
  const { db } = rules.database;
  await db.insertInto("factor_failures").values({ id, user_id: user.id, bucket: "device", at }).execute();
  const code = { id, user_id: user.id, hash: id, created_at: at, used_at: null };
  await db.insertInto("recovery_codes").values(code).execute();
}

export async function invite(rules: Rules, phone: string): Promise<void> {
  const { createdAt: at, ...row } = await newRow(rules, phone);
  await storesOf(rules).invitations.add({ ...row, at });
}

export async function unlock(rules: Rules, phone: string): Promise<void> {
  const { createdAt: at, ...row } = await newRow(rules, phone);
  const sealedReason = await rules.deps().vault.sealText("she called", row.id);
  const ledger = { mark: unlockMark(at), tags: [row.phoneTag], since: 0, unlockableAt: () => 0 };
  await storesOf(rules).unlocks.add({ ...row, sealedReason, at }, ledger);
}

const storesOf = ({ database, clock }: Rules) => createSqlStores(database, { clock, onStaleKey: () => {} });

const phoneOf = (rules: Rules, { sealedPhone, id }: User) => rules.deps().vault.open(sealedPhone, id);

/** What every row about a phone has. */
async function newRow(rules: Rules, phone: string) {
  const { random, vault, clock } = rules.deps();
  const id = random.uuid(clock.now());
  const sealedPhone = await vault.seal(phone as Phone, id);
  return { id, phoneTag: await vault.tag(phone as Phone), sealedPhone, createdAt: clock.now() };
}
