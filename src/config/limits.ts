import type { Window } from "../core/protection/limits/ports.ts";
import { type LearnedWindows, MAX_WINDOW_MS } from "../core/protection/limits/settings.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../core/time.ts";
import { bad, type Format, format, good, split } from "./formats.ts";

const UNIT_MS = { s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;
const EXPECTS =
  "counts and windows such as `5/1h,10/24h` (units s, m, h and d, 30 days at most), or `unlimited`";

const window = format<Window>("a count and a window such as `5/1h`", (text) => {
  const [, count, length, unit] = /^([1-9]\d{0,5})\/([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined || length === undefined) return undefined;
  const windowMs = Number(length) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return windowMs <= MAX_WINDOW_MS ? { max: Number(count), windowMs } : undefined;
});

/** A limit as a list of `count/window`, each of which must hold; `unlimited` is the empty list. */
export const limit: Format<readonly Window[]> = {
  expects: EXPECTS,
  read(text) {
    if (text === "unlimited") return good([]);
    const windows = split(text).map((entry) => window.read(entry));
    const values = windows.flatMap((parsed) => (parsed.ok ? [parsed.value] : []));
    // A limit that names no window would silently be no limit at all.
    return values.length === windows.length && values.length > 0 ? good(values) : bad(`must be ${EXPECTS}`);
  },
};

/** A limit, or `learned` from the traffic of the last days. */
export const learnedLimit: Format<LearnedWindows> = {
  expects: `${EXPECTS}, or \`learned\``,
  read(text) {
    if (text === "learned") return good("learned");
    const parsed = limit.read(text);
    return parsed.ok ? parsed : bad(`must be ${EXPECTS}, or \`learned\``);
  },
};
