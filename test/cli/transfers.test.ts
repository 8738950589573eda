import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runImport } from "../../src/cli/users/transfers.ts";

const COUNTS = { read: 2, imported: 1, alreadyThere: 1, conflicting: 0, refused: 0, complete: true };

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  process.exitCode = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

test.each([
  ["everybody is here", {}, 0],
  ["somebody was refused", { refused: 1 }, 1],
  ["somebody conflicts with another", { conflicting: 1 }, 1],
  ["some were not read", { complete: false }, 1],
])("an import after which %s", async (_, more, code) => {
  await runImport(async () => ({ ...COUNTS, ...more }), { share: () => undefined });
  expect(process.exitCode).toBe(code);
});

test("an import leaves signals to Node.js again once it is over, and when it fails", async () => {
  const listeners = () => ["SIGINT", "SIGTERM"].map((signal) => process.listenerCount(signal));
  const before = listeners();
  const options = { share: () => undefined };
  await runImport(async () => COUNTS, options);
  expect(listeners()).toEqual(before);
  await expect(runImport(() => Promise.reject(new Error("cut")), options)).rejects.toThrow("cut");
  expect(listeners()).toEqual(before);
});

test("an import says how many of each there were, and that it goes on where it was interrupted", async () => {
  const counts = { read: 15, imported: 5, alreadyThere: 1, conflicting: 2, refused: 3, complete: false };
  await runImport(async () => counts, { share: () => undefined });
  expect(vi.mocked(console.log).mock.calls).toEqual([
    [
      "Imported 5 of 15 users. Imported users are unproven until their first code.\n" +
        "1 existed already, 2 left out because another user has their id or phone, 3 refused.\n" +
        "Interrupted. Run it again and it goes on.",
    ],
  ]);
});
