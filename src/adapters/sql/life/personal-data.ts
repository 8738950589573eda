import type { Kysely } from "kysely";
import type { Sweep } from "../../../core/maintenance/ports.ts";
import { MINUTE_MS } from "../../../core/time.ts";
import { lockUser } from "../account/user-rows.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { addEvents } from "../events.ts";
import type { ErasuresTable } from "../tables/life.ts";
import type { EventType, Schema } from "../tables/schema.ts";

/**
 * What an erasure does to a table. Every table has to be listed, so that a new one that holds personal data cannot be
 * forgotten.
 * - `by_user`: the rows of the user are deleted.
 * - `by_phone`: the rows of the phone are deleted.
 * - `blanked`: the rows of the phone stay under its tag, because they still count, but the phone itself and every
 *   written text are removed. The rows are deleted when `erasures` is swept.
 * - `lapses`: holds only the tag, or lives for minutes, and goes by itself within the time that the ledger is kept.
 * - `stays`: holds nothing of a person but the id of the account.
 */
type Erasure = "by_user" | "by_phone" | "blanked" | "lapses" | "stays";

const ERASURES: Readonly<Record<Exclude<keyof Schema, "users" | "migrations">, Erasure>> = {
  sessions: "by_user",
  phone_changes: "by_user",
  notices: "by_user",
  factors: "by_user",
  recovery_codes: "by_user",
  passkey_challenges: "by_user",
  factor_failures: "by_user",
  replies: "by_phone",
  invitations: "by_phone",
  messages: "blanked",
  opt_outs: "blanked",
  unlocks: "blanked",
  failures: "lapses",
  erasures: "lapses",
  verifications: "lapses",
  early_reports: "lapses",
  limits: "lapses",
  limit_events: "lapses",
  limit_leases: "lapses",
  limit_journal: "lapses",
  limit_sums: "stays",
  limit_seeds: "stays",
  events: "stays",
  keys: "stays",
  turns: "stays",
  alerts: "stays",
  api_keys: "stays",
  redeemed_proofs: "stays",
  baselines: "stays",
};

type ErasedTable = keyof typeof ERASURES;

function tablesThat(erasure: Erasure): readonly ErasedTable[] {
  return (Object.keys(ERASURES) as ErasedTable[]).filter((table) => ERASURES[table] === erasure);
}

export interface ErasedUser {
  readonly userId: string;
  /** All tags that the phone has or had. */
  readonly tags: readonly string[];
  /** Names the row that remembers the erasure until the remains of the phone are deleted. */
  readonly erasureId: string;
  readonly by: Extract<EventType, "account_erased" | "account_erased_by_operator">;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * Removes everything that names the user or their phone, in the caller's transaction. False if there is no such user.
 */
export async function eraseUser(
  trx: Kysely<Schema>,
  { userId, tags, erasureId, by, at }: ErasedUser,
): Promise<boolean> {
  const user = await lockUser(trx, userId);
  if (!user) return false;
  const all = [...new Set([user.phone_tag, ...tags])];
  for (const table of tablesThat("by_user")) {
    await trx
      .deleteFrom(table as "sessions")
      .where("user_id", "=", userId)
      .execute();
  }
  for (const table of tablesThat("by_phone")) {
    await trx
      .deleteFrom(table as "replies")
      .where("phone_tag", "in", all)
      .execute();
  }
  await blank(trx, all);
  const erasures = all.map((phone_tag, index) => ({ id: `${erasureId}-${index}`, phone_tag, at }));
  await trx.insertInto("erasures").values(erasures).execute();
  await trx.deleteFrom("users").where("id", "=", userId).execute();
  await addEvents(trx, { type: by, userId, at });
  return true;
}

/** Only the sealed phone could be opened. An empty text opens for nobody. */
async function blank(trx: Kysely<Schema>, tags: readonly string[]): Promise<void> {
  await trx
    .updateTable("messages")
    .set({
      sealed_phone: "",
      provider_id: null,
      request_id: null,
      idempotency_key: null,
      idempotency_fingerprint: null,
    })
    .where("phone_tag", "in", tags)
    .execute();
  await trx.updateTable("opt_outs").set({ sealed_phone: "" }).where("phone_tag", "in", tags).execute();
  await trx
    .updateTable("unlocks")
    .set({ sealed_phone: "", sealed_reason: "" })
    .where("phone_tag", "in", tags)
    .execute();
}

/** Deletes what erasures left under the tags of their phones, once its retention time is over. */
export function createErasureSweep({ db, transaction }: SqlDatabase): Sweep {
  return async (before, limit) => {
    const query = db.selectFrom("erasures").selectAll().where("at", "<", before);
    const old = await query.orderBy("at").limit(rowCount(limit)).execute();
    for (const erasure of old) {
      await transaction(async (trx) => {
        await forgetErased(trx, erasure);
        await trx.deleteFrom("erasures").where("id", "=", erasure.id).execute();
      });
    }
    return old.length;
  };
}

/** Which clocks of several servers may differ by. */
const CLOCKS_APART_MS = MINUTE_MS;

/**
 * Deletes what an erasure left under its tag, in the caller's transaction. Rows of a new account with the same number
 * stay, and so do the remains of a later erasure of that account.
 */
async function forgetErased(
  trx: Kysely<Schema>,
  { phone_tag, at }: Pick<ErasuresTable, "phone_tag" | "at">,
): Promise<void> {
  for (const table of tablesThat("blanked")) {
    const madeAt = trx.dynamic.ref<string>(table === "messages" ? "created_at" : "at");
    await trx
      .deleteFrom(table as "opt_outs")
      .where("phone_tag", "=", phone_tag)
      .where("sealed_phone", "=", "")
      .where(madeAt, "<=", at + CLOCKS_APART_MS)
      .execute();
  }
}
