import { afterEach, describe, expect, it } from "vitest";
import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import { bearer, createWorld, type World, type WorldOptions } from "../../support/world.ts";
import { bodyOf, DAY_MS, MINUTE_MS, PHONE, refused } from "../support.ts";

let world: World;
const begin = async (options: WorldOptions = {}) => {
  world = await createWorld(options);
  return await world.signIn(PHONE);
};
afterEach(() => world.close());

const database = async <T>(act: (db: Awaited<ReturnType<typeof openSqlite>>["db"]) => Promise<T>) => {
  const opened = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
  try {
    return await act(opened.db);
  } finally {
    await opened.close();
  }
};
const userRow = (id: string) =>
  database((db) => db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow());

describe("a number that nobody used for 90 days (T51)", () => {
  it("gets a new account by a sign-in from an unknown device; the former account keeps all but the number", async () => {
    const former = await begin();
    const headers = bearer(former.accessToken);
    await world.request("/v1/me", {
      method: "PATCH",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ name: "Lin" }),
    });
    world.clock.advance(90 * DAY_MS + MINUTE_MS);
    const holder = await world.signIn(PHONE);
    expect(holder).toMatchObject({ created: true, user: { name: "" } });
    expect(await userRow(former.user.id)).toMatchObject({ name: "Lin", sealed_phone: "" });
    expect(
      await database((db) =>
        db
          .selectFrom("sessions")
          .selectAll()
          .where("user_id", "=", former.user.id)
          .where("ended_at", "is", null)
          .where("expires_at", ">", world.clock.now())
          .execute(),
      ),
    ).toEqual([]);
    expect(await world.signIn(PHONE)).toMatchObject({ created: false, user: { id: holder.user.id } });
  });

  it("signs in to its former account from a known device", async () => {
    const { user, deviceToken } = await begin();
    world.clock.advance(100 * DAY_MS);
    expect(await world.signIn(PHONE, { deviceToken })).toMatchObject({
      created: false,
      user: { id: user.id },
    });
    // And it counts as used.
    expect(await world.signIn(PHONE)).toMatchObject({ created: false, user: { id: user.id } });
  });

  it("is judged by the last use, not by the last sign-in", async () => {
    const first = await begin({ env: { SESSION_DAYS: "365", SESSION_IDLE_DAYS: "365" } });
    let { refreshToken } = first;
    for (let days = 0; days < 120; days += 40) {
      world.clock.advance(40 * DAY_MS);
      const response = await world.post("/v1/sessions/refresh", { refreshToken });
      ({ refreshToken } = await bodyOf<{ refreshToken: string }>(response));
    }
    world.clock.advance(80 * DAY_MS);
    expect(await world.signIn(PHONE)).toMatchObject({ created: false, user: { id: first.user.id } });
  });

  it("is judged from the upgrade on if no use was recorded before", async () => {
    const { user } = await begin();
    await database((db) => db.updateTable("users").set({ last_used_at: null, created_at: 1 }).execute());
    const migrated = Date.now();
    world.clock.advance(migrated + 80 * DAY_MS - world.clock.now());
    expect(await world.signIn(PHONE)).toMatchObject({ created: false, user: { id: user.id } });
    await database((db) => db.updateTable("users").set({ last_used_at: null }).execute());
    world.clock.advance(20 * DAY_MS);
    expect(await world.signIn(PHONE)).toMatchObject({ created: true });
  });

  it.each([
    ["NUMBER_UNUSED_DAYS", "0"],
    ["NUMBER_UNUSED_DAYS", "400"],
  ])("keeps its account if %s=%s", async (name, value) => {
    const { user } = await begin({ env: { [name]: value } });
    world.clock.advance(300 * DAY_MS);
    expect(await world.signIn(PHONE)).toMatchObject({ created: false, user: { id: user.id } });
  });

  it.each([
    ["stays with it if RECYCLED_NUMBERS=factor, since a second factor is asked for", "factor", /./],
    ["is taken from it if RECYCLED_NUMBERS=fresh", "fresh", /^$/],
  ])("of an account with login protection %s", async (_, RECYCLED_NUMBERS, sealedPhone) => {
    const { user } = await begin({ env: { RECYCLED_NUMBERS } });
    const protect = (login_protection: "always" | null) =>
      database((db) => db.updateTable("users").set({ login_protection }).execute());
    await protect("always");
    world.clock.advance(100 * DAY_MS);
    const { id: verificationId } = await bodyOf<{ id: string }>(
      await world.post("/v1/verifications", { phone: PHONE }),
    );
    await world.post("/v1/sessions", { verificationId, code: world.sms.lastCode(PHONE) });
    expect(await userRow(user.id)).toMatchObject({ sealed_phone: expect.stringMatching(sealedPhone) });
  });

  it.each(["closed", "invited"])("stays with its account if SIGN_UP=%s", async (signUp) => {
    const { user, deviceToken } = await begin();
    const { folder, clock } = world;
    clock.advance(100 * DAY_MS);
    const restarted = await createWorld({ folder, clock, env: { SIGN_UP: signUp } });
    const enter = async (more: object = {}) => {
      const started = await restarted.post("/v1/verifications", { phone: PHONE, ...more });
      const { id: verificationId } = await bodyOf<{ id: string }>(started);
      const code = restarted.sms.lastCode(PHONE);
      clock.advance(MINUTE_MS);
      return await restarted.post("/v1/sessions", { verificationId, code, ...more });
    };
    await refused(await enter(), "sign_up_closed");
    expect(await userRow(user.id)).toMatchObject({ sealed_phone: expect.stringMatching(/./) });
    expect((await enter({ deviceToken })).status).toBe(201);
    expect(await bodyOf(await enter())).toMatchObject({ created: false, user: { id: user.id } });
    await restarted.close();
  });

  it("gets one new account when three sign in at once", async () => {
    const { user } = await begin({
      env: { LIMIT_PHONE_SENDS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited", RESEND_SECONDS: "1" },
    });
    world.clock.advance(100 * DAY_MS);
    const proofs: { verificationId: string; code: string }[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { id: verificationId } = await bodyOf<{ id: string }>(
        await world.post("/v1/verifications", { phone: PHONE }),
      );
      proofs.push({ verificationId, code: world.sms.lastCode(PHONE) });
      world.clock.advance(10_000);
    }
    const opened = await Promise.all(proofs.map((proof) => world.post("/v1/sessions", proof)));
    const bodies = await Promise.all(
      opened.map((response) => bodyOf<{ user: { id: string }; created: boolean }>(response)),
    );
    expect(new Set(bodies.map((body) => body.user.id)).size).toBe(1);
    expect(bodies[0]?.user.id).not.toBe(user.id);
    expect(bodies.filter(({ created }) => created)).toHaveLength(1);
  });
});
