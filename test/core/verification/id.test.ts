import { expect, test } from "vitest";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { newVerificationId } from "../../../src/core/verification/verification.ts";

const NOW = 1_800_000_000_000;

test("verification ids of one second begin alike, and have 104 bits of chance behind it", () => {
  const made = Array.from({ length: 200 }, () => newVerificationId(systemRandom, NOW));
  expect(new Set(made.map((id) => id.slice(0, 4))).size).toBe(1);
  expect(new Set(made.map((id) => id.slice(4))).size).toBe(200);
  for (const id of made) expect(id).toMatch(/^[\w-]{22}$/);
  const asked: number[] = [];
  newVerificationId(
    { ...systemRandom, bytes: (length) => new Uint8Array(asked.push(length) && length) },
    NOW,
  );
  expect(asked).toEqual([13]);
  expect(newVerificationId(systemRandom, NOW + 1_000).slice(0, 4)).not.toBe(made[0]?.slice(0, 4));
});
