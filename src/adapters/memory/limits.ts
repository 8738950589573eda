import {
  apply,
  type BookOptions,
  createBooks,
  sweepBooks,
  tidy,
} from "../../core/protection/limits/counts/books.ts";
import { type Change, NO_CHANGE } from "../../core/protection/limits/counts/change.ts";
import { addedSums, decideTake } from "../../core/protection/limits/counts/decide.ts";
import { forgotten, putBack, released, settled } from "../../core/protection/limits/counts/give-back.ts";
import type { LimitStore } from "../../core/protection/limits/ports.ts";

const MOST_EVENTS = 500_000;
const MOST_LEASES = 100_000;

/**
 * Limits of a single process; they end with it. Each method runs synchronously to its end, so calls cannot interleave.
 */
export function createMemoryLimitStore(options: BookOptions = {}): LimitStore {
  const books = createBooks({ mostEvents: MOST_EVENTS, mostLeases: MOST_LEASES, ...options });
  const change = (changed: Partial<Change>) => void apply(books, { ...NO_CHANGE, ...changed });
  return {
    async take(request, now) {
      const { result, change } = decideTake(books, request, now);
      tidy(books, now);
      apply(books, change);
      return result;
    },

    forget: async (keys, members) => change({ forgotten: forgotten(books.events, { keys, members }) }),

    forgive: async (keys, count) =>
      change({ forgotten: forgotten(books.events, { keys: [], members: [] }, keys, count) }),

    correct: async (sums) => change({ sums: addedSums(books, sums) }),

    release: async (key, member, count) => change(released(books, key, member, count)),

    settle: async (approval) => change(settled(books, approval)),

    seeded: async (epoch) => books.seeds.has(epoch),

    async seed(epoch, pages) {
      for await (const lost of pages) change(putBack(books, lost));
      change({ seeds: [{ epoch, isSeeded: true }] });
    },

    sweep: async (before, limit) => sweepBooks(books, before, limit),
  };
}
