import type { Locale } from "../../../core/locale.ts";

interface PasswordCopy {
  readonly setTitle: string;
  readonly changeTitle: string;
  readonly lead: string;
  /** Shown if a temporary password was used. */
  readonly temporaryLead: string;
  readonly label: string;
  readonly hint: string;
  readonly ends: string;
  readonly submit: string;
  readonly remove: string;
  readonly removeLead: string;
  readonly back: string;
  readonly section: string;
  readonly sectionNone: string;
  readonly sectionSet: string;
  readonly linkSet: string;
  readonly linkChange: string;
}

/** The page where a signed-in person sets, changes or removes their password. */
export const PASSWORD_COPY: Readonly<Record<Locale, PasswordCopy>> = {
  en: {
    setTitle: "Set a password",
    changeTitle: "Change your password",
    lead: "With a password you can also sign in without a code.",
    temporaryLead: "You signed in with a temporary password. Please choose one of your own now.",
    label: "New password",
    hint: "8 to 256 characters of any kind. Several words that do not belong together work well.",
    ends: "You’ll be signed out on all other devices.",
    submit: "Save password",
    remove: "Remove password",
    removeLead: "Without a password you sign in by code alone.",
    back: "Back to your account",
    section: "Password",
    sectionNone: "You have no password. You sign in by code.",
    sectionSet: "You can sign in by password, and by code.",
    linkSet: "Set a password",
    linkChange: "Change or remove it",
  },
  "zh-CN": {
    setTitle: "设置密码",
    changeTitle: "修改密码",
    lead: "设置密码后，您也可以不用验证码登录。",
    temporaryLead: "您使用临时密码登录，请现在设置您自己的密码。",
    label: "新密码",
    hint: "8 至 256 个字符，不限种类。几个互不相关的词语连在一起就很好。",
    ends: "您在其他设备上的登录将全部退出。",
    submit: "保存密码",
    remove: "移除密码",
    removeLead: "移除密码后，您只能用验证码登录。",
    back: "返回我的账号",
    section: "密码",
    sectionNone: "您尚未设置密码，使用验证码登录。",
    sectionSet: "您可以使用密码或验证码登录。",
    linkSet: "设置密码",
    linkChange: "修改或移除",
  },
};
