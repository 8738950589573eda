import type { Kysely } from "kysely";
import type { Schema } from "../tables/schema.ts";
import { type Columns, ID, index, TIME, table, WORD } from "./tables.ts";

/** Second factors of users, the challenges of passkeys, and the ledger of wrong codes of authenticator apps. */
export async function factors(db: Kysely<Schema>): Promise<void> {
  const ofAFactor: Columns = { id: ID, user_id: ID, kind: WORD, label: "varchar(255)", created_at: TIME };
  await table(db, "factors", ofAFactor, {
    confirmed_at: TIME,
    last_used_at: TIME,
    sealed_secret: "varchar(512)",
    last_step: TIME,
    credential_id: "text",
    credential_hash: ID,
    public_key: "text",
    counter: TIME,
    transports: "varchar(128)",
  });
  await index(db, "factors", ["user_id"]);
  await index(db, "factors", ["credential_hash"], "unique");
  await table(db, "recovery_codes", { id: ID, user_id: ID, hash: ID, created_at: TIME }, { used_at: TIME });
  await index(db, "recovery_codes", ["user_id"]);
  await table(db, "passkey_challenges", { id: ID, user_id: ID, bound_to: "varchar(128)", expires_at: TIME });
  await index(db, "passkey_challenges", ["user_id"]);
  await index(db, "passkey_challenges", ["expires_at"]);
  await table(db, "factor_failures", { id: ID, user_id: ID, bucket: WORD, at: TIME });
  await index(db, "factor_failures", ["user_id", "bucket", "at"]);
  await index(db, "factor_failures", ["at"]);
}
