import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import type { Phone } from "../../src/core/phone.ts";
import { allowance, spentLedger } from "../../src/core/protection/budgets/ledger.ts";
import { bearer, type World } from "../support/world.ts";
import { bytes, type Moving, openMoving, phoneOf } from "./support.ts";

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;

describe("the ledger after `phonekey restored`, which counts as spent for everybody,", () => {
  const CARRIES_8 = { usual: 6, most: 8 };
  const CARRIES_6 = { usual: 6, most: 6 };
  const guess = (at: number, codeLength = 6) => ({ at, codeLength });
  const before = [guess(NOW - DAY), guess(NOW - 2)];

  test.each([
    [
      "gives nine guesses of 8 digits if the sender carries 8",
      spentLedger(NOW),
      CARRIES_8,
      NOW,
      { codeLength: 8, cap: 9 },
    ],
    ["gives one guess if the sender carries 6", spentLedger(NOW), CARRIES_6, NOW, { codeLength: 6, cap: 1 }],
    [
      "gives one guess also to a phone with wrong guesses from before",
      [...before, ...spentLedger(NOW)],
      CARRIES_6,
      NOW,
      { cap: 1 },
    ],
    [
      "gives one guess also if it was run twice",
      [...before, ...spentLedger(NOW), ...spentLedger(NOW + 5)],
      CARRIES_6,
      NOW + 5,
      { cap: 1 },
    ],
    [
      "gives no second guess of 6 digits on the same day",
      [...spentLedger(NOW), guess(NOW + 5)],
      CARRIES_6,
      NOW + 6,
      { cap: 0, freeAt: NOW + 5 + DAY },
    ],
    [
      "gives eight more of 8 digits after a wrong one",
      [...spentLedger(NOW), guess(NOW + 5, 8)],
      CARRIES_8,
      NOW + 6,
      { codeLength: 8, cap: 8 },
    ],
    ["is spent for 30 days", spentLedger(NOW), CARRIES_8, NOW + 30 * DAY - 1, { codeLength: 8 }],
    ["is not spent after 30 days", spentLedger(NOW), CARRIES_8, NOW + 30 * DAY, { codeLength: 6, cap: 9 }],
  ])("%s", (_, wrong, lengths, now, expected) => {
    expect(allowance(wrong, lengths, now)).toMatchObject(expected);
  });
});

describe("phonekey restored", () => {
  let moving: Moving;
  afterEach(() => moving.close());
  const phone = phoneOf(1);

  async function start(world: World, more: object = {}) {
    const answer = await world.post("/v1/verifications", { phone, ...more });
    return { http: answer.status, ...((await answer.json()) as { id: string; codeLength: number }) };
  }
  const check = async (world: World, verificationId: string, code: string) =>
    (await world.post("/v1/sessions", { verificationId, code })).status;
  const restore = (ids = "") => moving.tools.afterRestore(bytes(ids), () => {});
  async function askForNumber(world: World, accessToken: string, to: Phone) {
    const body = { purpose: "change_phone", phone: to };
    const asked = await world.post("/v1/verifications", body, bearer(accessToken));
    const { id: verificationId } = (await asked.json()) as { id: string };
    const proof = JSON.stringify({ verificationId, code: world.sms.lastCode(to) });
    const headers = { ...bearer(accessToken), "content-type": "application/json" };
    const answer = await world.request("/v1/me/phone", { method: "PUT", headers, body: proof });
    expect(answer.status).toBe(200);
  }

  test("ends sessions, verifications and device tokens, and codes are longer for 30 days", async () => {
    moving = await openMoving();
    const { world } = moving;
    const opened = await world.signIn(phone);
    world.clock.advance(3_600_000);
    const live = await start(world);
    expect(live).toMatchObject({ http: 201, codeLength: 6 });
    const code = world.sms.lastCode();

    expect(await restore()).toEqual({ sessions: 1, phoneChanges: 0, erased: 0, unknown: 0, unreadable: 0 });
    expect(await check(world, live.id, code)).toBe(401);
    expect((await world.request("/v1/me", { headers: bearer(opened.accessToken) })).status).toBe(401);
    expect((await world.post("/v1/sessions/refresh", { refreshToken: opened.refreshToken })).status).toBe(
      401,
    );

    // Keys in memory are at most half a minute old.
    world.clock.advance(3_600_000);
    const again = await start(world, { deviceToken: opened.deviceToken });
    expect(again).toMatchObject({ http: 201, codeLength: 8 });
    const [message] = await moving.database.db
      .selectFrom("messages")
      .select("bucket")
      .orderBy("created_at", "desc")
      .limit(1)
      .execute();
    expect(message).toEqual({ bucket: "stranger" });
    expect(await check(world, again.id, world.sms.lastCode())).toBe(201);

    world.clock.advance(3_600_000);
    const { deviceToken } = await world.signIn(phone);
    world.clock.advance(3_600_000);
    expect(await start(world, { deviceToken })).toMatchObject({ codeLength: 8 });
    world.clock.advance(30 * DAY);
    expect(await start(world)).toMatchObject({ http: 201, codeLength: 6 });
  });

  test("gives no wrong guesses back that the backup does not know", async () => {
    moving = await openMoving({ maxCodeLength: 6, env: { CAPTCHA: "off" } });
    const { world, database } = moving;
    const guessWrong = async () => {
      const { id, http } = await start(world);
      if (http !== 201) return 0;
      const wrong = world.sms.lastCode() === "000000" ? "000001" : "000000";
      let evaluated = 0;
      for (let n = 0; n < 3; n += 1) {
        const before = await guesses();
        await check(world, id, wrong);
        evaluated += (await guesses()) - before;
      }
      world.clock.advance(4 * 3_600_000);
      return evaluated;
    };
    const guesses = async () =>
      (await database.db.selectFrom("failures").select("id").where("phone_tag", "!=", "*").execute()).length;
    const rounds = async (count: number) => {
      let sum = 0;
      for (let n = 0; n < count; n += 1) sum += await guessWrong();
      return sum;
    };
    expect(await rounds(3)).toBe(9);
    // As if the backup had been restored: the wrong guesses are forgotten.
    await database.db.deleteFrom("failures").execute();
    await restore();
    world.clock.advance(60_000);
    expect(await rounds(3)).toBe(1);
  });

  test("repeats the erasures of a list, and counts lines that name no account", async () => {
    moving = await openMoving();
    const one = await moving.world.signIn(phoneOf(1));
    await moving.world.signIn(phoneOf(2));
    const list = `${one.user.id}\r\n\n  \nnobody\n${"x".repeat(300)}\n${one.user.id}`;
    expect(await restore(list)).toMatchObject({ sessions: 2, erased: 1, unknown: 2, unreadable: 1 });
    expect(await moving.tools.countUsers()).toBe(1);
    expect(await restore(list)).toMatchObject({ sessions: 0, erased: 0, unknown: 3, unreadable: 1 });
    moving.world.clock.advance(3_600_000);
    expect(await moving.world.signIn(phoneOf(1))).toMatchObject({ created: true });
  });

  test("reads what `users erase --json` printed as a list, and counts lines without an id separately", async () => {
    moving = await openMoving();
    const one = await moving.world.signIn(phoneOf(1));
    const two = await moving.world.signIn(phoneOf(2));
    const printed = (id: unknown, erased: boolean) => `${JSON.stringify({ id, erased })}\n`;
    const list = `${printed(one.user.id, true)}${printed(two.user.id, false)}${printed(7, true)}[]\nErased the account x.`;
    expect(await restore(list)).toMatchObject({ erased: 1, unknown: 0, unreadable: 4 });
    expect(await restore(Buffer.from(one.user.id, "utf16le").toString("latin1"))).toMatchObject({
      unknown: 0,
      unreadable: 1,
    });
  });

  test("ends thousands of sessions and verifications in pieces", async () => {
    moving = await openMoving();
    const { world, database } = moving;
    await world.signIn(phone);
    const [session] = await database.db.selectFrom("sessions").selectAll().execute();
    const [verification] = await database.db.selectFrom("verifications").selectAll().execute();
    if (!session || !verification) throw new Error("nobody signed in");
    for (let n = 0; n < 4; n += 1) {
      const copies = <R>(row: R) => Array.from({ length: 300 }, (_, at) => ({ ...row, id: `c-${n}-${at}` }));
      await database.db.insertInto("sessions").values(copies(session)).execute();
      await database.db.insertInto("verifications").values(copies(verification)).execute();
    }
    expect(await restore()).toMatchObject({ sessions: 1_201 });
    expect(
      await database.db.selectFrom("sessions").select("id").where("ended_at", "is", null).execute(),
    ).toEqual([]);
    expect(await database.db.selectFrom("verifications").select("id").execute()).toEqual([]);
  });

  test("cancels a waiting change of number, which might have been stopped after the backup", async () => {
    moving = await openMoving();
    const { world } = moving;
    const { accessToken, user } = await world.signIn(phone);
    await askForNumber(world, accessToken, phoneOf(2));
    expect(await restore()).toMatchObject({ sessions: 1, phoneChanges: 1 });
    world.clock.advance(2 * DAY);
    expect(await world.tick()).toMatchObject({ ran: true, failures: [] });
    expect(await world.signIn(phone)).toMatchObject({ created: false, user: { id: user.id } });
    expect(await restore()).toMatchObject({ phoneChanges: 0 });
  });

  test("cancels thousands of changes of number in pieces, each with an entry in the audit trail", async () => {
    moving = await openMoving();
    const { world, database } = moving;
    const { accessToken } = await world.signIn(phone);
    await askForNumber(world, accessToken, phoneOf(2));
    const [change] = await database.db.selectFrom("phone_changes").selectAll().execute();
    if (!change) throw new Error("nothing waits");
    const copies = Array.from({ length: 1_000 }, (_, at) => {
      const own = `c-${at}`;
      return { ...change, id: own, user_id: own, phone_tag: own, stop_hash: own };
    });
    for (const part of [copies.slice(0, 500), copies.slice(500)])
      await database.db.insertInto("phone_changes").values(part).execute();
    expect(await restore()).toMatchObject({ phoneChanges: 1_001 });
    expect(await database.db.selectFrom("phone_changes").select("id").execute()).toEqual([]);
    const trail = database.db.selectFrom("events").select("id").where("type", "=", "phone_change_canceled");
    expect(await trail.execute()).toHaveLength(1_001);
  });

  test("can be repeated, and sign-ins go on", async () => {
    moving = await openMoving();
    for (let n = 0; n < 3; n += 1) {
      await restore();
      moving.world.clock.advance(3_600_000);
      await moving.world.signIn(phone);
    }
    const database = await openSqlite(`sqlite:${join(moving.world.folder, "data/phonekey.db")}`);
    const keys = await database.db
      .selectFrom("keys")
      .select("sequence")
      .where("kind", "=", "device")
      .execute();
    await database.close();
    expect(keys).toEqual([{ sequence: 4 }]);
  });
});
