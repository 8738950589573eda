import { expect, test } from "vitest";
import { shardsFor } from "../../src/core/protection/shards.ts";

test("only limits that leave each part something worth while are split", () => {
  expect([0, 1, 10, 100, 255].map(shardsFor)).toEqual([1, 1, 1, 1, 1]);
  expect([256, 300, 10_000, 999_999].map(shardsFor)).toEqual([32, 32, 32, 32]);
});
