import { isNoticeKind, type NoticeKind } from "../../core/delivery/notice-kinds.ts";
import type { Locale } from "../../core/locale.ts";
import { noticeText } from "../../core/notices/text.ts";
import type { Purpose } from "../../core/verification/purpose.ts";

/** All but `confirm_transaction`, each of whose texts names one payee of the operator's. */
export type TemplatePurpose = Exclude<Purpose, "confirm_transaction">;

/** The purpose of a template: a code, or a notice. */
export type TemplateUse = TemplatePurpose | NoticeKind;

export interface Template {
  /** Tells templates apart in the console. */
  readonly name: string;
  /** `{1}` is the code, `{2}` the minutes left. In a notice `{1}` is what stops the announced change. */
  readonly text: string;
}

/** The tutorial's text, one a purpose. */
const TEMPLATES: Readonly<Record<TemplatePurpose, Readonly<Record<Locale, Template>>>> = {
  sign_in: pair("sign-in", "sign-in", "登录"),
  reset_password: pair("password reset", "password reset", "重置密码"),
  second_factor: pair("second-step", "sign-in", "登录二次"),
  verify_identity: pair("identity", "check of your identity", "身份"),
  temporary_password: pair("temporary password", "request for it", "临时密码"),
  change_phone: pair("phone change", "change of phone number", "更换手机号"),
  delete_account: pair("account deletion", "account deletion", "注销账号"),
};

/** Every purpose that has a template, so that all of them can be reviewed at once. */
export const TEMPLATE_PURPOSES = Object.keys(TEMPLATES) as readonly TemplatePurpose[];

function pair(kind: string, event: string, zhKind: string): Readonly<Record<Locale, Template>> {
  return {
    en: {
      name: `Phonekey ${kind}`,
      text: `Your ${kind} verification code is {1}. Please enter it within {2} minutes. If the ${event} was not initiated by you, please ignore this message.`,
    },
    "zh-CN": {
      name: `Phonekey ${zhKind}验证码`,
      text: `您的${zhKind}验证码为{1}，请于{2}分钟内填写。如非本人操作，请忽略本短信。`,
    },
  };
}

/** The text that is submitted if the operator has none of their own. */
export function defaultTemplate(use: TemplateUse, locale: Locale): Template {
  return isNoticeKind(use) ? notice(use, locale) : TEMPLATES[use][locale];
}

/** Without a link: the cloud accepts only links that are fixed (cloud.tencent.com/document/product/382/13301). */
function notice(kind: NoticeKind, locale: Locale): Template {
  const text = noticeText(kind, locale);
  const name = `Phonekey ${kind.replaceAll("_", " ")}${locale === "en" ? "" : " 通知"}`;
  return { name, text: text.charAt(0).toUpperCase() + text.slice(1) };
}

/** How many variables the sender fills in a text of a notice. */
export function noticeParameters(kind: NoticeKind, text: string): number {
  return kind === "phone_change_started" && text.includes("{1}") ? 1 : 0;
}
