import { expect, test } from "vitest";
import { keyTools } from "../../src/compose/tools/keys.ts";
import { createWorld } from "../support/world.ts";

test("a retag is counted in rows before and while it runs, and rows of a retag that was cut off are not counted again", async () => {
  const world = await createWorld();
  // A user and a message for each.
  for (const phone of ["+8613800138000", "+8613900139000"]) await world.signIn(phone);
  const tools = await keyTools(world.config);
  expect(await tools.countToRetag()).toBe(4);
  const told: number[] = [];
  const cutOff = tools.retag((done) => {
    told.push(done);
    throw new Error("cut off");
  });
  await expect(cutOff).rejects.toThrow("cut off");
  expect(told).toEqual([4]);
  expect(await tools.countToRetag()).toBe(0);
  expect(await tools.retag(() => {})).toMatchObject({ done: 0 });
  await tools.close();
  await world.close();
});
