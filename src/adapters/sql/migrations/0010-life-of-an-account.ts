import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";
import { ID, index, SEALED, TAG, TIME, table, WORD } from "./tables.ts";

/**
 * Notices to people about their accounts, accounts that are about to move to another number, numbers whose account was
 * erased, and when an account was last used, which is unknown for existing accounts.
 */
export async function lifeOfAnAccount(db: Kysely<Schema>): Promise<void> {
  await table(
    db,
    "notices",
    {
      id: ID,
      user_id: ID,
      kind: WORD,
      phone_tag: TAG,
      sealed_phone: SEALED,
      locale: WORD,
      state: WORD,
      created_at: TIME,
    },
    { sealed_stop_code: SEALED, due_at: TIME },
  );
  await index(db, "notices", ["due_at"]);
  await index(db, "notices", ["created_at"]);
  await index(db, "notices", ["user_id"]);
  await index(db, "notices", ["phone_tag"]);
  await table(db, "phone_changes", {
    id: ID,
    user_id: ID,
    session_id: ID,
    phone_tag: TAG,
    sealed_phone: SEALED,
    stop_hash: ID,
    locale: WORD,
    created_at: TIME,
    due_at: TIME,
  });
  await index(db, "phone_changes", ["user_id"], "unique");
  await index(db, "phone_changes", ["phone_tag"], "unique");
  await index(db, "phone_changes", ["stop_hash"], "unique");
  await index(db, "phone_changes", ["due_at"]);
  await table(db, "erasures", { id: ID, phone_tag: TAG, at: TIME });
  await index(db, "erasures", ["at"]);
  await db.schema.alterTable("users").addColumn("last_used_at", TIME).execute();
}
