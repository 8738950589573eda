import type { NoticeKind } from "../delivery/notice-kinds.ts";
import type { Locale } from "../locale.ts";

export interface NoticeParts {
  readonly brandName: string;
  /** Where people reach the pages; absent where that is not known. */
  readonly origin?: string;
  /** Stops what the notice tells of, at `/stop/CODE`. */
  readonly stopCode?: string;
}

type Text = (parts: Omit<NoticeParts, "brandName">) => string;

/**
 * The English ones keep to the GSM 7-bit alphabet (3GPP TS 23.038), so that 160 characters are one message; one other
 * character, such as a curly apostrophe, would make it 70.
 */
const TEXTS: Readonly<Record<NoticeKind, Readonly<Record<Locale, Text>>>> = {
  password_changed: {
    en: () => `your password was changed. If it was not you, sign in by code and set a new one.`,
    "zh-CN": () => `您的登录密码已修改。如非本人操作，请用验证码登录并重设密码。`,
  },
  password_reset: {
    en: () => `your password was reset by a code. If it was not you, sign in by code and set a new one.`,
    "zh-CN": () => `您的登录密码已通过验证码重置。如非本人操作，请用验证码登录并重设密码。`,
  },
  factor_added: {
    en: () => `a way to confirm sign-ins was added to your account. If it was not you, remove it there.`,
    "zh-CN": () => `您的账号已添加新的验证方式。如非本人操作，请登录账号页面将其移除。`,
  },
  factor_removed: {
    en: () =>
      `a way to confirm sign-ins was removed from your account. If it was not you, sign in and see to it.`,
    "zh-CN": () => `您的账号已移除一种验证方式。如非本人操作，请登录账号页面检查。`,
  },
  recovery_code_used: {
    en: () => `a recovery code of your account was used. If it was not you, sign in and make new ones.`,
    "zh-CN": () => `您的账号刚刚使用了一个恢复码。如非本人操作，请登录账号页面重新生成。`,
  },
  login_protection_off: {
    en: () => `login protection of your account was turned off. If it was not you, sign in and turn it on.`,
    "zh-CN": () => `您的账号已关闭登录保护。如非本人操作，请登录账号页面重新开启。`,
  },
  phone_change_started: {
    en: (parts) => `your account is about to move to another number. Not you? ${stopIt(parts)}`,
    "zh-CN": (parts) => `您的账号即将更换手机号。如非本人操作，${stopItZh(parts)}`,
  },
  phone_changed: {
    en: () => `your account has moved to another number. This one no longer signs in to it.`,
    "zh-CN": () => `您的账号已更换手机号，本号码不再用于登录该账号。`,
  },
};

/** What a notice says, for senders that carry free text. Nothing that a caller sent is part of it (T49). */
export function composeNotice(kind: NoticeKind, locale: Locale, parts: NoticeParts): string {
  const { brandName } = parts;
  const text = noticeText(kind, locale, parts);
  return locale === "en" ? `${brandName}: ${text}` : `【${brandName}】${text}`;
}

/** What a notice says, without the name of `composeNotice` in front, which a signature says where there is one. */
export function noticeText(
  kind: NoticeKind,
  locale: Locale,
  parts: Omit<NoticeParts, "brandName"> = {},
): string {
  return TEXTS[kind][locale](parts);
}

function stopIt(parts: Parameters<Text>[0]): string {
  const link = stopLink(parts);
  return link ? `Stop it: ${link}` : "Sign in and stop it.";
}

function stopItZh(parts: Parameters<Text>[0]): string {
  const link = stopLink(parts);
  return link ? `请打开 ${link} 停止` : "请登录账号页面停止。";
}

function stopLink({ origin, stopCode }: Parameters<Text>[0]): string | undefined {
  return origin && stopCode ? `${origin}/stop/${stopCode}` : undefined;
}
