import type { Locale } from "../../../core/locale.ts";

interface CodeCopy {
  readonly title: string;
  /** What stands before and after the masked number. */
  readonly sentTo: (length: number) => readonly [string, string];
  /** What stands before and after the masked number that a temporary password was sent to. */
  readonly passwordSentTo: readonly [string, string];
  /** Follows the previous sentence directly. In a language that separates sentences by a space it begins with one. */
  readonly validFor: (duration: string) => string;
  readonly label: string;
  /** Shown if the script sends the form after the last digit. */
  readonly goesOn: string;
  readonly submit: string;
  readonly resend: string;
  readonly resendIn: (time: string) => string;
  readonly resendCountdown: string;
  readonly resendReady: string;
  readonly otherNumber: string;
  readonly neverShare: string;
  readonly expired: string;
  readonly endedTitle: string;
  readonly endedText: string;
  readonly usedTitle: string;
  readonly usedText: string;
  readonly sendNew: string;
  readonly openInbox: string;
}

/** Entering a code that was sent, on whichever page. */
export const CODE_COPY: Readonly<Record<Locale, CodeCopy>> = {
  en: {
    title: "Enter your code",
    sentTo: (length) => [`We sent ${length === 8 ? "an" : "a"} ${length}-digit code to `, "."],
    passwordSentTo: ["We sent it to ", "."],
    validFor: (duration) => ` It works for ${duration}.`,
    label: "Code from the text message",
    goesOn: "Continues automatically after the last digit.",
    submit: "Sign in",
    resend: "Send it again",
    resendIn: (time) => `You can send it again ${time}.`,
    resendCountdown: "Send again in {time}",
    resendReady: "You can have the code sent again now.",
    otherNumber: "Use another number",
    neverShare: "Never share this code. We will never call or message you to ask for it.",
    expired: "This code has expired. Have a new one sent.",
    endedTitle: "This code no longer works",
    endedText: "It has expired, or was entered wrongly too many times. We can send a new one to ",
    usedTitle: "This code has been used",
    usedText: "It works once. If it did not sign you in, begin again.",
    sendNew: "Send a new code",
    openInbox: "Open the development inbox",
  },
  "zh-CN": {
    title: "输入验证码",
    sentTo: (length) => [`${length} 位验证码已发送至 `, "。"],
    passwordSentTo: ["临时密码已发送至 ", "。"],
    validFor: (duration) => `${duration}内有效。`,
    label: "短信验证码",
    goesOn: "输入完整后将自动提交。",
    submit: "登录",
    resend: "重新发送",
    resendIn: (time) => `${time}可重新发送。`,
    resendCountdown: "{time} 后可重新发送",
    resendReady: "现在可以重新发送验证码了。",
    otherNumber: "使用其他手机号",
    neverShare: "请勿将验证码告诉任何人。我们绝不会打电话或发消息向您索取。",
    expired: "验证码已过期，请重新获取。",
    endedTitle: "验证码已失效",
    endedText: "验证码已过期，或输错次数过多。我们可以重新发送至 ",
    usedTitle: "验证码已使用",
    usedText: "验证码仅可使用一次。如果您未能登录，请重新开始。",
    sendNew: "发送新的验证码",
    openInbox: "打开开发收件箱",
  },
};
