import { expect, test } from "vitest";
import { DAY_MS } from "../../src/core/time.ts";
import { lineOf, openMoving, phoneOf } from "./support.ts";

test.each([
  ["is the same user 89 days after the import", 89, {}, false],
  ["is a new user 91 days after the import, since the number may have another holder", 91, {}, true],
  ["is the same user within NUMBER_UNUSED_DAYS", 91, { NUMBER_UNUSED_DAYS: "365" }, false],
  ["is the same user at any time if NUMBER_UNUSED_DAYS is 0", 4_000, { NUMBER_UNUSED_DAYS: "0" }, false],
])("an imported user who signs in for the first time %s", async (_, days, env, created) => {
  const moving = await openMoving({ env });
  await moving.import(lineOf(7));
  moving.world.clock.advance(days * DAY_MS);
  const opened = await moving.world.signIn(phoneOf(7));
  expect([opened.created, opened.user.id === "u7"]).toEqual([created, !created]);
  await moving.close();
});
