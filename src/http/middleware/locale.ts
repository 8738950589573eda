import type { Locale } from "../../core/locale.ts";

/** The first supported language of `Accept-Language`, by its weights (RFC 9110, 12.5.4). */
export function negotiateLocale(header: string | undefined, fallback: Locale): Locale {
  if (!header || header.length > 512) return fallback;
  const ranges = header.split(",").map(languageRange);
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  for (const { tag } of wanted) {
    const locale = localeOf(tag);
    if (locale) return locale;
  }
  return fallback;
}

/** The supported language that a tag such as `zh-Hans-CN` asks for, if there is one. */
export function localeOf(tag: string): Locale | undefined {
  const [language] = tag.toLowerCase().split("-");
  if (language === "zh") return "zh-CN";
  return language === "en" ? "en" : undefined;
}

function languageRange(range: string): { tag: string; weight: number } {
  const [tag = "", ...parameters] = range.split(";").map((part) => part.trim());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  return { tag, weight: weight ? Number(weight.slice(2)) || 0 : 1 };
}
