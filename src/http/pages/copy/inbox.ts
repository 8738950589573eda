import type { Locale } from "../../../core/locale.ts";

interface InboxCopy {
  readonly title: string;
  readonly lead: string;
  readonly empty: string;
  readonly emptyLead: string;
  readonly to: string;
  readonly newMessage: string;
  readonly toSignIn: string;
}

/** The development inbox. */
export const INBOX_COPY: Readonly<Record<Locale, InboxCopy>> = {
  en: {
    title: "Development inbox",
    lead: "Text messages that would have gone to phones. Only this machine can see them.",
    empty: "No messages yet",
    emptyLead: "Ask for a code on the sign-in page. It will appear here by itself.",
    to: "To",
    newMessage: "New message",
    toSignIn: "Go to the sign-in page",
  },
  "zh-CN": {
    title: "开发收件箱",
    lead: "这里显示本应发送到手机的短信，仅本机可见。",
    empty: "暂无短信",
    emptyLead: "请在登录页获取验证码，短信会自动显示在这里。",
    to: "收件人",
    newMessage: "新短信",
    toSignIn: "前往登录页",
  },
};
