import { expect, it } from "vitest";
import { countryOptions } from "../../src/core/countries.ts";
import { pinyinOf } from "../../web/pinyin.ts";

it("every Chinese name of a country has pinyin for each of its characters", () => {
  const names = countryOptions("all", "zh-CN").map(({ name }) => name.replace(/[（）-]/g, ""));
  const short = names.filter((name) => pinyinOf(name)[1]?.length !== [...name].length);
  expect(short).toEqual([]);
});

it.each([
  ["中国", "zhongguo", "zg"],
  ["阿拉伯联合酋长国", "alabolianheqiuzhangguo", "alblhqzg"],
  ["秘鲁", "bilu", "bl"],
  ["尼泊尔", "niboer", "nbe"],
  ["柬埔寨", "jianpuzhai", "jpz"],
])("%s has the pinyin by which people read it", (name, whole, first) => {
  expect(pinyinOf(name)).toEqual([whole, first]);
});
