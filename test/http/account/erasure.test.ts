import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import {
  bodyOf,
  DAY_MS,
  MINUTE_MS,
  open,
  phoneNo,
  refused,
  start,
  type VerificationBody,
  wrongCode,
} from "../support.ts";

const PHONE = "+8613987654321";
const NEW = "+8613912345678";

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { LIMIT_ADDRESS_CHECKS: "unlimited", LIMIT_ADDRESS_SENDS: "unlimited" } });
});
afterEach(() => world.close());

type Person = Pick<OpenedSession, "accessToken">;

const erase = (person: Person, body: object) =>
  world.request("/v1/me", {
    method: "DELETE",
    headers: { ...bearer(person.accessToken), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const exported = (person: Person) => world.request("/v1/me/export", { headers: bearer(person.accessToken) });

async function asked(person: Person, phone = PHONE) {
  const body = { purpose: "delete_account" };
  const response = await world.post("/v1/verifications", body, bearer(person.accessToken));
  expect(response.status).toBe(201);
  const { id: verificationId } = await bodyOf<VerificationBody>(response);
  return { verificationId, code: world.sms.lastCode(phone) };
}

type Row = Readonly<Record<string, unknown>>;

/** All rows of all tables. */
async function dump(): Promise<ReadonlyMap<string, readonly Row[]>> {
  const database = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
    database.db,
  );
  const tables = new Map<string, readonly Row[]>();
  for (const { name } of rows) {
    const found = await sql<Row>`select * from ${sql.table(name)}`.execute(database.db);
    tables.set(name, found.rows);
  }
  await database.close();
  return tables;
}

/** The names of the tables that contain a text. */
function tablesWith(tables: ReadonlyMap<string, readonly Row[]>, text: string): string[] {
  return [...tables].filter(([, rows]) => JSON.stringify(rows).includes(text)).map(([name]) => name);
}

const sealedIn = (rows: readonly Row[] = [], tag: string) =>
  rows.filter(({ phone_tag, sealed_phone }) => phone_tag === tag && sealed_phone !== "" && sealed_phone);

/** A person with rows in every table that can have some of a person. */
async function busyLife() {
  const first = await world.signIn(PHONE);
  world.clock.advance(MINUTE_MS);
  const person = await world.signIn(PHONE);
  world.clock.advance(MINUTE_MS);
  const { id } = await start(world, PHONE);
  await open(world, id, wrongCode(world.sms.lastCode(PHONE)));
  world.clock.advance(MINUTE_MS);
  const change = { purpose: "change_phone", phone: NEW };
  const asking = await world.post("/v1/verifications", change, bearer(person.accessToken));
  const body = {
    verificationId: (await bodyOf<VerificationBody>(asking)).id,
    code: world.sms.lastCode(NEW),
  };
  const changed = await world.request("/v1/me/phone", {
    method: "PUT",
    headers: { ...bearer(person.accessToken), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(changed.status).toBe(200);
  const database = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
  const { phone_tag, sealed_phone } = await database.db
    .selectFrom("users")
    .selectAll()
    .where("id", "=", person.user.id)
    .executeTakeFirstOrThrow();
  const row = { phone_tag, sealed_phone, at: world.clock.now() };
  await database.db
    .insertInto("opt_outs")
    .values({ id: "opt-out", ...row })
    .execute();
  await database.db
    .insertInto("unlocks")
    .values({ id: "unlock", ...row, sealed_reason: "sealed" })
    .execute();
  await database.db
    .insertInto("invitations")
    .values({ id: "invitation", ...row })
    .execute();
  await database.db
    .insertInto("factor_failures")
    .values({ id: "failure", user_id: person.user.id, bucket: "device", at: row.at })
    .execute();
  await database.close();
  return { first, person, tag: phone_tag };
}

describe("an erasure", () => {
  it("leaves no trace of the number but what counts against it, which is deleted after 31 days (T56)", async () => {
    const { person, tag } = await busyLife();
    const before = await dump();
    expect(tablesWith(before, tag).sort()).toEqual(
      [
        ...["failures", "invitations", "limit_journal", "messages", "opt_outs", "unlocks", "users"],
        "verifications",
      ].sort(),
    );
    expect((await erase(person, await asked(person))).status).toBe(204);
    await world.tick();

    const after = await dump();
    expect(tablesWith(after, person.user.id)).toEqual(["events"]);
    for (const table of ["users", "sessions", "notices", "phone_changes", "replies", "invitations"]) {
      expect(after.get(table)).toEqual([]);
    }
    for (const table of ["messages", "opt_outs", "unlocks"])
      expect(sealedIn(after.get(table), tag)).toEqual([]);
    expect(after.get("unlocks")).toMatchObject([{ sealed_reason: "" }]);
    expect(after.get("failures")).toHaveLength(1);
    const text = JSON.stringify([...after]);
    for (const form of ["13987654321", "139 8765 4321", "8765 4321"]) expect(text).not.toContain(form);
    expect(JSON.stringify(world.logged)).not.toContain("13987654321");
    expect(world.logged).toContainEqual({ userId: person.user.id, message: "an account was erased" });

    // Verifications are kept for minutes, and counts of limits for a day or two.
    world.clock.advance(3 * DAY_MS);
    await world.tick();
    const kept = ["erasures", "failures", "messages", "opt_outs", "unlocks"];
    expect(tablesWith(await dump(), tag).sort()).toEqual(kept);
    world.clock.advance(29 * DAY_MS);
    await world.tick();
    expect(tablesWith(await dump(), tag)).toEqual([]);
  });

  it("keeps the messages of a later account of the number, and the others for 31 days from their erasure", async () => {
    const live = async () => (await dump()).get("messages")?.map(({ sealed_phone }) => sealed_phone !== "");
    for (let n = 0; n < 2; n += 1) {
      const person = await world.signIn(PHONE);
      world.clock.advance(MINUTE_MS);
      expect((await erase(person, await asked(person))).status).toBe(204);
      world.clock.advance(15 * DAY_MS);
    }
    await world.signIn(PHONE);
    await world.tick();
    expect(await live()).toEqual([false, false, false, false, true]);
    // The first erasure's time is over, and then the second one's.
    for (const left of [[false, false, true], [true]]) {
      world.clock.advance(10 * DAY_MS);
      await world.tick();
      expect(await live()).toEqual(left);
    }
    expect((await dump()).get("erasures")).toEqual([]);
  });

  it("keeps the messages of an account that signs up half a minute later, as servers' clocks may differ", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(MINUTE_MS);
    expect((await erase(person, await asked(person))).status).toBe(204);
    world.clock.advance(MINUTE_MS / 2);
    await world.signIn(PHONE);
    world.clock.advance(32 * DAY_MS);
    await world.tick();
    const left = (await dump()).get("messages")?.map(({ sealed_phone }) => sealed_phone !== "");
    expect(left).toEqual([true]);
  });

  it("ends everything at once: sessions, tokens, devices; the number signs up anew", async () => {
    const { first, person } = await busyLife();
    const { refreshToken, deviceToken } = person;
    await erase(person, await asked(person));
    for (const each of [first, person]) {
      const me = await world.request("/v1/me", { headers: bearer(each.accessToken) });
      await refused(me, "invalid_token");
    }
    await refused(await world.post("/v1/sessions/refresh", { refreshToken }), "invalid_refresh_token");
    world.clock.advance(10 * MINUTE_MS);
    const again = await world.signIn(PHONE, { deviceToken });
    expect(again).toMatchObject({ created: true, user: { name: "" } });
    expect(again.user.id).not.toBe(person.user.id);
  });

  it("does not refill the guesses of the number (promise 2)", async () => {
    await world.close();
    world = await createWorld({ env: { LIMIT_PHONE_SENDS: "unlimited", CAPTCHA: "off", GUARD_MODE: "off" } });
    const person = await world.signIn(PHONE);
    for (let n = 0; n < 3; n += 1) {
      world.clock.advance(3 * MINUTE_MS);
      const { id } = await start(world, PHONE);
      for (let guess = 0; guess < 3; guess += 1) await open(world, id, wrongCode(world.sms.lastCode(PHONE)));
    }
    world.clock.advance(5 * MINUTE_MS);
    expect((await erase(person, await asked(person))).status).toBe(204);
    world.clock.advance(10 * MINUTE_MS);
    // Strangers' nine guesses of six digits are spent: eight digits follow.
    expect((await start(world, PHONE)).codeLength).toBe(8);
  });

  it("does not refill the sends of the number (promise 2)", async () => {
    const phone = phoneNo(9);
    const small = await createWorld({ env: { LIMIT_PHONE_SENDS: "4/24h", RESEND_SECONDS: "1" } });
    const person = await small.signIn(phone);
    const headers = bearer(person.accessToken);
    const { id } = await bodyOf<VerificationBody>(await small.post("/v1/verifications", { phone }));
    for (let n = 0; n < 3; n += 1) await open(small, id, wrongCode(small.sms.lastCode(phone)));
    small.clock.advance(MINUTE_MS);
    const body = { purpose: "delete_account" };
    const asking = await small.post("/v1/verifications", body, headers);
    const proof = {
      verificationId: (await bodyOf<VerificationBody>(asking)).id,
      code: small.sms.lastCode(phone),
    };
    const gone = await small.request("/v1/me", {
      method: "DELETE",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(proof),
    });
    expect(gone.status).toBe(204);
    small.clock.advance(MINUTE_MS);
    expect((await small.post("/v1/verifications", { phone })).status).toBe(201);
    small.clock.advance(MINUTE_MS * 10);
    await refused(await small.post("/v1/verifications", { phone }), "too_many_requests");
    await small.close();
  });

  it("takes only a code of the purpose delete_account that the same user asked for (T5, T30)", async () => {
    const person = await world.signIn(PHONE);
    const thief = await world.signIn(NEW);
    await refused(await world.post("/v1/verifications", { purpose: "delete_account" }), "invalid_token");
    const foreign = { purpose: "delete_account", phone: PHONE };
    await refused(
      await world.post("/v1/verifications", foreign, bearer(thief.accessToken)),
      "invalid_request",
      "phone",
    );
    world.clock.advance(MINUTE_MS);
    const { id } = await start(world, PHONE, { purpose: "second_factor" }, bearer(person.accessToken));
    const other = { verificationId: id, code: world.sms.lastCode(PHONE) };
    await refused(await erase(person, other), "invalid_code");
    world.clock.advance(MINUTE_MS);
    const proof = await asked(person);
    await refused(await erase(thief, proof), "invalid_code");
    await refused(await open(world, proof.verificationId, proof.code), "invalid_code");
    expect((await erase(person, proof)).status).toBe(204);
    await refused(await erase(person, proof), "invalid_token");
  });
});

describe("an export", () => {
  it("has everything that is kept about the person, and nothing of anybody else (T56)", async () => {
    await world.signIn(phoneNo(4));
    const { person } = await busyLife();
    const response = await exported(person);
    expect(response.status).toBe(200);
    const all = await bodyOf<Record<string, unknown[]>>(response);
    expect(all).toMatchObject({
      account: { id: person.user.id, phone: PHONE, isOptedOut: true, movesTo: { phone: NEW } },
      notices: [{ kind: "phone_change_started" }],
      factors: [],
      replies: [],
    });
    expect(all.sessions).toHaveLength(2);
    expect(all.messages?.length).toBeGreaterThan(2);
    expect(all.events).toContainEqual(expect.objectContaining({ type: "sign_up" }));
    const tables = await dump();
    expect(tables.get("events")).toContainEqual(expect.objectContaining({ type: "account_exported" }));
    expect(JSON.stringify(all)).not.toMatch(/sealed|hash|tag/);
  });

  it("is refused with step_up_required if the sign-in is not recent", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(16 * MINUTE_MS);
    const { refreshToken } = person;
    const next = await bodyOf<OpenedSession>(await world.post("/v1/sessions/refresh", { refreshToken }));
    await refused(await exported(next), "step_up_required");
  });
});
