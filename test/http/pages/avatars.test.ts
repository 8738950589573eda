import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AVATARS } from "../../../src/core/account/ports.ts";
import { LOCALES } from "../../../src/core/locale.ts";
import { ACCOUNT_COPY } from "../../../src/http/pages/copy/account.ts";

describe("the avatars", () => {
  const folder = new URL("../../../web/public/avatars/", import.meta.url);

  test("are as many as the core says, each with a name in both languages", () => {
    const expected = Array.from({ length: AVATARS }, (_, index) => `${index + 1}.svg`);
    expect(readdirSync(folder).sort()).toEqual([...expected].sort());
    const names = LOCALES.map((locale) => ACCOUNT_COPY[locale].avatarNames);
    for (const each of names) expect(each).toHaveLength(AVATARS);
    expect(new Set(names.flat()).size).toBe(LOCALES.length * AVATARS);
    expect(names.flat()).not.toContain("");
  });

  test("contain no script, link or style", () => {
    for (const file of readdirSync(folder)) {
      const svg = readFileSync(new URL(file, folder), "utf8");
      expect(svg.length, file).toBeLessThan(2000);
      expect(svg, file).not.toMatch(/script|\son\w+=|href|style|url\(|<!/i);
    }
  });
});
