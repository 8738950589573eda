import type { Locale } from "../../../core/locale.ts";

interface ConfirmCopy {
  readonly title: string;
  readonly lead: string;
  /** What stands before and after the masked number. */
  readonly bySms: readonly [string, string];
  readonly send: string;
  readonly submit: string;
  readonly back: string;
  /** If no factor counts in this session, and if a recovery code does not: a person who signs in anew can go on. */
  readonly signInAnew: Readonly<Record<"code" | "recovery", string>>;
}

/** The page that asks a signed-in person to confirm that it is them. */
export const CONFIRM_COPY: Readonly<Record<Locale, ConfirmCopy>> = {
  en: {
    title: "Confirm that it’s you",
    lead: "What you are about to do concerns the safety of your account.",
    bySms: ["We’ll text a code to ", "."],
    send: "Send code",
    submit: "Confirm",
    back: "Back to your account",
    signInAnew: {
      code: "Nothing you could show here counts in this session. Sign out, sign in with a code, and try again.",
      recovery: "Lost it? Sign out and sign in again: a recovery code counts right after that.",
    },
  },
  "zh-CN": {
    title: "请确认是您本人",
    lead: "您即将进行的操作会影响账号安全。",
    bySms: ["我们会将验证码发送至 ", "。"],
    send: "发送验证码",
    submit: "确认",
    back: "返回我的账号",
    signInAnew: {
      code: "当前登录状态下没有可用的验证方式。请退出登录，使用验证码重新登录后再试。",
      recovery: "已经丢失？请退出并重新登录，随后即可使用恢复码。",
    },
  },
};
