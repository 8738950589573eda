import { describe, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../../../src/adapters/memory/limits.ts";
import { fresh, MINUTE, NOW } from "../../../contracts/samples.ts";

const leaseOn = (key: string) => {
  return {
    member: fresh("member"),
    limits: [],
    lease: { key, wanted: 3, cap: 9, expiresAt: NOW + 10 * MINUTE },
  };
};

describe("a wrong guess that reaches the ledger after its verification was canceled", () => {
  test("keeps the next take from being `steady`, though all of its lease was given back", async () => {
    const limits = createMemoryLimitStore();
    const key = fresh("guesses");
    const canceled = leaseOn(key);
    await limits.take(canceled, NOW);
    await limits.release(key, canceled.member, "all");
    // Here a start reads the ledger; then the guess is recorded there and released.
    await limits.release(key, canceled.member, 1);
    expect(await limits.take(leaseOn(key), NOW)).not.toHaveProperty("steady");
  });
});
