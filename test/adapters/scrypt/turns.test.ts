import { expect, test } from "vitest";
import { createTurns } from "../../../src/adapters/scrypt/turns.ts";

test("no more run at once than may, also while one ends, another waits and a third one comes", async () => {
  const turns = createTurns({ atOnce: 2, waiting: 9 });
  let [running, most, done] = [0, 0, 0];
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    done += 1;
  };
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      for (let n = 0; n < 20; n += 1) await turns.take(work, () => new Error("full"));
    }),
  );
  expect([most, done]).toEqual([2, 100]);
});
