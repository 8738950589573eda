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
  ["0 if every user is there afterwards", {}, 0],
  ["1 if a user was refused", { refused: 1 }, 1],
  ["1 if a user conflicts with another one", { conflicting: 1 }, 1],
  ["1 if it was interrupted", { complete: false }, 1],
])("an import sets the exit code: %s", async (_, more, code) => {
  await runImport(async () => ({ ...COUNTS, ...more }), { share: () => undefined });
  expect(process.exitCode).toBe(code);
});

test("an import removes its signal listeners when it ends or fails", async () => {
  const listeners = () => ["SIGINT", "SIGTERM"].map((signal) => process.listenerCount(signal));
  const before = listeners();
  const options = { share: () => undefined };
  await runImport(async () => COUNTS, options);
  expect(listeners()).toEqual(before);
  await expect(runImport(() => Promise.reject(new Error("cut")), options)).rejects.toThrow("cut");
  expect(listeners()).toEqual(before);
});

test("an import prints its counts, and how to continue if it was interrupted", async () => {
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
