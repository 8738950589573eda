import type { Kysely } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSqlite, type SqlDatabase } from "../../../../src/adapters/sql/database.ts";
import { MIGRATIONS } from "../../../../src/adapters/sql/migrations/list.ts";
import { migrate } from "../../../../src/adapters/sql/migrations/migrate.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { openDatabase } from "../../../../src/compose/database.ts";
import { changeOf } from "../../../../src/core/protection/limits/counts/entry.ts";
import { apiKey, backendOf } from "../../../backend/support.ts";
import { aKey } from "../../../contracts/samples.ts";
import { factorCalls } from "../../../http/factors/support.ts";
import { bodyOf, phoneNo, start } from "../../../http/support.ts";
import { addRow } from "../../../maintenance/fixtures.ts";
import { createPasswordWorld, PASSWORD, passwordCalls } from "../../../password/support.ts";
import { wrongCode } from "../../../process/client.ts";
import { temporaryFolder } from "../../../support/database.ts";
import { countedLimits } from "../../../support/limit-journal.ts";
import {
  bearer,
  createTestClock,
  type OpenedSession,
  testConfig,
  type World,
} from "../../../support/world.ts";

const ENV = {
  LIMIT_PHONE_SENDS: "3/1h",
  LIMIT_ADDRESS_CHECKS: "4/1h",
  LIMIT_ADDRESS_SENDS: "unlimited",
  RESEND_SECONDS: "1",
  GUARD_MODE: "off",
};
const [KNOWN, WAITING, SPENT, COUNTED] = [phoneNo(1), phoneNo(2), phoneNo(3), phoneNo(4)];
const GUESSER = "203.0.113.99";
const JOURNAL = 14;
const NAMES = MIGRATIONS.map(({ name }) => name);
/** The schemas since which there are such rows. */
const SINCE = { backends: 7, factors: 12, passwords: 13 };

type Row = Readonly<Record<string, unknown>>;
type Tables = ReadonlyMap<string, readonly Row[]>;
type Loose = Kysely<Record<string, Record<string, unknown>>>;

/** What people have, what they are in the middle of, and the rows of it. */
async function live() {
  const { world } = await createPasswordWorld({ env: ENV });
  const guess = (id: string, code: string) =>
    world.post("/v1/sessions", { verificationId: id, code }, {}, GUESSER);
  const person = await world.signIn(KNOWN);
  await passwordCalls(() => world).put(person.accessToken, { newPassword: PASSWORD });
  const app = await factorCalls(() => world).addApp(person);
  const key = await apiKey(world);
  const started = async (phone: string) => {
    const { id } = await start(world, phone);
    return { id, code: world.sms.lastCode(phone) };
  };
  const [waiting, spent] = [await started(WAITING), await started(SPENT)];
  for (const { id, code } of [waiting, spent, spent]) await guess(id, wrongCode(code));
  while ((await world.post("/v1/verifications", { phone: COUNTED })).status === 201)
    world.clock.advance(2_000);
  const tables = await withDatabase(world.config, async (database) => {
    const stores = createSqlStores(database, { clock: world.clock, onStaleKey: () => {} });
    for (const each of ["replies", "unlocks", "erasures", "proofs", "alerts"] as const)
      await addRow({ opened: { database, stores } }, each, world.clock.now());
    return await rowsOf(database);
  });
  await world.close();
  return { person, app, key, waiting, spent, tables, now: world.clock.now() };
}

async function withDatabase<T>(config: World["config"], act: (database: SqlDatabase) => Promise<T>) {
  const database = await openDatabase(config);
  try {
    return await act(database);
  } finally {
    await database.close();
  }
}

async function columnsOf({ db }: SqlDatabase): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = await db.introspection.getTables();
  const own = tables.filter(({ name }) => name !== "migrations" && !name.startsWith("sqlite_"));
  return new Map(own.map(({ name, columns }) => [name, columns.map((column) => column.name)]));
}

async function rowsOf(database: SqlDatabase): Promise<Tables> {
  const db = database.db as unknown as Loose;
  const tables = new Map<string, readonly Row[]>();
  for (const name of (await columnsOf(database)).keys())
    tables.set(name, await db.selectFrom(name).selectAll().execute());
  return tables;
}

/** The same limits, as versions before the journal stored them. */
function inTables(tables: Tables): Tables {
  const entries = (tables.get("limit_journal") ?? []).map(({ entry }) => String(entry));
  const { events } = countedLimits(entries);
  const changes = entries.map(changeOf);
  const leases = new Map(changes.flatMap((change) => change.leases.map((lease) => [lease.member, lease])));
  const ofEvents = events.map(({ key, member, at }) => ({ limit_key: key, member, at }));
  const ofLeases = [...leases.values()].map(({ key, member, amount, endsAt }) => {
    return { limit_key: key, member, amount, ends_at: endsAt };
  });
  return new Map<string, readonly Row[]>([
    ...tables,
    ["limit_events", ofEvents],
    ["limit_leases", ofLeases],
    ["limit_seeds", changes.flatMap(({ seeds }) => seeds.map(({ epoch }) => ({ epoch })))],
  ]);
}

/** On MySQL a row of the journal has the changes of one moment. */
function entryFor({ db }: SqlDatabase, row: Row): Row {
  return isSqlite(db) ? row : { ...row, entry: `[${row.entry}]` };
}

/** Inserts as much of these rows as the tables of this database can hold. */
async function fill(database: SqlDatabase, tables: Tables): Promise<Tables> {
  const db = database.db as unknown as Loose;
  const kept = new Map<string, readonly Row[]>();
  for (const [name, columns] of await columnsOf(database)) {
    const known = Object.fromEntries(columns.map((column) => [column, true]));
    const rows = (tables.get(name) ?? [])
      .map((row) => (name === "limit_journal" ? entryFor(database, row) : row))
      .map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => known[column])));
    if (rows.length > 0) await db.insertInto(name).values(rows).execute();
    kept.set(name, rows);
  }
  return kept;
}

/** For every schema that was the newest once, with rows in it: everything works after the migration. */
export function upgradeSuite(name: string, place: (folder: string) => Promise<Record<string, string>>): void {
  describe(`${name}: a database of an earlier schema`, () => {
    let lived: Awaited<ReturnType<typeof live>>;
    beforeAll(async () => {
      lived = await live();
    });

    describe.each(MIGRATIONS.slice(0, -1))("$name", ({ id: version }) => {
      let world: World;
      let before: Tables;
      let after: Tables;
      beforeAll(async () => {
        const folder = temporaryFolder();
        const env = { ...ENV, ...(await place(folder)) };
        const clock = createTestClock(lived.now);
        const config = testConfig(folder, env, lived.now);
        await withDatabase(config, async (database) => {
          await migrate(database, clock, { migrations: MIGRATIONS.slice(0, version) });
          before = await fill(database, version < JOURNAL ? inTables(lived.tables) : lived.tables);
          expect((await migrate(database, clock)).applied).toEqual(NAMES.slice(version));
          after = await rowsOf(database);
        });
        ({ world } = await createPasswordWorld({ folder, env, clock }));
      });
      afterAll(() => world.close());

      test("keeps every row, and every value in it", () => {
        for (const [table, rows] of before) {
          expect(after.get(table)).toHaveLength(rows.length);
          expect(after.get(table)).toEqual(
            expect.arrayContaining(rows.map((row) => expect.objectContaining(row))),
          );
        }
      });

      test("a session goes on, and a sign-in leads to the same account", async () => {
        const { accessToken, refreshToken, user } = lived.person;
        const me = await world.request("/v1/me", { headers: bearer(accessToken) });
        expect(await bodyOf(me)).toMatchObject({ id: user.id, phone: KNOWN });
        const refreshed = await world.post("/v1/sessions/refresh", { refreshToken });
        expect(refreshed.status).toBe(200);
        const { refreshToken: next } = await bodyOf<OpenedSession>(refreshed);
        expect((await world.post("/v1/sessions/refresh", { refreshToken: next })).status).toBe(200);
        expect(await world.signIn(KNOWN)).toMatchObject({ created: false, user: { id: user.id } });
      });

      test("guesses and sends that were counted before still count: of a verification, a phone and an address", async () => {
        const open = ({ id, code }: { readonly id: string; readonly code: string }, from: string) =>
          world.post("/v1/sessions", { verificationId: id, code }, {}, from);
        const wrong = { ...lived.spent, code: wrongCode(lived.spent.code) };
        expect((await open(wrong, GUESSER)).status).toBe(401);
        expect((await open(lived.waiting, GUESSER)).status).toBe(429);
        expect((await open(lived.spent, "203.0.113.98")).status).toBe(401);
        expect((await open(lived.waiting, "203.0.113.98")).status).toBe(201);
        expect((await world.post("/v1/verifications", { phone: COUNTED })).status).toBe(429);
      });

      if (version >= SINCE.backends)
        test("backends can go on using their API keys", async () => {
          const asked = { phone: phoneNo(5), purpose: "verify_identity" };
          expect((await backendOf(world, lived.key).start(asked)).status).toBe(201);
        });

      if (version >= SINCE.factors)
        test("a code of an authenticator app confirms a session", async () => {
          const { raise, codeOf } = factorCalls(() => world);
          world.clock.advance(60_000);
          expect((await raise(lived.person, { totp: codeOf(lived.app.secret) })).status).toBe(200);
        });

      if (version >= SINCE.passwords)
        test("a password signs in", async () => {
          const opened = await passwordCalls(() => world).signIn(KNOWN, PASSWORD);
          expect(opened.status).toBe(201);
        });

      test("a tick runs to its end, and a new key can be added", async () => {
        expect(await world.tick()).toMatchObject({ ran: true, complete: true, failures: [] });
        await withDatabase(world.config, async (database) => {
          const { keys } = createSqlStores(database, { clock: world.clock, onStaleKey: () => {} });
          expect(await keys.add(aKey({ kind: "code" }))).toBe(true);
        });
      });
    });
  });
}
