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

/**
 * For a day after these notices something waits for the phone's holder to act: a change of number, or a password that
 * was set by a code over SMS. They come even after STOP. Otherwise somebody who had the phone for a moment and answered
 * STOP on it would go on unseen.
 */
const WAITED_FOR: readonly NoticeKind[] = ["password_changed", "password_reset", "phone_change_started"];

/**
 * The notice by which a former number first hears that its account moves, if a change waits this long (milliseconds).
 */
export function noticeOfMove(phoneChangeMs: number): NoticeKind {
  return phoneChangeMs === 0 ? "phone_changed" : "phone_change_started";
}

/** Whether an opt-out keeps this notice from its phone. The first notice of a move is sent in any case. */
export function yieldsToOptOut(kind: NoticeKind, phoneChangeMs: number): boolean {
  return !WAITED_FOR.includes(kind) && kind !== noticeOfMove(phoneChangeMs);
}

export function isNoticeKind(use: string): use is NoticeKind {
  return NOTICE_KINDS.some((kind) => kind === use);
}
