import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { bearer, createTestClock, createWorld } from "../../support/world.ts";
import { PHONE, refused } from "../support.ts";

const [TAKEN_OUT, OTHER] = ["+12133734253", "+12133734254"];

it("a country removed from ALLOWED_COUNTRIES lets nobody sign in; its users can still move or delete their accounts", async () => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-countries-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = createTestClock();
  const before = await createWorld({ folder, clock, env: { ALLOWED_COUNTRIES: "CN,US" } });
  const headers = bearer((await before.signIn(TAKEN_OUT)).accessToken);
  await before.close();
  const world = await createWorld({ folder, clock });
  onTestFinished(() => world.close());
  clock.advance(60_000);
  const start = (body: object, as = {}) => world.post("/v1/verifications", body, as);

  await refused(await start({ phone: TAKEN_OUT }), "country_not_allowed", "phone");
  const password = { phone: TAKEN_OUT, password: "lantern orchard vessel" };
  await refused(await world.post("/v1/sessions", password), "country_not_allowed", "phone");
  const moving = { purpose: "change_phone" };
  await refused(await start({ ...moving, phone: OTHER }, headers), "country_not_allowed", "phone");
  expect((await start({ ...moving, phone: PHONE }, headers)).status).toBe(201);
  expect((await start({ purpose: "delete_account" }, headers)).status).toBe(201);
  expect(world.sms.sent.at(-1)).toMatchObject({ to: TAKEN_OUT, purpose: "delete_account" });
});
