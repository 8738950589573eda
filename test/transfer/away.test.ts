import { expect, test } from "vitest";
import { DAY_MS } from "../../src/core/time.ts";
import { lineOf, openMoving, phoneOf } from "./support.ts";

test.each([
  ["is themselves 89 days after the import", 89, {}, false],
  ["is somebody new 91 days after it: the number may have another holder", 91, {}, true],
  ["is themselves as long as operators say", 91, { NUMBER_UNUSED_DAYS: "365" }, false],
  ["is themselves for ever where numbers never change hands", 4_000, { NUMBER_UNUSED_DAYS: "0" }, false],
])("who moved in and comes for the first time %s", async (_, days, env, created) => {
  const moving = await openMoving({ env });
  await moving.import(lineOf(7));
  moving.world.clock.advance(days * DAY_MS);
  const opened = await moving.world.signIn(phoneOf(7));
  expect([opened.created, opened.user.id === "u7"]).toEqual([created, !created]);
  await moving.close();
});
