import { expect, onTestFinished, test } from "vitest";
import { accountTools } from "../../src/compose/tools/accounts.ts";
import { DAY } from "../contracts/samples.ts";
import { lineOf, openMoving, phoneOf } from "./support.ts";

test("a number that is also another account's id is refused; with its + it names the number, and any other id names its account", async () => {
  const moving = await openMoving();
  onTestFinished(() => moving.close());
  const national = phoneOf(1).slice(3);
  await moving.import(lineOf(1) + lineOf(2, { id: national }) + lineOf(3, { id: phoneOf(9).slice(3) }));
  const tools = await accountTools(moving.world.config);
  onTestFinished(() => tools.close());
  const found = async (written: string) => (await tools.find(written))?.id;

  await expect(tools.find(national)).rejects.toThrow("the id of one account and the phone number of another");
  expect(await found(phoneOf(1))).toBe("u1");
  expect(await found("u1")).toBe("u1");
  expect(await found(phoneOf(2))).toBe(national);
  expect(await found(phoneOf(3).slice(3))).toBe(phoneOf(9).slice(3));
  expect(await found(phoneOf(9).slice(3))).toBe(phoneOf(9).slice(3));
  expect(await found(phoneOf(9))).toBeUndefined();
  expect(await found("nobody")).toBeUndefined();
});

test("an account that lost its number is found by id, with `id:` if the id is also another account's number", async () => {
  const moving = await openMoving();
  onTestFinished(() => moving.close());
  const national = phoneOf(1).slice(3);
  await moving.import(lineOf(1) + lineOf(2, { id: national }));
  moving.world.clock.advance(91 * DAY);
  const { user } = await moving.world.signIn(phoneOf(2));
  const tools = await accountTools(moving.world.config);
  onTestFinished(() => tools.close());

  expect((await tools.find(phoneOf(2)))?.id).toBe(user.id);
  await expect(tools.find(national)).rejects.toThrow("id: and the id");
  expect((await tools.find(`id:${national}`))?.id).toBe(national);
  expect(await tools.find(`id:${phoneOf(1)}`)).toBeUndefined();
});
