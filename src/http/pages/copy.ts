import type { Locale } from "../../core/verification/ports.ts";

/** Every sentence of the pages, one object a language. Numbers and dates are put into words by Intl. */
export interface Copy {
  readonly languageName: string;
  readonly languages: string;
  readonly skipToContent: string;
  readonly errorPrefix: string;
  readonly opensInNewTab: string;
  readonly copyCode: string;
  readonly copied: string;
  readonly phone: PhoneCopy;
  readonly code: CodeCopy;
  readonly challenge: ChallengeCopy;
  readonly account: AccountCopy;
  readonly inbox: InboxCopy;
  readonly docs: DocsCopy;
}

/** Texts with `{time}` or `{count}` are filled in by the script in the browser. */
interface PhoneCopy {
  readonly title: string;
  readonly lead: string;
  readonly country: string;
  readonly phone: string;
  readonly submit: string;
  readonly smallPrint: string;
  readonly retryIn: (time: string) => string;
  readonly retryCountdown: string;
  readonly retryNow: string;
  readonly search: string;
  readonly close: string;
  readonly noMatch: string;
  readonly matches: string;
}

interface CodeCopy {
  readonly title: string;
  /** What stands before and after the masked number. */
  readonly sentTo: (length: number) => readonly [string, string];
  /** Follows the sentence before at once; a language that parts sentences by a space begins with it. */
  readonly validFor: (duration: string) => string;
  readonly label: string;
  readonly submit: string;
  readonly notArrived: string;
  readonly resend: string;
  readonly resendIn: (time: string) => string;
  readonly resendCountdown: string;
  readonly resendReady: string;
  readonly otherNumber: string;
  readonly neverShare: string;
  readonly expired: string;
  readonly endedTitle: string;
  readonly endedText: string;
  readonly sendNew: string;
  readonly openInbox: string;
}

interface ChallengeCopy {
  readonly working: string;
  readonly solve: string;
  readonly open: string;
  readonly solved: string;
  readonly failed: string;
  readonly expired: string;
  readonly needsScript: string;
}

interface AccountCopy {
  readonly title: string;
  readonly unnamed: string;
  readonly since: string;
  readonly profile: string;
  readonly name: string;
  readonly nameHint: string;
  readonly avatar: string;
  /** What each avatar shows, from number 1 on. */
  readonly avatarNames: readonly string[];
  readonly save: string;
  readonly sessions: string;
  readonly sessionsLead: string;
  readonly thisDevice: string;
  readonly lastUsed: string;
  readonly signedIn: string;
  readonly end: string;
  readonly endOf: (device: string) => string;
  readonly endOthers: string;
  readonly signOut: string;
  readonly saved: string;
}

interface InboxCopy {
  readonly title: string;
  readonly lead: string;
  readonly empty: string;
  readonly emptyLead: string;
  readonly to: string;
  readonly newMessage: string;
  readonly toSignIn: string;
}

interface DocsCopy {
  readonly version: string;
  readonly contents: string;
  readonly operations: string;
  readonly auth: string;
  readonly parameters: string;
  readonly body: string;
  readonly answers: string;
  readonly refusals: string;
  readonly refusalsLead: string;
  readonly example: string;
  readonly required: string;
  readonly optional: string;
  readonly copy: string;
  readonly status: string;
  readonly code: string;
  readonly meaning: string;
}

const EN: Copy = {
  languageName: "English",
  languages: "Language",
  skipToContent: "Skip to content",
  errorPrefix: "Error: ",
  opensInNewTab: "(opens in a new tab)",
  copyCode: "Copy code",
  copied: "Copied",
  phone: {
    title: "Sign in",
    lead: "Enter your mobile number and we’ll text you a code. If you’re new here, this creates your account.",
    country: "Country or region",
    phone: "Mobile number",
    submit: "Send code",
    smallPrint: "You’ll get one text message. Your carrier’s rates may apply.",
    retryIn: (time) => `You can try again ${time}.`,
    retryCountdown: "You can try again in {time}.",
    retryNow: "You can try again now.",
    search: "Search by name or code",
    close: "Close",
    noMatch: "No country or region matches.",
    matches: "{count} found",
  },
  code: {
    title: "Enter your code",
    sentTo: (length) => [`We sent a ${length}-digit code to `, "."],
    validFor: (duration) => ` It works for ${duration}.`,
    label: "Code from the text message",
    submit: "Sign in",
    notArrived: "Didn’t get it?",
    resend: "Send it again",
    resendIn: (time) => `You can send it again ${time}.`,
    resendCountdown: "Send again in {time}",
    resendReady: "You can have the code sent again now.",
    otherNumber: "Use another number",
    neverShare: "Never share this code. We will never call or message you to ask for it.",
    expired: "This code has expired. Have a new one sent.",
    endedTitle: "This code no longer works",
    endedText: "It has expired, or was entered wrongly too many times. We can send a new one to ",
    sendNew: "Send a new code",
    openInbox: "Open the development inbox",
  },
  challenge: {
    working: "Checking that you are not a robot. This takes a moment…",
    solve: "Please show that you are not a robot.",
    open: "Start the check",
    solved: "Checked. You can go on.",
    failed: "The check did not work. Load the page again, or try another browser.",
    expired: "The check has expired. Please do it again.",
    needsScript:
      "This check needs JavaScript. Turn it on and try again, or sign in on a device that has signed in to this number before.",
  },
  account: {
    title: "Your account",
    unnamed: "Welcome",
    since: "Joined",
    profile: "Profile",
    name: "Name",
    nameHint: "Up to 64 characters.",
    avatar: "Avatar",
    avatarNames: ["Fox", "Whale", "Owl", "Cat", "Panda", "Frog", "Bear", "Penguin", "Rabbit", "Octopus"],
    save: "Save changes",
    sessions: "Where you’re signed in",
    sessionsLead: "If you don’t recognise a device, sign it out.",
    thisDevice: "This device",
    lastUsed: "Last active",
    signedIn: "Signed in",
    end: "Sign out",
    endOf: (device) => `Sign out ${device}`,
    endOthers: "Sign out all other devices",
    signOut: "Sign out",
    saved: "Your changes are saved.",
  },
  inbox: {
    title: "Development inbox",
    lead: "Text messages that would have gone to phones. Only this machine can see them.",
    empty: "No messages yet",
    emptyLead: "Ask for a code on the sign-in page. It will appear here by itself.",
    to: "To",
    newMessage: "New message",
    toSignIn: "Go to the sign-in page",
  },
  docs: {
    version: "Version",
    contents: "Contents",
    operations: "Operations",
    auth: "Authentication",
    parameters: "Parameters",
    body: "Request body",
    answers: "Answers",
    refusals: "Refusals",
    refusalsLead: "Every refusal is a problem document (RFC 9457) with one of these codes.",
    example: "Example",
    required: "required",
    optional: "optional",
    copy: "Copy",
    status: "Status",
    code: "Code",
    meaning: "Meaning",
  },
};

const ZH_CN: Copy = {
  languageName: "简体中文",
  languages: "语言",
  skipToContent: "跳到主要内容",
  errorPrefix: "错误：",
  opensInNewTab: "（在新标签页中打开）",
  copyCode: "复制验证码",
  copied: "已复制",
  phone: {
    title: "登录",
    lead: "输入手机号，我们会向您发送短信验证码。首次登录将自动创建账号。",
    country: "国家或地区",
    phone: "手机号",
    submit: "获取验证码",
    smallPrint: "您将收到一条短信，运营商可能收取相关费用。",
    retryIn: (time) => `请于${time}重试。`,
    retryCountdown: "请于 {time} 后重试。",
    retryNow: "现在可以重试了。",
    search: "搜索名称或区号",
    close: "关闭",
    noMatch: "没有匹配的国家或地区。",
    matches: "找到 {count} 项",
  },
  code: {
    title: "输入验证码",
    sentTo: (length) => [`${length} 位验证码已发送至 `, "。"],
    validFor: (duration) => `有效期${duration}。`,
    label: "短信验证码",
    submit: "登录",
    notArrived: "没有收到？",
    resend: "重新发送",
    resendIn: (time) => `${time}可重新发送。`,
    resendCountdown: "{time} 后可重新发送",
    resendReady: "现在可以重新发送验证码了。",
    otherNumber: "使用其他手机号",
    neverShare: "请勿将验证码告诉任何人。我们绝不会打电话或发消息向您索取。",
    expired: "验证码已过期，请重新获取。",
    endedTitle: "验证码已失效",
    endedText: "验证码已过期，或输错次数过多。我们可以重新发送至 ",
    sendNew: "发送新的验证码",
    openInbox: "打开开发收件箱",
  },
  challenge: {
    working: "正在进行人机验证，请稍候…",
    solve: "请先完成人机验证。",
    open: "开始验证",
    solved: "验证完成，可以继续。",
    failed: "验证未能完成。请刷新页面，或换一个浏览器再试。",
    expired: "验证已过期，请重新完成。",
    needsScript: "此验证需要启用 JavaScript。请启用后重试，或使用曾登录过该号码的设备。",
  },
  account: {
    title: "我的账号",
    unnamed: "欢迎",
    since: "注册于",
    profile: "个人资料",
    name: "昵称",
    nameHint: "最多 64 个字符。",
    avatar: "头像",
    avatarNames: ["狐狸", "鲸鱼", "猫头鹰", "猫", "熊猫", "青蛙", "熊", "企鹅", "兔子", "章鱼"],
    save: "保存",
    sessions: "登录设备",
    sessionsLead: "如有不认识的设备，请将其退出登录。",
    thisDevice: "当前设备",
    lastUsed: "最近活动",
    signedIn: "登录时间",
    end: "退出登录",
    endOf: (device) => `将 ${device} 退出登录`,
    endOthers: "退出其他所有设备",
    signOut: "退出登录",
    saved: "已保存。",
  },
  inbox: {
    title: "开发收件箱",
    lead: "这里显示本应发送到手机的短信，仅本机可见。",
    empty: "暂无短信",
    emptyLead: "请在登录页获取验证码，短信会自动显示在这里。",
    to: "收件人",
    newMessage: "新短信",
    toSignIn: "前往登录页",
  },
  docs: {
    version: "版本",
    contents: "目录",
    operations: "接口",
    auth: "身份验证",
    parameters: "参数",
    body: "请求体",
    answers: "响应",
    refusals: "错误码",
    refusalsLead: "所有错误均以问题文档（RFC 9457）返回，并带有下列错误码之一。",
    example: "示例",
    required: "必填",
    optional: "可选",
    copy: "复制",
    status: "状态",
    code: "错误码",
    meaning: "含义",
  },
};

export const COPY: Record<Locale, Copy> = { en: EN, "zh-CN": ZH_CN };
