import { setImmediate } from "node:timers/promises";
import { NO_CHANGE } from "../../core/protection/counts/change.ts";
import { putBack } from "../../core/protection/counts/give-back.ts";
import type { LimitEvent, Sum } from "../../core/protection/ports.ts";
import { slotMs } from "../../core/protection/sums.ts";
import type { Steps } from "./database.ts";
import type { Portion } from "./limit-journal.ts";

/** Rows that are moved without giving way. */
const PORTION = 1_000;

interface Move {
  /** Finds a row where there is anything to move. */
  readonly left: string;
  /** Moves a portion. */
  readonly portion: Portion;
}

/** What was seeded comes last: who was killed half-way is not taken for whole. */
const MOVES: readonly Move[] = [
  { left: "select id from limit_events where id > 0 limit 1", portion: moveEvents },
  { left: "select id from limit_leases where id > 0 limit 1", portion: moveLeases },
  { left: "select id from limit_sums where id > 0 limit 1", portion: moveSums },
  { left: "select epoch from limit_seeds where epoch > '' limit 1", portion: moveSeeds },
];

/**
 * Moves what a version before counted in tables into the journal; nothing of it is counted twice. That version finds its
 * tables empty then, and when it runs again it fills them from the record of messages, as after a loss; and so on.
 */
export async function moveOldLimits(steps: Steps, write: (portion: Portion) => Promise<void>): Promise<void> {
  for (const { left, portion } of MOVES) {
    while (await steps.read((step) => step.rows(left).length > 0)) {
      await write(portion);
      await setImmediate();
    }
  }
}

function moveEvents(...[books, step]: Parameters<Portion>) {
  const rows = step.rows<LimitEvent & { readonly id: number }>(
    "select id, limit_key as key, member, at from limit_events where id > 0 order by id limit ?",
    PORTION,
  );
  step.run("delete from limit_events where id <= ?", rows.at(-1)?.id ?? 0);
  return putBack(books, { events: rows });
}

interface LeaseRow {
  readonly id: number;
  readonly key: string;
  readonly member: string;
  readonly amount: number;
  readonly endsAt: number;
}

function moveLeases(...[, step]: Parameters<Portion>) {
  const rows = step.rows<LeaseRow>(
    "select id, limit_key as key, member, amount, ends_at as endsAt from limit_leases where id > 0 order by id limit ?",
    PORTION,
  );
  step.run("delete from limit_leases where id <= ?", rows.at(-1)?.id ?? 0);
  return { ...NO_CHANGE, leases: rows.map(({ id: _, ...lease }) => lease) };
}

interface SumRow {
  /** Its key, `/`, its window, and `#` and its part where it is split. */
  readonly name: string;
  readonly slot: number;
  readonly amount: number;
}

/** All at once, for a sum is what its parts make up; there are as many as there are budgets. */
function moveSums(...[books, step]: Parameters<Portion>) {
  const sums = new Map<string, Sum>();
  for (const { name, slot, amount } of step.rows<SumRow>(
    "select limit_key as name, slot, amount from limit_sums where id > 0",
  )) {
    const [, key = "", window = ""] = /^(.*)\/(\d+)(?:#\d+)?$/.exec(name) ?? [];
    const windowMs = Number(window);
    const id = `${key}/${window}/${slot}`;
    const at = slot * slotMs(windowMs);
    sums.set(id, { key, windowMs, at, amount: amount + (sums.get(id)?.amount ?? 0) });
  }
  step.run("delete from limit_sums where id > 0");
  return putBack(books, { events: [], sums: [...sums.values()] });
}

function moveSeeds(...[, step]: Parameters<Portion>) {
  const rows = step.rows<{ readonly epoch: string }>("select epoch from limit_seeds where epoch > ''");
  step.run("delete from limit_seeds where epoch > ''");
  return { ...NO_CHANGE, seeds: rows.map(({ epoch }) => ({ epoch, isSeeded: true })) };
}
