import type { ColumnDataType, CreateTableBuilder, Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";

type Columns = Readonly<Record<string, ColumnDataType>>;

const ID = "varchar(64)";
const TAG = "varchar(128)";
const SEALED = "varchar(512)";
const WORD = "varchar(32)";
const TIME = "bigint";
const LIMIT_KEY = "varchar(255)";

/** Everything of the first release. */
export async function firstSchema(db: Kysely<Schema>): Promise<void> {
  await account(db);
  await messages(db);
  await failures(db);
  await keys(db);
  await verifications(db);
  await limits(db);
}

async function account(db: Kysely<Schema>): Promise<void> {
  await table(db, "users", "id", {
    id: ID,
    phone_tag: TAG,
    sealed_phone: SEALED,
    name: "varchar(255)",
    avatar: "integer",
    device_epoch: "integer",
    created_at: TIME,
    updated_at: TIME,
  }).execute();
  await unique(db, "users", ["phone_tag"]);
  await table(
    db,
    "sessions",
    "id",
    {
      id: ID,
      user_id: ID,
      generation: "integer",
      rotated_at: TIME,
      refresh_key_id: ID,
      device_id: ID,
      user_agent: "text",
      created_at: TIME,
      last_used_at: TIME,
      expires_at: TIME,
    },
    { ended_at: TIME },
  ).execute();
  await index(db, "sessions", ["user_id", "last_used_at"]);
  await counted(db, "events", { type: WORD, user_id: ID, at: TIME }, { session_id: ID }).execute();
  await index(db, "events", ["user_id", "at"]);
  await index(db, "events", ["at"]);
}

async function messages(db: Kysely<Schema>): Promise<void> {
  const always: Columns = {
    id: ID,
    verification_id: ID,
    phone_tag: TAG,
    sealed_phone: SEALED,
    purpose: WORD,
    bucket: WORD,
    status: WORD,
    created_at: TIME,
    converted: "integer",
  };
  await table(db, "messages", "id", always, {
    sender: WORD,
    provider_id: "varchar(128)",
    provider_code: "varchar(128)",
    idempotency_key: ID,
    idempotency_fingerprint: ID,
    answer_code_length: "integer",
    answer_expires_at: TIME,
    answer_resend_at: TIME,
  }).execute();
  await unique(db, "messages", ["idempotency_key"]);
  await index(db, "messages", ["verification_id"]);
  await index(db, "messages", ["phone_tag"]);
  await index(db, "messages", ["created_at", "id"]);
}

async function failures(db: Kysely<Schema>): Promise<void> {
  await table(db, "failures", "id", {
    id: ID,
    phone_tag: TAG,
    bucket: WORD,
    at: TIME,
    code_length: "integer",
  }).execute();
  await index(db, "failures", ["phone_tag", "bucket", "at"]);
  await index(db, "failures", ["at"]);
}

async function keys(db: Kysely<Schema>): Promise<void> {
  const always: Columns = {
    id: ID,
    kind: WORD,
    sequence: "integer",
    wrapped: "text",
    secret_id: ID,
    created_at: TIME,
    active_from: TIME,
  };
  await table(db, "keys", "id", always, { retired_at: TIME }).execute();
  await unique(db, "keys", ["kind", "sequence"]);
}

async function verifications(db: Kysely<Schema>): Promise<void> {
  const always: Columns = {
    id: ID,
    purpose: WORD,
    phone_tag: TAG,
    sealed_phone: SEALED,
    code_key_id: ID,
    code_length: "integer",
    attempts_allowed: "integer",
    attempts_used: "integer",
    outcome: WORD,
    bucket: WORD,
    locale: WORD,
    created_at: TIME,
    expires_at: TIME,
    messages: "integer",
    resend_at: TIME,
  };
  await table(db, "verifications", "id", always, { device_id: ID, browser: ID }).execute();
  await index(db, "verifications", ["device_id", "phone_tag", "purpose", "created_at"]);
  await index(db, "verifications", ["expires_at"]);
}

async function limits(db: Kysely<Schema>): Promise<void> {
  await table(db, "limits", "limit_key", { limit_key: LIMIT_KEY, touched_at: TIME }).execute();
  await index(db, "limits", ["touched_at"]);
  await counted(db, "limit_events", { limit_key: LIMIT_KEY, member: TAG, at: TIME }).execute();
  await unique(db, "limit_events", ["limit_key", "member"]);
  await index(db, "limit_events", ["limit_key", "at"]);
  await index(db, "limit_events", ["at"]);
  await counted(db, "limit_leases", {
    limit_key: LIMIT_KEY,
    member: TAG,
    amount: "integer",
    ends_at: TIME,
  }).execute();
  await unique(db, "limit_leases", ["limit_key", "member"]);
  await index(db, "limit_leases", ["ends_at"]);
  await table(db, "limit_seeds", "epoch", { epoch: TAG }).execute();
}

type Table = CreateTableBuilder<string, string>;

function table(
  db: Kysely<Schema>,
  name: keyof Schema,
  primaryKey: string,
  always: Columns,
  sometimes: Columns = {},
): Table {
  const created: Table = db.schema.createTable(name);
  return withColumns(created, always, sometimes).addPrimaryKeyConstraint(`${name}_key`, [primaryKey]);
}

/** A table whose rows are numbered as they come. */
function counted(db: Kysely<Schema>, name: keyof Schema, always: Columns, sometimes: Columns = {}): Table {
  const created: Table = db.schema
    .createTable(name)
    .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement());
  return withColumns(created, always, sometimes);
}

function withColumns(created: Table, always: Columns, sometimes: Columns): Table {
  let wide = created;
  for (const [name, type] of Object.entries(always)) {
    wide = wide.addColumn(name, type, (column) => column.notNull());
  }
  for (const [name, type] of Object.entries(sometimes)) wide = wide.addColumn(name, type);
  return wide;
}

function unique(db: Kysely<Schema>, name: keyof Schema, columns: readonly string[]): Promise<void> {
  return db.schema
    .createIndex(`${name}_by_${columns.join("_")}`)
    .unique()
    .on(name)
    .columns([...columns])
    .execute();
}

function index(db: Kysely<Schema>, name: keyof Schema, columns: readonly string[]): Promise<void> {
  return db.schema
    .createIndex(`${name}_by_${columns.join("_")}`)
    .on(name)
    .columns([...columns])
    .execute();
}
