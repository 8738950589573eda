import type { Locale } from "../../../core/locale.ts";

interface PasswordSignInCopy {
  /** From the page that signs in by code. */
  readonly link: string;
  readonly title: string;
  readonly lead: string;
  readonly password: string;
  readonly submit: string;
  readonly forgotten: string;
  readonly byCode: string;
  /** The label of the button that shows the typed password while it is pressed down. */
  readonly show: string;
}

/** The page that signs in by password. */
export const PASSWORD_SIGN_IN_COPY: Readonly<Record<Locale, PasswordSignInCopy>> = {
  en: {
    link: "Sign in with a password",
    title: "Sign in with a password",
    lead: "For accounts that have one. You can always sign in with a code instead.",
    password: "Password",
    submit: "Sign in",
    forgotten: "Forgot your password?",
    byCode: "Sign in with a code",
    show: "Show password",
  },
  "zh-CN": {
    link: "使用密码登录",
    title: "密码登录",
    lead: "适用于已设置密码的账号。您也可以随时使用验证码登录。",
    password: "密码",
    submit: "登录",
    forgotten: "忘记密码？",
    byCode: "使用验证码登录",
    show: "显示密码",
  },
};
