import { pinyinOf } from "./pinyin.ts";

/** A country or region that may be chosen. */
export interface Choice {
  readonly code: string;
  readonly callingCode: string;
  readonly name: string;
  readonly flag: string;
  /** All it can be found by, folded. */
  readonly words: string;
}

/** In lower case, without accents, and with full-width forms made plain. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** Other names that people use for a country, if neither language's name contains them. */
const ALSO: Readonly<Record<string, string>> = {
  AE: "uae\n阿联酋",
  CI: "ivory coast",
  CZ: "czech republic",
  GB: "uk\ngreat britain\nengland",
  MO: "macau",
  NL: "holland",
  PS: "palestine",
  TL: "east timor",
  TR: "turkey",
  US: "usa\namerica",
};

/**
 * The options of the select. Each can be found by its name in both languages, in Chinese by pinyin too, by its code and
 * by its calling code.
 */
export function choicesOf(select: HTMLSelectElement): readonly Choice[] {
  const names = ["en", "zh-CN"].map((locale) => new Intl.DisplayNames(locale, { type: "region" }));
  return [...select.options].map((option) => {
    const { name = "", callingCode = "", flag = "" } = option.dataset;
    const code = option.value;
    const called = [name, ...names.map((each) => each.of(code) ?? ""), ALSO[code] ?? ""];
    const typed = document.documentElement.lang.startsWith("zh") ? called.flatMap(pinyinOf) : [];
    const words = fold([...called, ...typed, code, `+${callingCode}`].join("\n"));
    return { code, callingCode, name, flag, words };
  });
}

/** The largest country of each calling code that several countries share. */
const MAIN: Readonly<Record<string, string>> = {
  1: "US",
  7: "RU",
  39: "IT",
  44: "GB",
  47: "NO",
  61: "AU",
  212: "MA",
  358: "FI",
};

/**
 * The matching choices in their order: first those with exactly this name, then those in which it is a word, then those
 * in which a word begins with it.
 */
export function matching(choices: readonly Choice[], query: string): readonly Choice[] {
  const wanted = fold(query).replace(/^00(?=\d)/, "+");
  const word = wanted.replace(/^\+/, "");
  if (word === "") return choices;
  const rank = rankBy(word);
  return choices
    .filter(({ words }) => words.includes(wanted))
    .sort((left, right) => rank(left) - rank(right));
}

function rankBy(wanted: string): (choice: Choice) => number {
  return ({ code, words }) => {
    if (MAIN[wanted] === code || words.split("\n").includes(wanted)) return 0;
    const all = words.split(/[\n\s]\+?/);
    if (all.includes(wanted)) return 1;
    return all.some((word) => word.startsWith(wanted)) ? 2 : 3;
  };
}

/**
 * The country of a number that is written with its calling code. If several share the code, the chosen one stays, or
 * else the largest is taken.
 */
export function ofNumber(choices: readonly Choice[], phone: string, chosen: string): Choice | undefined {
  const digits = /^\s*(?:\+|00)([\d\s().-]+)/.exec(phone.normalize("NFKC"))?.[1]?.replace(/\D/g, "");
  if (!digits) return undefined;
  const found = choices.filter(({ callingCode }) => digits.startsWith(callingCode));
  const longest = Math.max(...found.map(({ callingCode }) => callingCode.length));
  const best = found.filter(({ callingCode }) => callingCode.length === longest);
  const main = MAIN[best[0]?.callingCode ?? ""];
  return best.find(({ code }) => code === chosen) ?? best.find(({ code }) => code === main) ?? best[0];
}
