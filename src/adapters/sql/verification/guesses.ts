import type { ExpressionBuilder, Kysely } from "kysely";
import type { Guess, GuessResult, VerificationStore } from "../../../core/verification/ports.ts";
import type { SqlDatabase, Steps } from "../database.ts";
import { saidById } from "../statements/by-id.ts";
import { coalesce } from "../statements/coalesce.ts";
import { filled, reusable } from "../statements/reusable.ts";
import type { Schema, VerificationRow } from "../tables/schema.ts";

interface Named {
  readonly id: string;
}

/** A guess is counted before its result is told. Guesses at one verification run one after the other. */
export function createGuess(database: SqlDatabase): VerificationStore["guess"] {
  return database.steps ? guessInSteps(database.db, database.steps) : guessTogether(database);
}

export function isLive(now: number) {
  return (eb: ExpressionBuilder<Schema, "verifications">) =>
    eb.and([
      eb("outcome", "=", "open"),
      eb("attempts_used", "<", eb.ref("attempts_allowed")),
      eb("expires_at", ">", now),
    ]);
}

interface GuessRow extends Named {
  readonly now: number;
}

/** Statements are built for one row at least. */
const NONE = { id: "", now: 0 };

function guessStatements(db: Kysely<Schema>) {
  const count = (isRight: boolean) =>
    filled(([{ id, now } = NONE]: readonly GuessRow[]) =>
      db
        .updateTable("verifications")
        .set((eb) => ({
          attempts_used: eb("attempts_used", "+", 1),
          ...(isRight && { outcome: "approved" as const, approved_at: now }),
        }))
        .where("id", "=", id)
        .where(isLive(now)),
    );
  return {
    wrong: count(false),
    right: count(true),
    /** How a finished verification ended. It no longer changes. */
    end: filled(([{ id } = NONE]: readonly Named[]) =>
      db
        .selectFrom("verifications")
        .select(["attempts_used as attemptsUsed", "messages"])
        .where("id", "=", id),
    ),
  };
}

interface TimedGuess extends Guess {
  readonly now: number;
}

/** What a guess reads and changes. */
type Guessed = Pick<
  VerificationRow,
  "id" | "outcome" | "attempts_used" | "attempts_allowed" | "approved_at" | "expires_at" | "messages"
>;

/**
 * Concurrent guesses share one transaction: it locks their verifications in one order, decides one guess after the
 * other, and writes the results. A guess that comes alone needs no transaction.
 */
function guessTogether({ db, transaction }: SqlDatabase): VerificationStore["guess"] {
  const alone = guessOneByOne(db);
  const lockAll = reusable((rows: readonly Named[]) => locking(db, rows));
  const writeAll = reusable((rows: readonly GuessedValues[]) => writing(db, rows));
  const guess = coalesce(async (asked: readonly TimedGuess[]) => {
    const [only, ...others] = asked;
    if (only && others.length === 0) return [await alone(only, only.now)];
    return await transaction(async (trx) => {
      const ids = new Set(asked.map(({ id }) => id));
      const { rows } = await lockAll(
        trx,
        [...ids].map((id) => ({ id })),
      );
      const guessed = new Map<string, Guessed>(rows.map((row) => [row.id, row]));
      const guesses = asked.map((each) => decide(guessed, each));
      if (guesses.some(({ outcome }) => outcome !== "dead"))
        await writeAll(trx, [...guessed.values()].map(valuesOf));
      return guesses;
    });
  });
  return ({ id, isRight }, now) => guess({ id, isRight, now });
}

function locking(db: Kysely<Schema>, rows: readonly Named[]) {
  return db
    .selectFrom("verifications")
    .select(["id", "outcome", "attempts_used", "attempts_allowed", "approved_at", "expires_at", "messages"])
    .where(
      "id",
      "in",
      rows.map(({ id }) => id),
    )
    .orderBy("id")
    .forUpdate();
}

function valuesOf({ id, attempts_used, outcome, approved_at }: Guessed) {
  return { id, attempts_used, outcome, approved_at };
}

type GuessedValues = ReturnType<typeof valuesOf>;

function writing(db: Kysely<Schema>, rows: readonly GuessedValues[]) {
  return db
    .updateTable("verifications")
    .set({
      attempts_used: saidById(rows, "attempts_used"),
      outcome: saidById(rows, "outcome"),
      approved_at: saidById(rows, "approved_at"),
    })
    .where(
      "id",
      "in",
      rows.map(({ id }) => id),
    );
}

/** Decides as the guarded update of a single guess does. */
function decide(guessed: Map<string, Guessed>, { id, isRight, now }: TimedGuess): GuessResult {
  const row = guessed.get(id);
  if (row?.outcome !== "open" || row.attempts_used >= row.attempts_allowed || row.expires_at <= now)
    return { outcome: "dead" };
  const counted = { ...row, attempts_used: row.attempts_used + 1 };
  guessed.set(id, isRight ? { ...counted, outcome: "approved", approved_at: now } : counted);
  if (!isRight) return { outcome: "wrong" };
  return { outcome: "approved", attemptsUsed: counted.attempts_used, messages: row.messages };
}

/** One statement counts, and after the right guess another one reads. */
function guessOneByOne(db: Kysely<Schema>): VerificationStore["guess"] {
  const statements = guessStatements(db);
  return async ({ id, isRight }, now) => {
    const counted = await db.executeQuery((isRight ? statements.right : statements.wrong)([{ id, now }], db));
    if (counted.numAffectedRows === 0n) return { outcome: "dead" };
    if (!isRight) return { outcome: "wrong" };
    const { rows } = await db.executeQuery(statements.end([{ id }], db));
    return { outcome: "approved", ...endOf(rows[0]) };
  };
}

/** Counts and reads in one turn, so that nobody waits for the disk twice. */
function guessInSteps(db: Kysely<Schema>, steps: Steps): VerificationStore["guess"] {
  const statements = guessStatements(db);
  return ({ id, isRight }, now) =>
    steps.write((step) => {
      const { changes } = step.execute((isRight ? statements.right : statements.wrong)([{ id, now }], db));
      if (changes === 0) return { outcome: "dead" };
      if (!isRight) return { outcome: "wrong" };
      return { outcome: "approved", ...endOf(step.query(statements.end([{ id }], db))[0]) };
    });
}

function endOf(row: { readonly attemptsUsed: number; readonly messages: number } | undefined) {
  if (!row) throw new Error("a verification that was approved is not there");
  return row;
}
