import { counted } from "../../../core/counted.ts";
import type { Locale } from "../../../core/locale.ts";

interface ForgottenCopy {
  readonly title: string;
  readonly lead: string;
  readonly submit: string;
  readonly back: string;
  readonly chooseTitle: string;
  /** In place of the code's field, while another password is asked for. */
  readonly codeKept: string;
  readonly ends: string;
  readonly choose: string;
  readonly doneTitle: string;
  readonly done: string;
  readonly signIn: string;
  readonly factors: string;
  readonly factorsLead: string;
  readonly toFactors: string;
  readonly codesLeft: (count: number) => string;
  readonly nobodyTitle: string;
  readonly nobody: string;
  /** Follows that directly, if anybody gets an account. */
  readonly signUp: string;
  readonly used: string;
}

/** The pages for people who forgot their password. */
export const FORGOTTEN_COPY: Readonly<Record<Locale, ForgottenCopy>> = {
  en: {
    title: "Forgot your password?",
    lead: "Enter your mobile number and we’ll text you a code. With it you choose a new password.",
    submit: "Send code",
    back: "Back to sign-in",
    chooseTitle: "Choose a new password",
    codeKept: "The code you entered is kept.",
    ends: "You’ll be signed out everywhere.",
    choose: "Save new password",
    doneTitle: "Your new password is set",
    done: "You are signed out everywhere. Sign in with your new password.",
    signIn: "Sign in",
    factors: "Second factors of your account",
    factorsLead: "If you do not know one of these, sign in and remove it.",
    toFactors: "Look at them after signing in",
    codesLeft: (count) => counted(count, "recovery code"),
    nobodyTitle: "There is no account",
    nobody: "The code was right, but this number has no account.",
    signUp: " Sign in with a code to create one.",
    used: "It works once. Try to sign in with your new password; if that does not work, begin again.",
  },
  "zh-CN": {
    title: "忘记密码？",
    lead: "输入手机号，我们会向您发送短信验证码，凭验证码即可设置新密码。",
    submit: "获取验证码",
    back: "返回登录",
    chooseTitle: "设置新密码",
    codeKept: "已保留您输入的验证码。",
    ends: "您在所有设备上的登录将全部退出。",
    choose: "保存新密码",
    doneTitle: "新密码已设置",
    done: "您已在所有设备上退出登录，请使用新密码登录。",
    signIn: "登录",
    factors: "该账号的验证方式",
    factorsLead: "如有您不认识的验证方式，请登录后将其移除。",
    toFactors: "登录后查看",
    codesLeft: (count) => `${count} 个恢复码`,
    nobodyTitle: "账号不存在",
    nobody: "验证码正确，但该号码尚未注册账号。",
    signUp: "您可以使用验证码登录并创建账号。",
    used: "验证码仅可使用一次。请尝试使用新密码登录；如无法登录，请重新开始。",
  },
};
