/** A country or region that may be chosen. */
export interface Choice {
  readonly code: string;
  readonly callingCode: string;
  readonly name: string;
  readonly flag: string;
  /** All it can be found by, folded. */
  readonly words: string;
}

/** Lower case, without accents, full-width forms made plain. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** The options of the select, findable by name in both languages, by code and by calling code. */
export function choicesOf(select: HTMLSelectElement): readonly Choice[] {
  const names = ["en", "zh-CN"].map((locale) => new Intl.DisplayNames(locale, { type: "region" }));
  return [...select.options].map((option) => {
    const { name = "", callingCode = "", flag = "" } = option.dataset;
    const code = option.value;
    const words = fold([name, ...names.map((each) => each.of(code)), code, `+${callingCode}`].join("\n"));
    return { code, callingCode, name, flag, words };
  });
}

/** Those that match, in their order; those where a word begins so come first. */
export function matching(choices: readonly Choice[], query: string): readonly Choice[] {
  const wanted = fold(query).replace(/^00(?=\d)/, "+");
  if (wanted === "") return choices;
  const rank = (words: string) => (words.split(/[\n\s]\+?/).some((word) => word.startsWith(wanted)) ? 0 : 1);
  return choices
    .filter(({ words }) => words.includes(wanted))
    .sort((left, right) => rank(left.words) - rank(right.words));
}

/** The largest country of each calling code that several share. */
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

/** The country of a number that is written with its calling code; of several the chosen one stays, or the largest is taken. */
export function ofNumber(choices: readonly Choice[], phone: string, chosen: string): Choice | undefined {
  const digits = /^\s*(?:\+|00)([\d\s().-]+)/.exec(phone.normalize("NFKC"))?.[1]?.replace(/\D/g, "");
  if (!digits) return undefined;
  const found = choices.filter(({ callingCode }) => digits.startsWith(callingCode));
  const longest = Math.max(...found.map(({ callingCode }) => callingCode.length));
  const best = found.filter(({ callingCode }) => callingCode.length === longest);
  const main = MAIN[best[0]?.callingCode ?? ""];
  return best.find(({ code }) => code === chosen) ?? best.find(({ code }) => code === main) ?? best[0];
}
