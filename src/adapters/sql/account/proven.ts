import type { Kysely } from "kysely";
import type { User } from "../../../core/account/ports.ts";
import type { Schema, UserRow } from "../tables/schema.ts";
import { userOf } from "./account-rows.ts";
import { endSessionsOf } from "./session-ends.ts";

/** A user as they are now, and when they were used before. */
export interface Known {
  readonly user: User;
  /** Epoch milliseconds; null if it was never recorded. */
  readonly lastUsedAt: number | null;
}

/** The users of these rows; each of them is proven from now on. */
export async function proven(
  trx: Kysely<Schema>,
  rows: readonly UserRow[],
  now: number,
): Promise<readonly Known[]> {
  const users: Known[] = [];
  for (const row of rows) {
    const user = userOf(row);
    const isProven = user.unprovenSince === undefined;
    users.push({ user: isProven ? user : await prove(trx, user, now), lastUsedAt: row.last_used_at });
  }
  return users;
}

/**
 * Marks the first code of a user who was moved in. Somebody may have used the account before the phone's holder came
 * (pre-hijacking). They lose it: earlier sessions end, and earlier device tokens and passwords are void.
 */
async function prove(trx: Kysely<Schema>, user: User, now: number): Promise<User> {
  const { unprovenSince: _, passwordSetAt: __, ...proven } = { ...user, deviceEpoch: user.deviceEpoch + 1 };
  await trx
    .updateTable("users")
    .set({
      unproven_since: null,
      sealed_password: null,
      password_set_at: null,
      device_epoch: proven.deviceEpoch,
      updated_at: now,
    })
    .where("id", "=", user.id)
    .execute();
  await endSessionsOf(trx, [user.id], now);
  return proven;
}
