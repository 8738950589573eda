import type { Refusal } from "../refusals.ts";
import type { Incoming } from "./incoming.ts";
import { type Outcome, type TakeInDeps, takeIn } from "./take-in.ts";

const BATCH = 500;

export interface ImportCounts {
  readonly read: number;
  readonly imported: number;
  /** Users who are there already with this id and phone: an import that is run again ends with these. */
  readonly alreadyThere: number;
  /** Left out because somebody else has the id or the phone; nobody is merged into anybody. */
  readonly conflicting: number;
  readonly refused: number;
}

export interface Imported extends ImportCounts {
  /** Whether the source was read to its end. */
  readonly complete: boolean;
}

/** What an operator should hear about one place of the source. */
export interface ImportNote {
  readonly place: string;
  readonly kind: "refused" | "conflicting" | "changed";
  /** Never a value that was read. */
  readonly refusal: Refusal;
}

export interface ImportWatch {
  onNote(note: ImportNote): void;
  /** After every batch that is durable. */
  onProgress(counts: ImportCounts): void;
  /** Asked after every batch; true ends the import there. */
  isStopped(): boolean;
}

/**
 * Takes users in, batch by batch, each one durable transaction. Who is there already is neither merged nor changed,
 * so that an import which was killed is run again and ends the same. Whoever is taken in is unproven: no session, no
 * device, until a code has shown that the phone is theirs.
 *
 * @returns counts as of the last batch. Rejects when the source or the store does; what was reported stays.
 */
export async function importUsers(
  deps: TakeInDeps,
  source: AsyncIterable<Incoming>,
  watch: ImportWatch,
): Promise<Imported> {
  let counts: ImportCounts = { read: 0, imported: 0, alreadyThere: 0, conflicting: 0, refused: 0 };
  for await (const batch of batchesOf(source, BATCH)) {
    const outcomes = await takeIn(deps, batch);
    for (const [at, incoming] of batch.entries()) report(incoming, outcomes[at] ?? "refused", watch);
    counts = add(counts, outcomes);
    watch.onProgress(counts);
    if (watch.isStopped()) return { ...counts, complete: false };
  }
  return { ...counts, complete: true };
}

async function* batchesOf<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const CONFLICTS: Partial<Record<Outcome, Refusal>> = {
  id_taken: { code: "invalid_request", field: "id", detail: "belongs to a user with another phone" },
  phone_taken: { code: "invalid_request", field: "phone", detail: "belongs to a user with another id" },
};

function report({ place, user, notes = [] }: Incoming, outcome: Outcome, watch: ImportWatch): void {
  if (!user.ok) watch.onNote({ place, kind: "refused", refusal: user.refusal });
  const conflict = CONFLICTS[outcome];
  if (conflict) watch.onNote({ place, kind: "conflicting", refusal: conflict });
  if (outcome !== "imported") return;
  for (const refusal of notes) watch.onNote({ place, kind: "changed", refusal });
}

function add(counts: ImportCounts, outcomes: readonly Outcome[]): ImportCounts {
  const count = (...which: Outcome[]) => outcomes.filter((outcome) => which.includes(outcome)).length;
  return {
    read: counts.read + outcomes.length,
    imported: counts.imported + count("imported"),
    alreadyThere: counts.alreadyThere + count("already_there"),
    conflicting: counts.conflicting + count("id_taken", "phone_taken"),
    refused: counts.refused + count("refused"),
  };
}
