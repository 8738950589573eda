import type { Locale } from "../../../core/locale.ts";

interface LayoutCopy {
  readonly languageName: string;
  readonly languages: string;
  readonly skipToContent: string;
  readonly errorPrefix: string;
  /** Heads a page that only says what went wrong. */
  readonly errorTitle: string;
  readonly opensInNewTab: string;
  readonly copyCode: string;
  readonly copied: string;
}

/** What many pages say. */
export const LAYOUT_COPY: Readonly<Record<Locale, LayoutCopy>> = {
  en: {
    languageName: "English",
    languages: "Language",
    skipToContent: "Skip to content",
    errorPrefix: "Error: ",
    errorTitle: "That did not work",
    opensInNewTab: "(opens in a new tab)",
    copyCode: "Copy code",
    copied: "Copied",
  },
  "zh-CN": {
    languageName: "简体中文",
    languages: "语言",
    skipToContent: "跳到主要内容",
    errorPrefix: "错误：",
    errorTitle: "操作未完成",
    opensInNewTab: "（在新标签页中打开）",
    copyCode: "复制验证码",
    copied: "已复制",
  },
};
