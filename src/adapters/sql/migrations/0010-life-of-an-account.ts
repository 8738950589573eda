import type { ColumnDataType, Kysely } from "kysely";
import type { Schema } from "../schema.ts";

type Columns = Readonly<Record<string, ColumnDataType>>;

const ID = "varchar(64)";
const TAG = "varchar(128)";
const SEALED = "varchar(512)";
const WORD = "varchar(32)";
const TIME = "bigint";

/**
 * What people are told of their accounts, accounts that are about to move to another number, numbers of which the
 * account was erased, and when an account was last used: nobody knows that of those that are there already.
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

async function table(
  db: Kysely<Schema>,
  name: keyof Schema,
  always: Columns,
  sometimes: Columns = {},
): Promise<void> {
  let created = db.schema.createTable(name);
  for (const [column, type] of Object.entries(always)) {
    created = created.addColumn(column, type, (each) => each.notNull());
  }
  for (const [column, type] of Object.entries(sometimes)) created = created.addColumn(column, type);
  await created.addPrimaryKeyConstraint(`${name}_key`, ["id" as never]).execute();
}

async function index(
  db: Kysely<Schema>,
  name: keyof Schema,
  columns: readonly string[],
  kind?: "unique",
): Promise<void> {
  const created = db.schema.createIndex(`${name}_by_${columns.join("_")}`);
  await (kind ? created.unique() : created)
    .on(name)
    .columns([...columns])
    .execute();
}
