import { sessionValues } from "../../src/adapters/sql/account/account-rows.ts";
import type { SqlDatabase } from "../../src/adapters/sql/database.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { createTick } from "../../src/compose/maintenance/maintenance.ts";
import type { Config } from "../../src/config.ts";
import type { Swept } from "../../src/core/maintenance/ports.ts";
import { UNOBSERVED } from "../../src/core/observer.ts";
import { aNotice } from "../contracts/notice-store.ts";
import {
  addSampleKey,
  aMessage,
  aSession,
  aVerification,
  DAY,
  fresh,
  MINUTE,
  NOW,
} from "../contracts/samples.ts";
import { createTestClock, type TestClock } from "../support/clock.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";

/** A message costs a tenth of a unit; the budgets are ten an hour and twenty a day. */
const PROTECTION = {
  prices: { currency: "CNY", prices: [{ micros: 100_000 }] },
  spendHour: { currency: "CNY", total: 1_000_000, byCountry: { US: 200_000 }, bySender: {} },
  spendDay: { currency: "CNY", total: 2_000_000, byCountry: {}, bySender: {} },
};

/** What was counted is kept a day longer than these windows. */
const LIMITS = { phoneSends: [{ max: 9, windowMs: 7 * DAY }], totalSends: "learned" };
export const RETENTION = { messagesDays: 90, eventsDays: 180, failuresDays: 31, sessionsDays: 30 };
export const CONFIG = {
  retention: RETENTION,
  protection: PROTECTION,
  limits: LIMITS,
  challenges: {},
  senders: [],
} as unknown as Config;
export const KEPT_MS: Readonly<Record<Swept, number>> = {
  verifications: 60 * MINUTE,
  limits: 8 * DAY,
  messages: 90 * DAY,
  notices: 90 * DAY,
  replies: 90 * DAY,
  proofs: 60 * MINUTE,
  passkeyChallenges: 0,
  alerts: 180 * DAY,
  events: 180 * DAY,
  unlocks: 180 * DAY,
  failures: 31 * DAY,
  erasures: 31 * DAY,
  sessions: 30 * DAY,
};

export interface Maintained {
  readonly opened: TestDatabase;
  readonly clock: TestClock;
  readonly statements: string[];
  /** A tick as another process of the same installation would do it. */
  tick: ReturnType<typeof createTick>;
  close(): Promise<void>;
}

/** @param more the settings that are not those of the fixtures */
export async function openMaintained(more: object = {}): Promise<Maintained> {
  const clock = createTestClock(NOW);
  const statements: string[] = [];
  const opened = await openTestDatabase(clock, { onStatement: (sql) => statements.push(sql) });
  const { database, stores } = opened;
  await addSampleKey(stores.keys);
  const config = { ...CONFIG, ...more };
  const tick = createTick({
    config,
    database,
    stores,
    limits: stores.limits,
    clock,
    random: systemRandom,
    observer: UNOBSERVED,
    log: { error: () => {} },
  });
  return { opened, clock, statements, tick, close: () => opened.close() };
}

/** The table with the rows of each task, to look whether a row still exists. */
const TABLES = {
  verifications: "verifications",
  limits: "limit_journal",
  messages: "messages",
  notices: "notices",
  replies: "replies",
  proofs: "redeemed_proofs",
  passkeyChallenges: "passkey_challenges",
  alerts: "alerts",
  events: "events",
  unlocks: "unlocks",
  failures: "failures",
  erasures: "erasures",
  sessions: "sessions",
} as const satisfies Record<Swept, string>;

/** Adds a row that was created, or for a verification and a session ended, at this time; resolves with its id. */
export async function addRow(
  { opened }: { readonly opened: Pick<TestDatabase, "database" | "stores"> },
  task: Swept,
  at: number,
): Promise<string | number> {
  const { database, stores } = opened;
  const id = fresh(task);
  if (task === "verifications") await stores.verifications.create(aVerification({ id, expiresAt: at }));
  if (task === "messages") await stores.messages.create(aMessage({ id, createdAt: at }));
  if (task === "notices") await stores.noticeStore.add(aNotice({ id, createdAt: at }));
  if (task === "sessions") await addSession(opened, id, { expiresAt: at + 20 * DAY, endedAt: at });
  if (task === "failures") {
    const row = { id, phone_tag: "k.tag", bucket: "stranger" as const, at, code_length: 6 };
    await database.db.insertInto("failures").values(row).execute();
  }
  if (task === "erasures") {
    await database.db
      .insertInto("erasures")
      .values({ id, phone_tag: fresh("k.tag"), at })
      .execute();
  }
  if (task === "replies") {
    const row = { id, phone_tag: "k.tag", sealed_phone: "sealed", sealed_text: "sealed", at };
    await database.db.insertInto("replies").values(row).execute();
  }
  if (task === "passkeyChallenges") {
    const row = { id, user_id: "user", bound_to: "session", expires_at: at };
    await database.db.insertInto("passkey_challenges").values(row).execute();
  }
  if (task === "proofs") await stores.proofs.redeem({ id, redemption: id, at });
  if (task === "unlocks") {
    const row = { id, phone_tag: "k.tag", sealed_phone: "sealed", sealed_reason: "sealed", at };
    await database.db.insertInto("unlocks").values(row).execute();
  }
  if (task === "alerts") {
    await stores.alertStore.raise({ id, kind: "sms_balance", subject: id, detail: {}, raisedAt: at - DAY });
    await stores.alertStore.clear("sms_balance", id, at);
  }
  if (task === "events") {
    await database.db.insertInto("events").values({ user_id: id, type: "sign_in", at }).execute();
    return await newestOf(database, "events");
  }
  if (task === "limits") {
    const limits = [{ name: "any", key: id, windows: [] }];
    await stores.limits.take({ member: id, limits }, at);
    return await newestOf(database, "limit_journal");
  }
  return id;
}

async function newestOf({ db }: SqlDatabase, table: "events" | "limit_journal"): Promise<number> {
  const query = db.selectFrom(table).select((eb) => eb.fn.max("id").as("id"));
  return Number((await query.executeTakeFirstOrThrow()).id);
}

export async function addSession(
  { database }: Pick<TestDatabase, "database">,
  id: string,
  { expiresAt, endedAt }: { readonly expiresAt: number; readonly endedAt?: number },
): Promise<string> {
  const values = sessionValues(aSession("user", { id, expiresAt }));
  await database.db
    .insertInto("sessions")
    .values({ ...values, ended_at: endedAt ?? null })
    .execute();
  return id;
}

export async function isThere(database: SqlDatabase, task: Swept, id: string | number): Promise<boolean> {
  const table = TABLES[task] as "messages";
  const found = await database.db
    .selectFrom(table)
    .select("id")
    .where("id", "=", id as string)
    .executeTakeFirst();
  return found !== undefined;
}
