import { expect, test } from "vitest";
import { createQueue } from "../../../src/adapters/scrypt/queue.ts";

test("no more tasks run at once than allowed, also if one ends while another waits and a third one comes", async () => {
  const queue = createQueue({ atOnce: 2, waiting: 99 });
  let [running, most, done] = [0, 0, 0];
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    done += 1;
  };
  const taken: Promise<void>[] = [];
  const take = (task: () => Promise<void>) => taken.push(queue.run(task, () => new Error("full")));
  /** One comes at each moment at which a place may be free. */
  const come = async () => {
    for (let n = 0; n < 9; n += 1) {
      await undefined;
      take(work);
    }
  };
  take(() => work().finally(() => void come()));
  for (let n = 0; n < 4; n += 1) take(work);
  for (const each of taken) await each;
  expect([most, done]).toEqual([2, 14]);
});
