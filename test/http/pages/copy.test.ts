import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { Locale } from "../../../src/core/locale.ts";

/**
 * Every text of one language under its path. Texts that are functions are called with a number; the two parts around
 * a value count as one text, since one of them may be empty.
 */
function textsOf(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value === "function") return textsOf(value(7), path);
  if (Array.isArray(value)) return [[path, value.join("")]];
  if (typeof value === "string") return [[path, value]];
  return Object.entries(value as object).flatMap(([key, part]) => textsOf(part, `${path}.${key}`));
}

const copyFolder = new URL("../../../src/http/pages/copy/", import.meta.url);

test.each(readdirSync(copyFolder))(
  "%s has the same texts in both languages, none of them empty or in the other language",
  async (file) => {
    for (const copy of Object.values(await import(new URL(file, copyFolder).href))) {
      const languages = copy as Readonly<Record<Locale, unknown>>;
      const en = textsOf(languages.en);
      const zh = textsOf(languages["zh-CN"]);
      expect(zh.map(([path]) => path)).toEqual(en.map(([path]) => path));
      for (const [path, text] of [...en, ...zh]) expect(text, path).not.toBe("");
      for (const [path, text] of zh) expect(text, path).toMatch(/\p{Script=Han}|[。，]/u);
      for (const [path, text] of en) expect(text, path).not.toMatch(/\p{Script=Han}/u);
      const slots = (text: string) => text.match(/\{\w+\}/g) ?? [];
      for (const [index, [path, text]] of en.entries())
        expect(slots(zh[index]?.[1] ?? ""), path).toEqual(slots(text));
    }
  },
);
