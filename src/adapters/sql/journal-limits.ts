import type { Books } from "../../core/protection/counts/books.ts";
import { type Change, NO_CHANGE } from "../../core/protection/counts/change.ts";
import { addedSums, decideTake } from "../../core/protection/counts/decide.ts";
import { forgotten, putBack, released, settled } from "../../core/protection/counts/give-back.ts";
import type { LimitStore } from "../../core/protection/ports.ts";
import type { SqlDatabase, Steps } from "./database.ts";
import { createJournal } from "./limit-journal.ts";
import { moveOldLimits } from "./limit-journal-import.ts";
import { sweepLimits } from "./limit-sweep.ts";

/** Events of one row. */
const SEED_EVENTS = 1_000;

/** Limits where the database runs in this process: decided in memory, kept as a journal (`limit-journal.ts`). */
export function createJournalLimitStore({ db }: Pick<SqlDatabase, "db">, steps: Steps): LimitStore {
  const journal = createJournal(steps, (write) => moveOldLimits(steps, write));
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
      for await (const { events, sums = [] } of pages) {
        for (let from = 0; from < events.length; from += SEED_EVENTS) {
          await change((books) => putBack(books, { events: events.slice(from, from + SEED_EVENTS) }));
        }
        if (sums.length > 0) await change((books) => putBack(books, { events: [], sums }));
      }
      await change(() => ({ seeds: [{ epoch, isSeeded: true }] }));
    },

    async sweep(before, limit) {
      const swept = await journal.sweep(before, limit);
      // What the tables of a version before still hold: rows that were locked.
      return swept < limit ? swept + (await sweepLimits(db, before, limit - swept)) : swept;
    },
  };
}
