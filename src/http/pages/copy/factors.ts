import type { Locale } from "../../../core/locale.ts";

interface FactorsCopy {
  readonly secondTitle: string;
  readonly secondLead: string;
  readonly none: string;
  readonly code: string;
  readonly codeHint: string;
  /** Shown if no app counts. */
  readonly recoveryCode: string;
  readonly password: string;
  readonly passkey: string;
  /** The text for a wrong factor that is no code. */
  readonly wrong: Readonly<Record<"pwd" | "pop", string>>;
  readonly submit: string;
  readonly startOver: string;
  readonly title: string;
  readonly lead: string;
  readonly open: string;
  readonly back: string;
  readonly protection: string;
  readonly when: Readonly<Record<"off" | "new_devices" | "always", string>>;
  readonly save: string;
  readonly factors: string;
  readonly noFactors: string;
  readonly kinds: Readonly<Record<"totp" | "passkey", string>>;
  readonly added: string;
  readonly remove: string;
  readonly removeOf: (factor: string) => string;
  readonly addApp: string;
  readonly addPasskey: string;
  readonly needsScript: string;
  /** In the place of its button. */
  readonly passkeyRefused: (time: string) => string;
  readonly passkeyFailed: string;
  readonly passkeyUnsupported: string;
  readonly recovery: string;
  readonly codesLeft: (count: number) => string;
  readonly newCodes: string;
  readonly codesLead: string;
  readonly copyCodes: string;
  readonly appTitle: string;
  readonly appLead: string;
  readonly qr: string;
  /** Before the key at once. */
  readonly secret: string;
  readonly copyKey: string;
  /** Of the link to the app on the same phone. */
  readonly openApp: string;
  readonly appCode: string;
}

/** Second factors: the second step of a sign-in, and the page on which people keep them. */
export const FACTORS_COPY: Readonly<Record<Locale, FactorsCopy>> = {
  en: {
    secondTitle: "One more step",
    secondLead: "This account asks for a second factor.",
    none: "There is no second factor that counts at the moment. Try again later.",
    code: "Code from your authenticator app",
    codeHint: "Or one of your recovery codes.",
    recoveryCode: "One of your recovery codes",
    password: "Password",
    passkey: "Use a passkey",
    wrong: { pwd: "The password is wrong.", pop: "The passkey was not accepted. You can try again." },
    submit: "Continue",
    startOver: "Start over",
    title: "Login protection",
    lead: "A second factor keeps your account safe, even from somebody who has your number.",
    open: "Manage login protection",
    back: "Back to your account",
    protection: "When we ask for a second factor",
    when: { off: "Never", new_devices: "On new devices", always: "Every time" },
    save: "Save",
    factors: "Your second factors",
    noFactors: "You have none yet.",
    kinds: { totp: "Authenticator app", passkey: "Passkey" },
    added: "Added",
    remove: "Remove",
    removeOf: (factor) => `Remove: ${factor}`,
    addApp: "Add an authenticator app",
    addPasskey: "Add a passkey",
    needsScript: "Passkeys need JavaScript.",
    passkeyRefused: (time) => `Passkeys were asked for too often. Load this page again ${time} to use one.`,
    passkeyFailed: "No passkey was taken. You can try again.",
    passkeyUnsupported: "This browser cannot use passkeys.",
    recovery: "Recovery codes",
    codesLeft: (count) => `${count} not used. Each signs you in once when your factor is lost.`,
    newCodes: "Make new recovery codes",
    codesLead: "Keep these codes somewhere safe. We show them this once, and the ones before no longer work.",
    copyCodes: "Copy the codes",
    appTitle: "Set up your authenticator app",
    appLead: "Scan the code with your app, or type in the key, and enter the six digits that the app shows.",
    qr: "QR code for your authenticator app",
    secret: "Key: ",
    copyKey: "Copy the key",
    openApp: "Open the app on this phone",
    appCode: "Six digits from the app",
  },
  "zh-CN": {
    secondTitle: "还差一步",
    secondLead: "该账号登录时需要第二重验证。",
    none: "目前没有可用的第二重验证方式，请稍后再试。",
    code: "验证器应用中的验证码",
    codeHint: "也可输入一个恢复码。",
    recoveryCode: "恢复码",
    password: "密码",
    passkey: "使用通行密钥",
    wrong: { pwd: "密码错误。", pop: "通行密钥未通过验证，您可以重试。" },
    submit: "继续",
    startOver: "重新开始",
    title: "登录保护",
    lead: "即使他人掌握了您的手机号，第二重验证也能保护您的账号。",
    open: "管理登录保护",
    back: "返回我的账号",
    protection: "何时需要第二重验证",
    when: { off: "从不", new_devices: "在新设备上登录时", always: "每次登录时" },
    save: "保存",
    factors: "您的验证方式",
    noFactors: "尚未添加。",
    kinds: { totp: "验证器应用", passkey: "通行密钥" },
    added: "添加于",
    remove: "移除",
    removeOf: (factor) => `移除：${factor}`,
    addApp: "添加验证器应用",
    addPasskey: "添加通行密钥",
    needsScript: "使用通行密钥需要启用 JavaScript。",
    passkeyRefused: (time) => `通行密钥请求过于频繁。如需使用，请于 ${time}重新加载本页。`,
    passkeyFailed: "未能使用通行密钥，您可以重试。",
    passkeyUnsupported: "此浏览器不支持通行密钥。",
    recovery: "恢复码",
    codesLeft: (count) => `剩余 ${count} 个。无法使用验证方式时，每个恢复码可登录一次。`,
    newCodes: "生成新的恢复码",
    codesLead: "请妥善保存以下恢复码。它们仅显示这一次，之前的恢复码已失效。",
    copyCodes: "复制恢复码",
    appTitle: "设置验证器应用",
    appLead: "请用验证器应用扫描二维码或手动输入密钥，然后输入应用显示的六位数字。",
    qr: "验证器应用的二维码",
    secret: "密钥：",
    copyKey: "复制密钥",
    openApp: "在本机打开验证器应用",
    appCode: "应用显示的六位数字",
  },
};
