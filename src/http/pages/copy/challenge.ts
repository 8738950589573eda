import type { Locale } from "../../../core/locale.ts";

interface ChallengeCopy {
  readonly working: string;
  readonly solve: string;
  readonly open: string;
  readonly solved: string;
  readonly failed: string;
  readonly expired: string;
  readonly needsScript: string;
  /** Follows that directly, if a known device is asked for nothing. */
  readonly orKnownDevice: string;
}

/** What shows that somebody is no robot. */
export const CHALLENGE_COPY: Readonly<Record<Locale, ChallengeCopy>> = {
  en: {
    working: "Checking that you are not a robot. This takes a moment…",
    solve: "Please show that you are not a robot.",
    open: "Start the check",
    solved: "Checked. You can go on.",
    failed: "The check did not work. Load the page again, or try another browser.",
    expired: "The check has expired. Please do it again.",
    needsScript: "This check needs JavaScript. Turn it on and try again.",
    orKnownDevice: " Or sign in on a device that has signed in to this number before.",
  },
  "zh-CN": {
    working: "正在进行人机验证，请稍候…",
    solve: "请先完成人机验证。",
    open: "开始验证",
    solved: "验证完成，可以继续。",
    failed: "验证未能完成。请刷新页面，或换一个浏览器再试。",
    expired: "验证已过期，请重新完成。",
    needsScript: "此验证需要启用 JavaScript，请启用后重试。",
    orKnownDevice: "您也可以在曾登录过该号码的设备上登录。",
  },
};
