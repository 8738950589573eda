import type { Kysely } from "kysely";
import type { ApiKey, ApiKeyStore } from "../../../core/backend/ports.ts";
import { PURPOSES } from "../../../core/verification/purpose.ts";
import { rowCount, type SqlDatabase } from "../database.ts";
import { addEvents } from "../events.ts";
import { lockName } from "../locks.ts";
import type { ApiKeysTable } from "../tables/backends.ts";
import type { EventType, Schema } from "../tables/schema.ts";

export function createApiKeyStore({ db, transaction }: SqlDatabase): ApiKeyStore {
  return {
    async findByHash(hash) {
      const row = await db.selectFrom("api_keys").selectAll().where("hash", "=", hash).executeTakeFirst();
      return row && apiKeyOf(row);
    },

    async findLive(backend, now) {
      const [newest] = await liveOf(db, backend, now);
      return newest && apiKeyOf(newest);
    },

    async list() {
      const all = await db
        .selectFrom("api_keys")
        .selectAll()
        .orderBy("client")
        .orderBy("created_at")
        .execute();
      return all.map(apiKeyOf);
    },

    create: (key) =>
      transaction(async (trx) => {
        await lockBackend(trx, key.client, key.createdAt);
        if ((await liveOf(trx, key.client, key.createdAt)).length > 0) return false;
        await add(trx, key, "api_key_created");
        return true;
      }),

    replace: (key, overlapUntil) =>
      transaction(async (trx) => {
        await lockBackend(trx, key.client, key.createdAt);
        const live = await liveOf(trx, key.client, key.createdAt);
        if (live.length === 0) return false;
        await trx
          .updateTable("api_keys")
          .set({ expires_at: overlapUntil })
          .where("client", "=", key.client)
          .where("revoked_at", "is", null)
          .where("expires_at", ">", overlapUntil)
          .execute();
        await add(trx, key, "api_key_replaced");
        return true;
      }),

    revoke: (backend, now) =>
      transaction(async (trx) => {
        await lockBackend(trx, backend, now);
        const { numUpdatedRows } = await trx
          .updateTable("api_keys")
          .set({ revoked_at: now })
          .where("client", "=", backend)
          .where("revoked_at", "is", null)
          .where("expires_at", ">", now)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows > 0n) await addEvents(trx, { type: "api_key_revoked", userId: backend, at: now });
        return Number(numUpdatedRows);
      }),
  };
}

/** Callers that add keys of this backend or remove them wait here, so that no key is added during a revocation. */
async function lockBackend(trx: Kysely<Schema>, backend: string, now: number): Promise<void> {
  await lockName(trx, `api_keys:${backend}`, now);
}

/** More keys of one backend than any overlap leaves. */
const MOST_LIVE = 100;

async function liveOf(db: Kysely<Schema>, backend: string, now: number): Promise<readonly ApiKeysTable[]> {
  return await db
    .selectFrom("api_keys")
    .selectAll()
    .where("client", "=", backend)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", now)
    .orderBy("created_at", "desc")
    .limit(rowCount(MOST_LIVE))
    .execute();
}

async function add(trx: Kysely<Schema>, key: ApiKey, type: EventType): Promise<void> {
  await trx.insertInto("api_keys").values(apiKeyValues(key)).execute();
  await addEvents(trx, { type, userId: key.client, at: key.createdAt });
}

function apiKeyValues(key: ApiKey): ApiKeysTable {
  const { id, client, hash, purposes, networks, tells, sends, spend, createdAt, expiresAt, revokedAt } = key;
  return {
    id,
    client,
    hash,
    purposes: purposes.join(","),
    networks: networks.join(","),
    tells,
    sends: JSON.stringify(sends),
    return_to: JSON.stringify(key.returnTo),
    spend_hour: spend.hour ?? null,
    spend_day: spend.day ?? null,
    created_at: createdAt,
    expires_at: expiresAt,
    revoked_at: revokedAt ?? null,
  };
}

function apiKeyOf(row: ApiKeysTable): ApiKey {
  const purposes = row.purposes.split(",");
  return {
    id: row.id,
    client: row.client,
    hash: row.hash,
    // One that a later version knows is none here.
    purposes: PURPOSES.filter((purpose) => purposes.includes(purpose)),
    networks: row.networks === "" ? [] : row.networks.split(","),
    tells: row.tells,
    sends: JSON.parse(row.sends),
    returnTo: JSON.parse(row.return_to ?? "[]"),
    spend: {
      ...(row.spend_hour !== null && { hour: row.spend_hour }),
      ...(row.spend_day !== null && { day: row.spend_day }),
    },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
  };
}
