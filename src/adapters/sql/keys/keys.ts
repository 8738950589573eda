import type { KeyStore, WrappedKey } from "../../../core/keys.ts";
import { ifAbsent, type SqlDatabase } from "../database.ts";
import type { KeyRow } from "../tables/schema.ts";

export function createKeyStore({ db, transaction }: SqlDatabase): KeyStore {
  return {
    async list() {
      const found = await db.selectFrom("keys").selectAll().orderBy("kind").orderBy("sequence").execute();
      return found.map(keyOf);
    },

    add: (key) =>
      transaction(async (trx) => {
        await ifAbsent(trx.insertInto("keys").values(keyValues(key))).execute();
        const { kind, sequence } = key;
        const kept = await trx
          .selectFrom("keys")
          .select("id")
          .where((eb) => eb.and({ kind, sequence }))
          .executeTakeFirst();
        return kept?.id === key.id;
      }),

    async rewrap(id, fromSecretId, { wrapped, secretId }) {
      const { numUpdatedRows } = await db
        .updateTable("keys")
        .set({ wrapped, secret_id: secretId })
        .where("id", "=", id)
        .where("secret_id", "=", fromSecretId)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async retire(id, at) {
      await db
        .updateTable("keys")
        .set({ retired_at: at })
        .where("id", "=", id)
        .where("retired_at", "is", null)
        .execute();
    },

    async activate(id, at) {
      await db.updateTable("keys").set({ active_from: at }).where("id", "=", id).execute();
    },

    async remove(id) {
      await db.deleteFrom("keys").where("id", "=", id).execute();
    },
  };
}

function keyValues(key: WrappedKey): KeyRow {
  return {
    id: key.id,
    kind: key.kind,
    sequence: key.sequence,
    wrapped: key.wrapped,
    secret_id: key.secretId,
    created_at: key.createdAt,
    active_from: key.activeFrom,
    retired_at: key.retiredAt ?? null,
  };
}

function keyOf(row: KeyRow): WrappedKey {
  return {
    id: row.id,
    kind: row.kind,
    sequence: row.sequence,
    wrapped: row.wrapped,
    secretId: row.secret_id,
    createdAt: row.created_at,
    activeFrom: row.active_from,
    ...(row.retired_at !== null && { retiredAt: row.retired_at }),
  };
}
