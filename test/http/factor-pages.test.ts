import { afterEach, beforeEach, expect, it } from "vitest";
import { createVisitor } from "../password/visitor.ts";
import { createWorld, type World } from "../support/world.ts";
import { factorCalls, UNLIMITED } from "./factor-support.ts";
import { MINUTE_MS, PHONE } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { ...UNLIMITED, CAPTCHA: "off" } });
});
afterEach(() => world.close());
const { post, protectedBy } = factorCalls(() => world);

it("a passkey that is refused at the second step is no wrong code", async () => {
  const { person } = await protectedBy(PHONE);
  expect((await post("/v1/me/factors/recovery-codes", person)).status).toBe(201);
  world.clock.advance(MINUTE_MS);
  const { go, enter } = createVisitor(world);
  expect((await enter()).location).toBe("/sign-in/second");
  await go("/sign-in/second");
  const code = await go("/sign-in/second", { code: "000000" });
  expect(code.text).toContain('id="factor-error"');
  // Without scripts the field is empty.
  for (const answer of ["{}", ""]) {
    const passkey = await go("/sign-in/second", { passkey: answer });
    expect(passkey.status).toBe(401);
    expect(passkey.text).toContain("banner-error");
    expect(passkey.text).not.toContain('id="factor-error"');
  }
});
