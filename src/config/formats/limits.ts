import type { Window } from "../../core/protection/limits/ports.ts";
import { type LearnedWindows, MAX_WINDOW_MS } from "../../core/protection/limits/settings.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../core/time.ts";
import { type Format, format, split } from "./format.ts";

const UNIT_MS = { s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;
const UNITS = "(units s, m, h and d, 30 days at most)";
const EXPECTS = `counts and windows such as \`5/1h,10/24h\` ${UNITS}, or \`unlimited\``;

/** A limit as a list of `count/window`, all of which must hold; `unlimited` is the empty list. */
export const limit: Format<readonly Window[]> = format(EXPECTS, readLimit);

/** A limit, or `learned` from the traffic of the last days. */
export const learnedLimit: Format<LearnedWindows> = format(`${EXPECTS}, or \`learned\``, (text) =>
  text === "learned" ? text : readLimit(text),
);

/** A limit that cannot be lifted. */
export const boundedLimit: Format<readonly Window[]> = format(
  `counts and windows such as \`20/1h\` ${UNITS}`,
  readWindows,
);

function readLimit(text: string): readonly Window[] | undefined {
  return text === "unlimited" ? [] : readWindows(text);
}

/** A limit without any window would silently be no limit at all. */
function readWindows(text: string): readonly Window[] | undefined {
  const windows = split(text).map(readWindow);
  const known = windows.filter((window) => window !== undefined);
  return known.length === windows.length && known.length > 0 ? known : undefined;
}

function readWindow(text: string): Window | undefined {
  const [, count, length, unit] = /^([1-9]\d{0,5})\/([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined || length === undefined) return undefined;
  const windowMs = Number(length) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return windowMs <= MAX_WINDOW_MS ? { max: Number(count), windowMs } : undefined;
}
