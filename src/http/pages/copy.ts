import type { Locale } from "../../core/locale.ts";
import { EN } from "./copy/en.ts";
import type { Copy } from "./copy/shape.ts";
import { ZH_CN } from "./copy/zh-cn.ts";

export type { Copy } from "./copy/shape.ts";

export const COPY: Record<Locale, Copy> = { en: EN, "zh-CN": ZH_CN };
