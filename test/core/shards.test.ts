import { expect, test } from "vitest";
import { shardsFor, sumShardsFor } from "../../src/core/protection/shards.ts";

test("only limits that leave each part something worth while are split", () => {
  expect([0, 1, 10, 100, 255].map(shardsFor)).toEqual([1, 1, 1, 1, 1]);
  expect([256, 300, 10_000, 999_999].map(shardsFor)).toEqual([32, 32, 32, 32]);
});

test("only sums that leave each part several amounts are split, and those of which nothing is counted are not", () => {
  const yuan = 1_000_000;
  expect([0, 1, 6.39].map((max) => sumShardsFor(max * yuan, 0.05 * yuan))).toEqual([1, 1, 1]);
  expect([6.4, 50, 300].map((max) => sumShardsFor(max * yuan, 0.05 * yuan))).toEqual([16, 16, 16]);
  expect(sumShardsFor(50 * yuan, 0)).toBe(1);
});
