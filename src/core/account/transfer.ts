import type { PhonePolicy } from "../phone.ts";
import { type Refusal, UnavailableError } from "../refusals.ts";
import type { Incoming } from "./incoming.ts";
import { linesOf } from "./lines.ts";
import type { User } from "./ports.ts";
import { readProfile } from "./profile.ts";
import { type Outcome, type TakeInDeps, takeIn } from "./take-in.ts";
import { MOST_LINE_BYTES, readUserLine, writeUserLine } from "./user-line.ts";

const PAGE = 500;

export interface ExportedPage {
  /** Newline-delimited JSON, one user a line. It holds full numbers. */
  readonly lines: readonly string[];
  /** Ids of users whose sealed phone does not open, and who are left out. */
  readonly unreadable: readonly string[];
}

/** All users in the order of their ids, a page at a time, so that memory does not grow with their number. */
export async function* exportUsers(
  deps: Pick<TakeInDeps, "transfer" | "vault">,
): AsyncGenerator<ExportedPage> {
  let after: string | undefined;
  for (;;) {
    const page = await deps.transfer.page(after, PAGE);
    if (page.length > 0) yield await openPage(deps, page);
    after = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

async function openPage(deps: Pick<TakeInDeps, "vault">, page: readonly User[]): Promise<ExportedPage> {
  const lines: string[] = [];
  const unreadable: string[] = [];
  for (const user of page) {
    try {
      lines.push(writeUserLine(await readProfile(deps, user)));
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      unreadable.push(user.id);
    }
  }
  return { lines, unreadable };
}

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

/** Newline-delimited JSON as places of a source: `line 1`, `line 2` … */
export async function* readUserLines(
  chunks: AsyncIterable<Uint8Array>,
  policy: PhonePolicy,
  now: number,
): AsyncGenerator<Incoming> {
  for await (const { number, text } of linesOf(chunks, MOST_LINE_BYTES)) {
    yield { place: `line ${number}`, user: text.ok ? readUserLine(text.value, policy, now) : text };
  }
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
  for await (const batch of batchesOf(source, PAGE)) {
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
