import type { Kysely } from "kysely";
import { firstDueAt } from "../../../core/notices/notices.ts";
import type { Notice } from "../../../core/notices/ports.ts";
import type { NoticeRow, Schema } from "../tables/schema.ts";

/** Writes notices, in the transaction of the change that they tell of. */
export async function addNotices(trx: Kysely<Schema>, ...notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return;
  await trx.insertInto("notices").values(notices.map(noticeValues)).execute();
}

function noticeValues(notice: Notice): NoticeRow {
  return {
    id: notice.id,
    user_id: notice.userId,
    kind: notice.kind,
    phone_tag: notice.phoneTag,
    sealed_phone: notice.sealedPhone,
    locale: notice.locale,
    state: "waiting",
    created_at: notice.createdAt,
    sealed_stop_code: notice.sealedStopCode ?? null,
    due_at: firstDueAt(notice),
  };
}

export function noticeOf(row: NoticeRow): Notice {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    phoneTag: row.phone_tag,
    sealedPhone: row.sealed_phone,
    ...(row.sealed_stop_code !== null && { sealedStopCode: row.sealed_stop_code }),
    locale: row.locale,
    createdAt: row.created_at,
  };
}
