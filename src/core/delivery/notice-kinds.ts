/** What the holder of a phone is told without having asked for it. A kind, once used, keeps its meaning. */
export const NOTICE_KINDS = [
  "password_changed",
  "password_reset",
  "factor_added",
  "factor_removed",
  "recovery_code_used",
  "login_protection_off",
  "phone_change_started",
  "phone_changed",
] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

export function isNoticeKind(use: string): use is NoticeKind {
  return NOTICE_KINDS.some((kind) => kind === use);
}
