import type { Locale } from "../../../core/locale.ts";

export interface AccountCopy {
  readonly title: string;
  readonly unnamed: string;
  readonly since: string;
  readonly profile: string;
  readonly name: string;
  readonly nameHint: string;
  readonly nameWrong: string;
  readonly avatar: string;
  /** What each avatar shows, from number 1 on. */
  readonly avatarNames: readonly string[];
  readonly save: string;
  readonly sessions: string;
  readonly sessionsLead: string;
  readonly thisDevice: string;
  readonly unknownDevice: string;
  readonly lastUsed: string;
  readonly signedIn: string;
  readonly end: string;
  readonly endOf: (device: string) => string;
  readonly endOthers: string;
  readonly signOut: string;
  readonly saved: string;
  readonly notForTests: string;
}

/** The account: profile and sessions. */
export const ACCOUNT_COPY: Readonly<Record<Locale, AccountCopy>> = {
  en: {
    title: "Your account",
    unnamed: "Welcome",
    since: "Joined",
    profile: "Profile",
    name: "Name",
    nameHint: "Up to 64 characters.",
    nameWrong: "Enter 1 to 64 characters, none of them invisible.",
    avatar: "Avatar",
    avatarNames: ["Fox", "Whale", "Owl", "Cat", "Panda", "Frog", "Bear", "Penguin", "Rabbit", "Octopus"],
    save: "Save changes",
    sessions: "Where you’re signed in",
    sessionsLead: "If you don’t recognise a device, sign it out.",
    thisDevice: "This device",
    unknownDevice: "Unknown device",
    lastUsed: "Last active",
    signedIn: "Signed in",
    end: "Sign out",
    endOf: (device) => `Sign out ${device}`,
    endOthers: "Sign out all other devices",
    signOut: "Sign out",
    saved: "Your changes are saved.",
    notForTests: "This is not for test numbers: other people may know their code.",
  },
  "zh-CN": {
    title: "我的账号",
    unnamed: "欢迎",
    since: "注册于",
    profile: "个人资料",
    name: "昵称",
    nameHint: "最多 64 个字符。",
    nameWrong: "请输入 1 至 64 个字符，且不含不可见字符。",
    avatar: "头像",
    avatarNames: ["狐狸", "鲸鱼", "猫头鹰", "猫", "熊猫", "青蛙", "熊", "企鹅", "兔子", "章鱼"],
    save: "保存",
    sessions: "登录设备",
    sessionsLead: "如有不认识的设备，请将其退出登录。",
    thisDevice: "当前设备",
    unknownDevice: "未知设备",
    lastUsed: "最近活动",
    signedIn: "登录时间",
    end: "退出登录",
    endOf: (device) => `将 ${device} 退出登录`,
    endOthers: "退出其他所有设备",
    signOut: "退出登录",
    saved: "已保存。",
    notForTests: "测试号码不支持此操作：其验证码可能为他人所知。",
  },
};
