import { counted } from "../../../core/counted.ts";
import type { Locale } from "../../../core/locale.ts";

/** Sentences with a number or a time in them: what stands before and after it. */
type Around = readonly [before: string, after: string];

interface LifeCopy {
  readonly phone: {
    readonly title: string;
    readonly lead: readonly [before: string, after: string, next: string];
    readonly waits: (hours: number) => string;
    readonly atOnce: string;
    readonly submit: string;
    readonly codeTitle: string;
    readonly codeSubmit: string;
    readonly other: string;
    readonly pendingTitle: string;
    readonly pending: Around;
    readonly pendingUntil: Around;
    readonly cancel: string;
    readonly section: string;
    readonly sectionLead: string;
    readonly link: string;
  };
  readonly stop: {
    readonly title: string;
    readonly lead: string;
    readonly submit: string;
    readonly doneTitle: string;
    readonly done: string;
    readonly signIn: string;
    readonly goneTitle: string;
    readonly gone: string;
  };
  readonly data: {
    readonly title: string;
    readonly exportTitle: string;
    readonly exportLead: string;
    readonly exportSubmit: string;
    readonly eraseTitle: string;
    readonly eraseLead: string;
    readonly eraseSend: Around;
    readonly eraseSubmit: string;
    readonly doneTitle: string;
    readonly done: string;
    readonly section: string;
    readonly sectionLead: string;
    readonly link: string;
  };
  readonly back: string;
}

/** The pages about the life of an account: another number, what is known of a person, its end. */
export const LIFE_COPY: Readonly<Record<Locale, LifeCopy>> = {
  en: {
    phone: {
      title: "Change your number",
      lead: ["You sign in with ", ".", " Enter the number that you want to sign in with instead."],
      waits: (hours) =>
        `The change takes effect after ${counted(hours, "hour")}. We tell your present number at once, so that nobody can take your account away unnoticed. Then you are signed out everywhere else.`,
      atOnce:
        "The change takes effect at once. We tell your present number, and you are signed out everywhere else.",
      submit: "Send code",
      codeTitle: "Enter the code",
      codeSubmit: "Change number",
      other: "Use another number",
      pendingTitle: "Your number is about to change",
      pending: ["Your account moves to ", "."],
      pendingUntil: ["It takes effect on ", ". Until then you sign in with your present number."],
      cancel: "Keep my present number",
      section: "Phone number",
      sectionLead:
        "You sign in with this number. If you get another one, change it here while you still have both.",
      link: "Change number",
    },
    stop: {
      title: "Stop the change?",
      lead: "Somebody who is signed in to your account wants to move it to another number. If that was not you, stop it. Everybody is then signed out of the account, and you sign in anew.",
      submit: "Stop the change",
      doneTitle: "The change is stopped",
      done: "The account keeps its number, and nobody is signed in to it any more. Sign in and look through your account.",
      signIn: "Sign in",
      goneTitle: "There is nothing to stop",
      gone: "The change was stopped or taken back before, or has taken effect already. If your number no longer signs in to your account, contact us.",
    },
    data: {
      title: "Your data",
      exportTitle: "Take your data with you",
      exportLead:
        "A file with all that is kept about you: your account, your sessions, what happened in it, and which messages you got.",
      exportSubmit: "Download",
      eraseTitle: "Delete your account",
      eraseLead:
        "Your account and everything that names you are deleted for good. Nobody can bring them back. You are signed out everywhere.",
      eraseSend: ["To be sure that it is you, we send a code to ", "."],
      eraseSubmit: "Delete my account",
      doneTitle: "Your account is deleted",
      done: "Everything that names you is gone.",
      section: "Your data",
      sectionLead: "See what is kept about you, or delete your account.",
      link: "Download or delete",
    },
    back: "Back to your account",
  },
  "zh-CN": {
    phone: {
      title: "更换手机号",
      lead: ["您目前使用 ", "", " 登录。请输入要更换的新手机号。"],
      waits: (hours) =>
        `更换将在 ${hours} 小时后生效。我们会立即通知您当前的手机号，以免账号被他人悄悄转走。生效后，其他设备上的登录都会退出。`,
      atOnce: "更换立即生效。我们会通知您当前的手机号，其他设备上的登录都会退出。",
      submit: "获取验证码",
      codeTitle: "输入验证码",
      codeSubmit: "更换手机号",
      other: "使用其他手机号",
      pendingTitle: "手机号即将更换",
      pending: ["您的手机号将更换为 ", "。"],
      pendingUntil: ["生效时间：", "。在此之前，请继续使用当前手机号登录。"],
      cancel: "保留当前手机号",
      section: "手机号",
      sectionLead: "您使用该号码登录。如需换号，请在两个号码都能使用时在此更换。",
      link: "更换手机号",
    },
    stop: {
      title: "停止更换手机号？",
      lead: "有人登录了您的账号，并申请更换手机号。如非您本人操作，请立即停止。停止后，该账号的所有登录都会退出，您需要重新登录。",
      submit: "停止更换",
      doneTitle: "已停止更换",
      done: "账号仍使用原手机号，所有登录均已退出。请重新登录并检查您的账号。",
      signIn: "登录",
      goneTitle: "没有可停止的更换",
      gone: "该更换已被停止、撤回，或已生效。如果您的号码无法再登录账号，请联系我们。",
    },
    data: {
      title: "我的数据",
      exportTitle: "导出数据",
      exportLead: "下载一份文件，包含我们保存的全部个人数据：账号、登录记录、操作记录和发送给您的短信记录。",
      exportSubmit: "下载",
      eraseTitle: "注销账号",
      eraseLead: "账号及所有可识别您身份的数据将被永久删除，无法恢复。所有设备上的登录都会退出。",
      eraseSend: ["为确认是您本人，我们会将验证码发送至 ", "。"],
      eraseSubmit: "注销账号",
      doneTitle: "账号已注销",
      done: "所有可识别您身份的数据均已删除。",
      section: "我的数据",
      sectionLead: "查看我们保存的个人数据，或注销账号。",
      link: "导出或注销",
    },
    back: "返回我的账号",
  },
};
