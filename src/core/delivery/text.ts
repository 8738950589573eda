import { counted } from "../counted.ts";
import type { Locale } from "../locale.ts";
import type { Transaction } from "../transaction.ts";
import type { Purpose } from "../verification/purpose.ts";

export interface TextParts {
  readonly code: string;
  /** The code as it is read, if that is not how it is typed: a password in groups. */
  readonly readable?: string;
  /** Present with `confirm_transaction`, whose messages say amount and payee (PSD2 RTS, article 5). */
  readonly transaction?: Transaction;
  readonly minutes: number;
  readonly brandName: string;
  /** Host of the page that the code may be typed into; without one there is no origin-bound line. */
  readonly host?: string;
}

const BODIES: Readonly<Record<Purpose, Readonly<Record<Locale, (parts: TextParts) => string>>>> = {
  sign_in: {
    en: ({ code, minutes, brandName }) =>
      `${code} is your ${brandName} sign-in code. It expires in ${counted(minutes, "minute")}. Never share it with anyone.`,
    "zh-CN": ({ code, minutes, brandName }) =>
      `【${brandName}】您的登录验证码是 ${code}，${minutes} 分钟内有效。请勿告诉任何人。`,
  },
  temporary_password: {
    en: ({ code, readable = code, minutes, brandName }) =>
      `${readable} is your temporary ${brandName} password. It works once, within ${counted(minutes, "minute")}. Never share it with anyone.`,
    "zh-CN": ({ code, readable = code, minutes, brandName }) =>
      `【${brandName}】您的临时密码是 ${readable}，${minutes} 分钟内有效，仅可使用一次。请勿告诉任何人。`,
  },
  // The code stands before the amount: phones and people take the first number for the code.
  confirm_transaction: {
    en: ({ code, minutes, brandName, transaction }) =>
      `${code} is your ${brandName} code to pay ${paid(transaction)} to "${transaction?.payee ?? ""}". It expires in ${counted(minutes, "minute")}. Not you? Share it with nobody.`,
    "zh-CN": ({ code, minutes, brandName, transaction }) =>
      `【${brandName}】验证码 ${code}，用于确认您向“${transaction?.payee ?? ""}”支付 ${paid(transaction)}，${minutes} 分钟内有效。如非本人操作，请勿告诉任何人。`,
  },
  reset_password: {
    en: ({ code, minutes, brandName }) =>
      `${code} is your ${brandName} code to set a new password. It expires in ${counted(minutes, "minute")}. If you did not ask for it, ignore this message.`,
    "zh-CN": ({ code, minutes, brandName }) =>
      `【${brandName}】您的重置密码验证码是 ${code}，${minutes} 分钟内有效。如非本人操作，请忽略本短信。`,
  },
  verify_identity: {
    en: ({ code, minutes, brandName }) =>
      `${code} is your ${brandName} code to confirm your identity. It expires in ${counted(minutes, "minute")}. If you did not ask for it, ignore this message.`,
    "zh-CN": ({ code, minutes, brandName }) =>
      `【${brandName}】您的身份验证码是 ${code}，${minutes} 分钟内有效。如非本人操作，请忽略本短信。`,
  },
  second_factor: {
    en: ({ code, minutes, brandName }) =>
      `${code} is your ${brandName} code to confirm that it is you. It expires in ${counted(minutes, "minute")}. Never share it with anyone.`,
    "zh-CN": ({ code, minutes, brandName }) =>
      `【${brandName}】您的安全验证码是 ${code}，${minutes} 分钟内有效。请勿告诉任何人。`,
  },
  change_phone: {
    en: ({ code, minutes, brandName }) =>
      `${code} moves your ${brandName} account to this number. It expires in ${counted(minutes, "minute")}. If you did not ask for it, ignore this message.`,
    "zh-CN": ({ code, minutes, brandName }) =>
      `【${brandName}】您的更换手机号验证码是 ${code}，${minutes} 分钟内有效。如非本人操作，请忽略本短信。`,
  },
  delete_account: {
    en: ({ code, minutes, brandName }) =>
      `${code} deletes your ${brandName} account for good. It expires in ${counted(minutes, "minute")}. Never share it with anyone.`,
    "zh-CN": ({ code, minutes, brandName }) =>
      `【${brandName}】您的注销账号验证码是 ${code}，${minutes} 分钟内有效，注销后无法恢复。请勿告诉任何人。`,
  },
};

function paid(transaction: Transaction | undefined): string {
  return `${transaction?.currency ?? ""} ${transaction?.amount ?? ""}`;
}

/**
 * Composes a message for senders that carry free text. It contains nothing that a caller sent (T49), except a
 * transaction that a backend asks to be confirmed, which `parseTransaction` has judged. Its last line binds the code to
 * the page's origin (WICG "Origin-bound one-time codes delivered via SMS").
 */
export function composeText(purpose: Purpose, locale: Locale, parts: TextParts): string {
  const body = BODIES[purpose][locale](parts);
  return parts.host ? `${body}\n\n@${parts.host} #${parts.code}` : body;
}
