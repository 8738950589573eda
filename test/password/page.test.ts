import { afterEach, beforeEach, expect, it } from "vitest";
import { opened, PHONE, refused } from "../http/support.ts";
import type { World } from "../support/world.ts";
import { createPasswordWorld, PASSWORD, passwordCalls } from "./support.ts";
import { createVisitor } from "./visitor.ts";

let world: World;
const { signIn } = passwordCalls(() => world);

beforeEach(async () => {
  ({ world } = await createPasswordWorld());
});
afterEach(() => world.close());

it("a person sets, changes and removes a password on a page of theirs, without scripts", async () => {
  const { go, enter } = createVisitor(world);
  await enter();
  expect((await go("/account")).text).toContain('href="/account/password"');
  const page = await go("/account/password");
  expect(page.text).toMatch(/<input[^>]*type="password"[^>]*autocomplete="new-password"/);
  const bad = await go("/account/password", { password: "qwertyuiop" });
  expect(bad.status).toBe(422);
  expect(bad.text).not.toContain("qwertyuiop");
  expect(await go("/account/password", { password: PASSWORD })).toMatchObject({ location: "/account?saved" });
  await opened(await signIn(PHONE, PASSWORD));
  await go("/account/password");
  expect(await go("/account/password/remove", {})).toMatchObject({ location: "/account?saved" });
  await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
});

it("whoever signed in long ago confirms first that it is them", async () => {
  const { go, enter } = createVisitor(world);
  await enter();
  world.clock.advance(660_000);
  await go("/account/password");
  const { status, location } = await go("/account/password", { password: PASSWORD });
  expect([status, location]).toEqual([303, "/account/confirm?to=%2Faccount%2Fpassword"]);
  await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
});
