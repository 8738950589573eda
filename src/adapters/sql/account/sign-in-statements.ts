import { ifAbsent, type SqlDatabase } from "../database.ts";
import { reusable } from "../statements/reusable.ts";
import type { EventType, SessionRow, UserRow } from "../tables/schema.ts";

export type SignInStatements = ReturnType<typeof createSignInStatements>;

/** What sign-ins run, one or many at a time. */
export function createSignInStatements({ db }: SqlDatabase) {
  return {
    addUsers: reusable((rows: readonly UserRow[]) => ifAbsent(db.insertInto("users").values(rows))),
    findUsers: reusable((rows: readonly { tag: string }[]) =>
      db
        .selectFrom("users")
        .leftJoin("invitations", "invitations.phone_tag", "users.phone_tag")
        .select("invitations.id as invitation_id")
        .selectAll("users")
        .where(
          "users.phone_tag",
          "in",
          rows.map(({ tag }) => tag),
        ),
    ),
    lockUser: reusable(([row]: readonly { tag: string }[]) =>
      db
        .selectFrom("users")
        .selectAll()
        .where("phone_tag", "=", row?.tag ?? "")
        .forUpdate(),
    ),
    endInvitations: reusable((rows: readonly { tag: string }[]) =>
      db.deleteFrom("invitations").where(
        "phone_tag",
        "in",
        rows.map(({ tag }) => tag),
      ),
    ),
    addSessions: reusable((rows: readonly SessionRow[]) => db.insertInto("sessions").values(rows)),
    addEvents: reusable((rows: readonly EventRow[]) => db.insertInto("events").values(rows)),
    convert: reusable((rows: readonly { id: string }[]) =>
      db
        .updateTable("messages")
        .set({ converted: 1 })
        .where(
          "verification_id",
          "in",
          rows.map(({ id }) => id),
        ),
    ),
  };
}

interface EventRow {
  readonly type: EventType;
  readonly user_id: string;
  readonly session_id: string | null;
  readonly at: number;
}
