import type { Locale } from "../../../core/locale.ts";

type Span = readonly [amount: number, unit: "second" | "minute" | "hour"];

/** Rounds up, so that nobody comes back too early. */
function spanOf(seconds: number): Span {
  if (seconds < 90) return [Math.ceil(seconds), "second"];
  if (seconds < 90 * 60) return [Math.ceil(seconds / 60), "minute"];
  return [Math.ceil(seconds / 3600), "hour"];
}

/** Chinese with a space behind a number, as all sentences of the pages have it. */
function spaced(text: string): string {
  return text.replace(/(\d)(?=\p{Script=Han})/gu, "$1 ");
}

/** "in 45 seconds", "2 分钟后". */
export function inTime(seconds: number, locale: Locale): string {
  const [amount, unit] = spanOf(seconds);
  return spaced(new Intl.RelativeTimeFormat(locale, { numeric: "always" }).format(amount, unit));
}

/** "5 minutes", "5 分钟". */
export function duration(seconds: number, locale: Locale): string {
  const [amount, unit] = spanOf(seconds);
  return spaced(new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(amount));
}

/** "23 Nov 2026, 21:35 UTC" of epoch milliseconds; the script shows it in the visitor's own zone. */
export function dateTime(at: number, locale: Locale): string {
  const form = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
  return `${new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, form).format(at)} UTC`;
}

/** "23 November 2026" of epoch milliseconds. */
export function date(at: number, locale: Locale): string {
  const form = { dateStyle: "long", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, form).format(at);
}
