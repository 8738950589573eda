import { expect, onTestFinished, test } from "vitest";
import { usersCommand } from "../../src/cli/users/users.ts";
import { PHONE } from "../http/support.ts";
import { createWorld } from "../support/world.ts";
import { runCommand } from "./run.ts";

test("users sign-out and users erase name the account by its id; erase does nothing without --yes", async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const { id } = (await world.signIn()).user;
  const env = {
    DATABASE_URL: `sqlite:${world.folder}/data/phonekey.db`,
    PHONEKEY_SECRETS: world.config.secrets.join(","),
  };
  const users = async (...args: readonly string[]) =>
    (await runCommand(usersCommand(), [...args, PHONE], env)).stdout;

  expect(await users("sign-out")).toBe(`Ended every session of the account ${id}.\n`);
  expect(JSON.parse(await users("erase", "--json"))).toEqual({ id, erased: false });
  const madeOn = new Date(world.clock.now()).toISOString();
  expect(await users("erase")).toBe(`The account ${id}, made on ${madeOn}. Repeat with --yes to erase it.\n`);
  expect(await users("erase", "--yes")).toBe(`Erased the account ${id}.\n`);
});
