import type { Books } from "../../../core/protection/limits/counts/books.ts";
import { type Change, NO_CHANGE } from "../../../core/protection/limits/counts/change.ts";
import { addedSums, decideTake } from "../../../core/protection/limits/counts/decide.ts";
import { forgotten, putBack, released, settled } from "../../../core/protection/limits/counts/give-back.ts";
import type { LimitStore } from "../../../core/protection/limits/ports.ts";
import type { SqlDatabase } from "../database.ts";
import { inTurn } from "../statements/sweep-by.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createOldLimits, moveOldLimits } from "./journal-import.ts";
import { createSharedJournal } from "./shared-journal.ts";
import { sweepTables } from "./sweep.ts";

/** Events of one row. */
const SEED_EVENTS = 1_000;

/**
 * Limits in a database: decided in memory, kept as a journal. `journal.ts` keeps it if the database runs in this
 * process, and `shared-journal.ts` if many processes write.
 */
export function createLimitStore(database: Pick<SqlDatabase, "db" | "transaction" | "steps">): LimitStore {
  const journal = journalOf(database);
  const change = (decide: (books: Books) => Partial<Change>) =>
    journal.change((books) => ({ result: undefined, change: { ...NO_CHANGE, ...decide(books) } }));

  return {
    take: (request, now) => journal.change((books) => decideTake(books, request, now), now),

    forget: (keys, members) => change(({ events }) => ({ forgotten: forgotten(events, { keys, members }) })),

    forgive: (keys, count) =>
      change(({ events }) => ({ forgotten: forgotten(events, { keys: [], members: [] }, keys, count) })),

    correct: (sums) => change((books) => ({ sums: addedSums(books, sums) })),

    release: (key, member, count) => change((books) => released(books, key, member, count)),

    settle: (approval) => change((books) => settled(books, approval)),

    seeded: (epoch) => journal.look(({ seeds }) => seeds.has(epoch)),

    async seed(epoch, pages) {
      for await (const { events, ...others } of pages) {
        for (let from = 0; from < events.length; from += SEED_EVENTS) {
          await change((books) => putBack(books, { events: events.slice(from, from + SEED_EVENTS) }));
        }
        await change((books) => putBack(books, { events: [], ...others }));
      }
      await change(() => ({ seeds: [{ epoch, isSeeded: true }] }));
    },

    sweep: inTurn(journal.sweep, sweepTables(database)),
  };
}

function journalOf({ db, transaction, steps }: Pick<SqlDatabase, "db" | "transaction" | "steps">): Journal {
  if (steps) return createJournal(steps, (write) => moveOldLimits({ db, steps }, write));
  return createSharedJournal({ db, transaction }, createOldLimits({ db }));
}
