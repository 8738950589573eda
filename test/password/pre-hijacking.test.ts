import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sealPassword } from "../../src/core/password/compare.ts";
import { DAY_MS, opened, refused, start } from "../http/support.ts";
import { lineOf, type Moving, openMoving, phoneOf } from "../transfer/support.ts";
import { countingHasher, OTHER, PASSWORD, passwordCalls } from "./support.ts";

/** The phone of its rightful holder. */
const HOLDER = phoneOf(1);
const { hasher: passwordHasher } = countingHasher();

let moving: Moving;
const { put, reset, signIn } = passwordCalls(() => moving.world);

beforeEach(async () => {
  moving = await openMoving({ env: { CAPTCHA: "off" }, parts: { passwordHasher } });
});
afterEach(() => moving.close());

/** Imports the account, and writes into it around all rules the worst that an import could leave: a password. */
async function moveInWithPassword(): Promise<void> {
  const { database, world } = moving;
  expect((await moving.import(lineOf(1))).counts).toMatchObject({ imported: 1 });
  const { stores, vault } = moving.records;
  const user = await stores.users.findByTag(await vault.tag(HOLDER));
  if (!user) throw new Error("nobody was moved in");
  const sealed = await sealPassword({ passwordHasher, vault }, user, PASSWORD);
  await database.db
    .updateTable("users")
    .set({ sealed_password: sealed, password_set_at: world.clock.now() })
    .where("id", "=", user.id)
    .execute();
}

describe("an account that existed before the phone's holder came (pre-hijacking)", () => {
  it.each(["password", "hash", "sealedPassword", "passwordSetAt"])(
    "cannot get a password by an import: %s",
    async (field) => {
      const { counts } = await moving.import(lineOf(1, { [field]: PASSWORD }));
      expect(counts).toMatchObject({ imported: 0 });
    },
  );

  it("loses its password when the holder signs in", async () => {
    await moveInWithPassword();
    await refused(await signIn(HOLDER, PASSWORD), "invalid_credentials");
    const holder = await moving.world.signIn(HOLDER);
    expect(holder).toMatchObject({ created: false, user: { id: "u1", hasPassword: false } });
    await refused(await signIn(HOLDER, PASSWORD), "invalid_credentials");
    expect((await put(holder.accessToken, { newPassword: OTHER })).status).toBe(204);
    await opened(await signIn(HOLDER, OTHER));
    await refused(await signIn(HOLDER, PASSWORD), "invalid_credentials");
  });

  it("loses its password when the holder resets it, which proves the phone as a sign-in does", async () => {
    await moveInWithPassword();
    const { world } = moving;
    const { id } = await start(world, HOLDER, { purpose: "reset_password" });
    expect((await reset(id, world.sms.lastCode(HOLDER), OTHER)).status).toBe(200);
    await refused(await signIn(HOLDER, PASSWORD), "invalid_credentials");
    const session = await opened(await signIn(HOLDER, OTHER));
    world.clock.advance(DAY_MS);
    await world.signIn(HOLDER);
    const refreshed = await world.post("/v1/sessions/refresh", { refreshToken: session.refreshToken });
    expect(refreshed.status).toBe(200);
  });
});
