import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRestoredStore } from "../../src/adapters/sql/maintenance/restored.ts";
import { createSqlStores } from "../../src/adapters/sql/stores.ts";
import { aSession, aUser, fresh, NOW, parallel } from "../contracts/samples.ts";
import { bearer } from "../support/world.ts";
import { bytes, exported, lineOf, type Moving, openMoving, phoneOf } from "./support.ts";

const NONE = { read: 0, imported: 0, alreadyThere: 0, conflicting: 0, refused: 0 };

let moving: Moving;
beforeEach(async () => {
  moving = await openMoving();
});
afterEach(() => moving.close());

const many = (count: number) => Array.from({ length: count }, (_, n) => lineOf(n)).join("");
const linesIn = (text: string) => text.match(/.*\n/g) ?? [];
const sorted = (lines: readonly string[]) => [...lines].sort();

describe("an import of users", () => {
  test("takes everybody as written, and an export writes the same", async () => {
    const text = many(1_203);
    expect(await moving.import(text)).toEqual({
      counts: { ...NONE, read: 1_203, imported: 1_203 },
      notes: [],
    });
    expect(sorted(await moving.export())).toEqual(sorted(linesIn(text)));
    expect(await moving.tools.countUsers()).toBe(1_203);
  });

  test("that is repeated changes nobody, not even users who changed meanwhile", async () => {
    await moving.import(many(600));
    await moving.database.db.updateTable("users").set({ name: "Own" }).where("id", "=", "u3").execute();
    const before = await moving.database.db.selectFrom("users").selectAll().orderBy("id").execute();
    expect(await moving.import(many(600))).toEqual({
      counts: { ...NONE, read: 600, alreadyThere: 600 },
      notes: [],
    });
    expect(await moving.database.db.selectFrom("users").selectAll().orderBy("id").execute()).toEqual(before);
  });

  test("leaves out ids and phones that another user has, in the file or in the database", async () => {
    await moving.import(lineOf(1));
    const [phone, id] = [{ phone: phoneOf(1) }, { id: "u1" }];
    const text = [
      lineOf(2, phone),
      lineOf(3, id),
      lineOf(4),
      lineOf(4),
      lineOf(5, { id: "u4" }),
      lineOf(6, { phone: phoneOf(4) }),
    ];
    expect(await moving.import(text.join(""))).toEqual({
      counts: { read: 6, imported: 1, alreadyThere: 1, conflicting: 4, refused: 0 },
      notes: [
        "line 1: conflicting: phone: belongs to a user with another id",
        "line 2: conflicting: id: belongs to a user with another phone",
        "line 5: conflicting: id: belongs to a user with another phone",
        "line 6: conflicting: phone: belongs to a user with another id",
      ],
    });
    expect(sorted(await moving.export())).toEqual([lineOf(1), lineOf(4)]);
  });

  test("takes ids that differ only in case for two users", async () => {
    const text = lineOf(1, { id: "abc" }) + lineOf(2, { id: "ABC" }) + lineOf(3, { id: "42" });
    expect((await moving.import(text)).counts).toMatchObject({ imported: 3 });
  });

  test("gives a user without an id one, and finds that user by phone the next time", async () => {
    const text = '{"phone":"13800138000"}\n{"phone":"+86 138 0013 8001"}\n';
    expect((await moving.import(text)).counts).toMatchObject({ imported: 2 });
    expect((await moving.import(text)).counts).toMatchObject({ alreadyThere: 2 });
    const users = await moving.database.db.selectFrom("users").selectAll().execute();
    for (const { id, avatar, created_at } of users) {
      expect(id).toMatch(/^[\da-f-]{36}$/);
      expect(avatar).toBeGreaterThan(0);
      expect(created_at).toBe(moving.world.clock.now());
    }
  });

  test("of a hostile file names faulty lines, takes the rest, and shows no phone", async () => {
    const hostile = [
      lineOf(1),
      "x".repeat(5_000_000),
      '\n{"phone":',
      `\n${lineOf(2, { name: "a\u0000" })}`,
      '{"__proto__":{"isAdmin":true},"phone":"+8613800000003"}\n',
      lineOf(4, { phone: "+8613800000004x" }),
      lineOf(5, { phone: "+861065529988" }),
      lineOf(6),
    ];
    const { counts, notes } = await moving.import(bytes(hostile.join(""), 65_536));
    expect(counts).toEqual({ ...NONE, read: 8, imported: 2, refused: 6 });
    expect(notes.map((note) => note.split(": ").slice(0, 3).join(": "))).toEqual([
      "line 2: refused: must have at most 16384 bytes",
      "line 3: refused: must be a JSON object",
      "line 4: refused: name",
      "line 5: refused: must have no fields but id, phone, name, avatar, createdAt",
      "line 6: refused: phone",
      "line 7: refused: phone",
    ]);
    expect(notes.join()).not.toMatch(/138\d|10655|isAdmin/);
    expect(JSON.stringify(moving.world.logged)).not.toMatch(/138\d{8}/);
  });

  test("that was stopped, or whose source failed, goes on when it is run again", async () => {
    let batches = 0;
    const watch = { onNote: () => {}, onProgress: () => {}, isStopped: () => ++batches === 2 };
    const counts = await moving.tools.importUsers(bytes(many(2_000)), watch);
    expect(counts).toEqual({ ...NONE, read: 1_000, imported: 1_000, complete: false });
    async function* broken() {
      yield Buffer.from(many(1_700));
      throw new Error("the disk is gone");
    }
    await expect(moving.import(broken())).rejects.toThrow("the disk is gone");
    expect(await moving.tools.countUsers()).toBe(1_500);
    expect((await moving.import(many(2_000))).counts).toEqual({
      ...NONE,
      read: 2_000,
      imported: 500,
      alreadyThere: 1_500,
    });
    expect(sorted(await moving.export())).toEqual(sorted(linesIn(many(2_000))));
  });

  test("beside another one and sign-ups makes one user for each phone", async () => {
    const { post, sms } = moving.world;
    const signUp = async (phone: string, index: number) => {
      const from = `198.51.100.${index}`;
      const started = await post("/v1/verifications", { phone }, {}, from);
      const { id: verificationId } = (await started.json()) as { id: string };
      const opened = await post("/v1/sessions", { verificationId, code: sms.lastCode(phone) }, {}, from);
      expect(opened.status).toBe(201);
    };
    const phones = [1, 2, 3, 400].map(phoneOf);
    const [one, other] = await Promise.all([
      moving.import(many(900)),
      moving.import(many(900)),
      ...phones.map(signUp),
    ]);
    expect(await moving.tools.countUsers()).toBe(900);
    for (const { counts } of [one, other]) {
      expect(counts.imported + counts.alreadyThere + counts.conflicting).toBe(900);
    }
    expect(one.counts.imported + other.counts.imported).toBeGreaterThanOrEqual(896);
  });

  test("is followed by an export that names and leaves out a user whose phone does not open", async () => {
    await moving.import(many(3));
    await moving.database.db
      .updateTable("users")
      .set({ sealed_phone: "v1.x.y" })
      .where("id", "=", "u1")
      .execute();
    const unreadable: string[] = [];
    for await (const page of moving.tools.exportUsers()) unreadable.push(...page.unreadable);
    expect(unreadable).toEqual(["u1"]);
    expect(await exported(moving.tools)).toEqual([lineOf(0), lineOf(2)]);
  });

  test("is followed by an export that leaves out, without naming, a user who lost the number to another one", async () => {
    await moving.import(many(3));
    await moving.database.db.updateTable("users").set({ sealed_phone: "" }).where("id", "=", "u1").execute();
    for await (const { unreadable } of moving.tools.exportUsers()) expect(unreadable).toEqual([]);
    expect(await exported(moving.tools)).toEqual([lineOf(0), lineOf(2)]);
  });
});

describe("an imported user", () => {
  const victim = phoneOf(7);

  test("signs in by code as the same user, with the same id everywhere", async () => {
    await moving.import(lineOf(7, { id: "42" }));
    const opened = await moving.world.signIn(victim);
    expect(opened).toMatchObject({
      created: false,
      user: { id: "42", phone: victim, name: "Name 7", createdAt: "2024-02-29T23:59:59.000Z" },
    });
    const headers = bearer(opened.accessToken);
    const me = await moving.world.request("/v1/me", { headers });
    expect(await me.json()).toMatchObject({ id: "42", avatar: expect.stringMatching(/\/8\.svg$/) });
    const { refreshToken } = opened;
    expect((await moving.world.post("/v1/sessions/refresh", { refreshToken })).status).toBe(200);
    expect(await moving.world.signIn(victim, { deviceToken: opened.deviceToken })).toMatchObject({
      created: false,
    });
  });

  test("is unproven until the first sign-in by code", async () => {
    await moving.import(lineOf(7));
    const unproven = () =>
      moving.database.db
        .selectFrom("users")
        .select("unproven_since")
        .where("id", "=", "u7")
        .executeTakeFirst();
    expect(await unproven()).toEqual({ unproven_since: moving.world.clock.now() });
    await moving.world.signIn(victim);
    expect(await unproven()).toEqual({ unproven_since: null });
    expect(await moving.world.signIn(phoneOf(8))).toMatchObject({ created: true });
  });

  test("is safe from an attacker who had an account with the same id and phone before (pre-hijacking)", async () => {
    const first = await moving.world.signIn(victim);
    const ended = await moving.world.request("/v1/sessions?scope=all", {
      method: "DELETE",
      headers: bearer(first.accessToken),
    });
    expect(ended.status).toBe(204);
    moving.world.clock.advance(3_600_000);
    // Its device epoch is 1, which a count from 0 would reach again with the imported user's first code.
    const attacker = await moving.world.signIn(victim);
    const { id } = attacker.user;
    await moving.world.clock.advance(120_000);
    await moving.database.db.deleteFrom("users").where("id", "=", id).execute();
    await moving.import(lineOf(7, { id }));
    const tries = async () => [
      (await moving.world.request("/v1/me", { headers: bearer(attacker.accessToken) })).status,
      (await moving.world.post("/v1/sessions/refresh", { refreshToken: attacker.refreshToken })).status,
    ];
    expect(await tries()).toEqual([401, 401]);
    // As a stranger the attacker's device has to wait; as a known device it would have sends of its own.
    const start = (deviceToken: string) =>
      moving.world.post("/v1/verifications", { phone: victim, deviceToken });
    const buckets = async () =>
      (await moving.database.db.selectFrom("messages").select("bucket").orderBy("created_at").execute()).map(
        ({ bucket }) => bucket,
      );
    expect((await start(attacker.deviceToken)).status).toBe(201);
    moving.world.clock.advance(3_600_000);
    const owner = await moving.world.signIn(victim);
    expect(owner.user.id).toBe(id);
    moving.world.clock.advance(3_600_000);
    expect((await start(attacker.deviceToken)).status).toBe(201);
    expect(await tries()).toEqual([401, 401]);
    moving.world.clock.advance(3_600_000);
    expect((await start(owner.deviceToken)).status).toBe(201);
    expect(await buckets()).toEqual([...Array(5).fill("stranger"), "device"]);
  });

  test("has no known device while unproven, whatever a device token says", async () => {
    const { deviceToken, user } = await moving.world.signIn(victim);
    const unproven = { unproven_since: moving.world.clock.now() };
    await moving.database.db.updateTable("users").set(unproven).where("id", "=", user.id).execute();
    moving.world.clock.advance(3_600_000);
    await moving.world.post("/v1/verifications", { phone: victim, deviceToken });
    expect(
      await moving.database.db.selectFrom("messages").select("id").where("bucket", "=", "device").execute(),
    ).toEqual([]);
  });

  test("loses, at the first code, a session that was opened before", async () => {
    await moving.import(lineOf(7));
    const stranger = await moving.world.signIn(phoneOf(9));
    await moving.database.db.updateTable("sessions").set({ user_id: "u7" }).execute();
    const refresh = async () =>
      (await moving.world.post("/v1/sessions/refresh", { refreshToken: stranger.refreshToken })).status;
    await moving.world.signIn(victim);
    expect(await refresh()).toBe(401);
  });

  test("is proven once by 20 first codes at once, and every session stays open", async () => {
    await moving.import(lineOf(7));
    const { db } = moving.database;
    const stores = createSqlStores(moving.database, { clock: moving.world.clock, onStaleKey: () => {} });
    const before = await db.selectFrom("users").selectAll().executeTakeFirstOrThrow();
    const signedIn = await parallel(20, () => {
      const { userId: _, ...session } = aSession("", { expiresAt: moving.world.clock.now() + 1_000 });
      return stores.users.signIn({ user: aUser(before.phone_tag), session });
    });
    const epochs = new Set(signedIn.map(({ user }) => user.deviceEpoch));
    expect([...epochs]).toEqual([before.device_epoch + 1]);
    expect(signedIn.every(({ user, created }) => user.id === "u7" && !created && !user.unprovenSince)).toBe(
      true,
    );
    expect(await stores.sessions.list("u7", moving.world.clock.now())).toHaveLength(20);
  });
});

test("erasing a user empties or deletes everything that shows the phone", async () => {
  const { user } = await moving.world.signIn(phoneOf(1));
  await moving.world.signIn(phoneOf(2));
  const restored = createRestoredStore(moving.database);
  expect(await restored.erase({ userId: user.id, id: fresh("erasure"), at: NOW })).toBe(true);
  expect(await restored.erase({ userId: user.id, id: fresh("erasure"), at: NOW })).toBe(false);
  const { db } = moving.database;
  for (const table of ["users", "sessions"] as const) {
    expect(await db.selectFrom(table).select("id").execute()).toHaveLength(1);
  }
  expect(await db.selectFrom("messages").select("id").where("sealed_phone", "!=", "").execute()).toHaveLength(
    1,
  );
});
