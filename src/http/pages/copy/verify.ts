import type { Locale } from "../../../core/locale.ts";

interface VerifyCopy {
  readonly identity: Kind;
  readonly payment: Kind & { readonly amount: string; readonly payee: string; readonly check: string };
  readonly password: Kind & { readonly label: string; readonly hint: string };
  /** The page on which a person asks for one. */
  readonly askPassword: { readonly title: string; readonly lead: string; readonly submit: string };
  readonly doneTitle: string;
  readonly doneText: string;
  readonly endedTitle: string;
  readonly endedText: string;
  /** Where the person goes on. */
  readonly back: (backend: string) => string;
  readonly notYou: string;
}

interface Kind {
  readonly title: string;
  /** What stands before and after the name of the backend that asks. */
  readonly lead: readonly [string, string];
  readonly submit: string;
}

/** The page on which a person enters the code that a backend asked for. */
export const VERIFY_COPY: Readonly<Record<Locale, VerifyCopy>> = {
  en: {
    identity: {
      title: "Confirm that it’s you",
      lead: ["", " asks you to show that this number is yours."],
      submit: "Confirm",
    },
    payment: {
      title: "Confirm this payment",
      lead: ["", " asks you to confirm it."],
      submit: "Confirm payment",
      amount: "Amount",
      payee: "To",
      check:
        "The text message must say the same amount and the same name. If it does not, do not enter the code.",
    },
    password: {
      title: "Enter your temporary password",
      lead: ["", " had it sent to you. It works once; you choose your own afterwards."],
      submit: "Sign in",
      label: "Temporary password from the text message",
      hint: "Small or capital letters, with or without the hyphens.",
    },
    askPassword: {
      title: "Get a temporary password",
      lead: "Enter your mobile number and we’ll text you a password that works once, for ten minutes at most. You choose your own afterwards.",
      submit: "Send password",
    },
    doneTitle: "Confirmed",
    doneText: "You can close this page.",
    endedTitle: "This page no longer works",
    endedText:
      "It has expired, was used, or the code was entered wrongly too many times. Begin again where you came from.",
    back: (backend) => `Back to ${backend}`,
    notYou: "If you did not ask for this, close the page and share the code with nobody.",
  },
  "zh-CN": {
    identity: {
      title: "请确认是您本人",
      lead: ["", " 请您证明该号码归您所有。"],
      submit: "确认",
    },
    payment: {
      title: "请确认此笔付款",
      lead: ["", " 请您确认以下付款。"],
      submit: "确认付款",
      amount: "金额",
      payee: "收款方",
      check: "短信中的金额和收款方必须与此处一致。如不一致，请勿输入验证码。",
    },
    password: {
      title: "输入临时密码",
      lead: ["", " 已向您发送临时密码。该密码仅可使用一次，之后请设置您自己的密码。"],
      submit: "登录",
      label: "短信中的临时密码",
      hint: "不区分大小写，可不输入连字符。",
    },
    askPassword: {
      title: "获取临时密码",
      lead: "请输入手机号，我们会通过短信发送仅可使用一次的临时密码，最长十分钟内有效。之后请设置您自己的密码。",
      submit: "发送临时密码",
    },
    doneTitle: "已确认",
    doneText: "您可以关闭此页面。",
    endedTitle: "此页面已失效",
    endedText: "页面已过期或已使用，或验证码输入错误次数过多。请返回原页面重新开始。",
    back: (backend) => `返回 ${backend}`,
    notYou: "如非本人操作，请关闭此页面，并且不要将验证码告诉任何人。",
  },
};
