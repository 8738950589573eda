import { afterEach } from "vitest";
import type { NoticeKind } from "../../../src/core/delivery/notice-kinds.ts";
import { createNotices, type NoticesDeps } from "../../../src/core/notices/notices.ts";
import { withSending } from "../../../src/core/sending.ts";
import { createRules, type RulesOptions } from "../rules.ts";

let opened: Awaited<ReturnType<typeof createRules>> | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** A user who has signed in, and the notices that they get; closed after the test. */
export async function setUp(options: RulesOptions = {}, over: Partial<NoticesDeps> = {}) {
  const rules = await createRules(options);
  opened = rules;
  const { id, code } = await rules.started();
  const signedIn = await rules.phonekey().signIn.byCode({
    ...{ verificationId: id, code, client: {}, userAgent: "" },
  });
  if (!signedIn.ok) throw new Error(signedIn.refusal.code);
  const { user } = signedIn.value;
  rules.sms.sent.length = 0;
  const errors: unknown[] = [];
  const noticesOn = (more: Partial<NoticesDeps> = {}) => {
    return createNotices({
      ...withSending(rules.deps()),
      onNoticeError: (error) => errors.push(error),
      ...over,
      ...more,
    });
  };
  const notices = noticesOn();
  const stateOf = async (notice: { readonly id: string }) => {
    const query = rules.database.db.selectFrom("notices").selectAll().where("id", "=", notice.id);
    return await query.executeTakeFirstOrThrow();
  };
  /** Promises a notice, as a store does within its transaction. */
  const promised = async ({ kind, ...more }: { kind?: NoticeKind; readonly stopCode?: string } = {}) => {
    kind ??= more.stopCode ? "phone_change_started" : "password_changed";
    const notice = await notices.draft(kind, user, { locale: "en", ...more });
    await rules.deps().noticeStore.add(notice);
    return notice;
  };
  return { rules, user, notices, noticesOn, errors, stateOf, promised };
}
