import type { ExpressionBuilder, Kysely } from "kysely";
import type { LimitCheck, Sum } from "../../core/protection/ports.ts";
import { firstSlot, slotAt, slotEndsAt, sumFreeAt, sumKey } from "../../core/protection/sums.ts";
import { ifAbsent } from "./database.ts";
import { partsOf, type Reach, shareOf } from "./limit-parts.ts";
import type { Schema } from "./schema.ts";

/** A check that counts amounts. */
type SumCheck = LimitCheck & { readonly amount: number };
type SumName = Pick<Sum, "key" | "windowMs">;

/** What every part of the sums holds, by `rowKey`; those that hold nothing are missing. */
export type Totals = ReadonlyMap<string, number>;

export function countsAmount(check: LimitCheck): check is SumCheck {
  return check.amount !== undefined;
}

/**
 * The key of a part's rows. The first part has the sum's own: what was counted before a sum was split stays counted, and
 * the version before goes on with it.
 */
function rowKey(sum: SumName, part: number): string {
  return part === 0 ? sumKey(sum) : `${sumKey(sum)}#${part}`;
}

/** Whatever parts there are of a sum: `$` is what follows `#`. */
function partsIn(eb: ExpressionBuilder<Schema, "limit_sums">, sum: SumName) {
  return eb.and([eb("limit_key", ">=", sumKey(sum)), eb("limit_key", "<", `${sumKey(sum)}$`)]);
}

/** One statement asks for all sums that the checks look at. */
export async function readTotals(
  db: Kysely<Schema>,
  checks: readonly LimitCheck[],
  now: number,
): Promise<Totals> {
  const sums = new Map(checks.filter(countsAmount).flatMap(sumsIn));
  if (sums.size === 0) return new Map();
  const found = await db
    .selectFrom("limit_sums")
    .select(({ fn }) => ["limit_key", fn.sum<number | string>("amount").as("amount")])
    .where((eb) =>
      eb.or(
        [...sums.values()].map((sum) =>
          eb.and([partsIn(eb, sum), eb("slot", ">=", firstSlot(now, sum.windowMs))]),
        ),
      ),
    )
    .groupBy("limit_key")
    .execute();
  // MySQL gives sums as texts.
  return new Map(found.map(({ limit_key, amount }) => [limit_key, Number(amount)]));
}

function sumsIn({ key, windows }: LimitCheck): [string, SumName][] {
  return windows.map(({ windowMs }) => [sumKey({ key, windowMs }), { key, windowMs }]);
}

function totalOf(totals: Totals, sum: SumName): number {
  const name = sumKey(sum);
  const parts = [...totals].filter(([key]) => key === name || key.startsWith(`${name}#`));
  return parts.reduce((total, [, amount]) => total + amount, 0);
}

/**
 * Whether the sums of a check have room for its amount. What all parts hold together decides, however the amounts came
 * to lie in them; `crowded` where that has room, but the member's own part holds too much for its share.
 */
export function roomFor(
  check: SumCheck,
  totals: Totals,
  { member, reach }: { readonly member: string; readonly reach: Reach },
): "room" | "crowded" | "full" {
  const { key, shards = 1, windows, amount } = check;
  const isFull = windows.some(
    ({ max, windowMs }) => totalOf(totals, { key, windowMs }) + amount > Math.floor(max),
  );
  if (isFull) return "full";
  if (reach === "all" || shards === 1) return "room";
  const [own = 0] = partsOf(check, member, "own");
  const isCrowded = windows.some(({ max, windowMs }) => {
    const held = totals.get(rowKey({ key, windowMs }, own)) ?? 0;
    return held + amount > shareOf(Math.floor(max), own, shards);
  });
  return isCrowded ? "crowded" : "room";
}

/** When the sums of a check that had no room have it again. */
export async function sumsFreeAt(
  db: Kysely<Schema>,
  { key, windows, amount }: SumCheck,
  now: number,
): Promise<number> {
  let freeAt = now + 1;
  for (const window of windows) {
    const sum = { key, windowMs: window.windowMs };
    const slots = await db
      .selectFrom("limit_sums")
      .select(({ fn }) => ["slot", fn.sum<number | string>("amount").as("amount")])
      .where((eb) => partsIn(eb, sum))
      .where("slot", ">=", firstSlot(now, sum.windowMs))
      .groupBy("slot")
      .orderBy("slot")
      .execute();
    const held = slots.map(({ slot, amount: total }) => ({ slot, amount: Number(total) }));
    freeAt = Math.max(freeAt, sumFreeAt(held, window, amount, now));
  }
  return freeAt;
}

/** Adds what the checks of a take count, each sum once. Their parts are locked as far as the take reaches. */
export async function countSums(
  trx: Kysely<Schema>,
  checks: readonly LimitCheck[],
  { totals, member, reach, now }: Spread,
): Promise<void> {
  const counting = checks.filter(countsAmount);
  const sums = new Map(counting.flatMap(sumsIn));
  const added = [...sums.values()].flatMap((sum) => {
    const looking = counting.filter(
      ({ key, windows }) => key === sum.key && windows.some(({ windowMs }) => windowMs === sum.windowMs),
    );
    return spread(sum, looking, { totals, member, reach, now });
  });
  for (const part of inOrder(added)) await addTo(trx, part);
}

interface Spread {
  readonly totals: Totals;
  readonly member: string;
  readonly reach: Reach;
  readonly now: number;
}

/** An amount that lies in one part of a sum. */
interface Part {
  readonly row: string;
  readonly windowMs: number;
  readonly at: number;
  readonly amount: number;
}

/**
 * Lays an amount into the member's own part, and what is more than its share of the tightest limit into the next: no
 * part holds more than its share by what a limit let through, so all together hold no more than the limit.
 */
function spread(sum: SumName, checks: readonly SumCheck[], { totals, member, reach, now }: Spread): Part[] {
  const [check] = checks;
  if (!check) return [];
  const { shards = 1 } = check;
  const most = tightest(checks, sum.windowMs);
  const at = { windowMs: sum.windowMs, at: now };
  const parts = partsOf(check, member, reach).map((part) => ({ ...at, row: rowKey(sum, part), part }));
  let rest = check.amount;
  const laid = parts.map(({ part, ...each }) => {
    const room = Math.max(0, shareOf(most, part, shards) - (totals.get(each.row) ?? 0));
    const amount = Math.min(rest, room);
    rest -= amount;
    return { ...each, amount };
  });
  return laid.map((each, nth) => ({ ...each, amount: each.amount + (nth === 0 ? rest : 0) }));
}

function tightest(checks: readonly SumCheck[], windowMs: number): number {
  const windows = checks.filter(({ advisory }) => !advisory).flatMap(({ windows }) => windows);
  return Math.min(...windows.filter((each) => each.windowMs === windowMs).map(({ max }) => Math.floor(max)));
}

/** In one order, so that no two callers wait for each other; what is too little goes to the emptiest part. */
export async function correctSums(trx: Kysely<Schema>, sums: readonly Sum[]): Promise<void> {
  for (const sum of sums.toSorted((a, b) => (sumKey(a) < sumKey(b) ? -1 : 1))) {
    if (sum.amount < 0) await takeOff(trx, sum);
    else await addTo(trx, { ...sum, row: await emptiest(trx, sum) });
  }
}

async function emptiest(trx: Kysely<Schema>, sum: Sum): Promise<string> {
  const { shards = 1 } = sum;
  if (shards === 1) return rowKey(sum, 0);
  const check = { name: "", key: sum.key, windows: [{ max: 0, windowMs: sum.windowMs }], amount: 0 };
  const totals = await readTotals(trx, [check], sum.at);
  const rows = Array.from({ length: shards }, (_, part) => rowKey(sum, part));
  return rows.reduce((least, row) => ((totals.get(row) ?? 0) < (totals.get(least) ?? 0) ? row : least));
}

/** From the fullest part where that holds as much, else from one after the other; none goes below zero. */
async function takeOff(trx: Kysely<Schema>, sum: Sum): Promise<void> {
  const held = await slotParts(trx, sum);
  const fullest = held.reduce((most, each) => (each.amount > most.amount ? each : most), {
    row: "",
    amount: 0,
  });
  let rest = -sum.amount;
  const { numUpdatedRows } = await slotOf(trx, { ...sum, row: fullest.row })
    .set((eb) => ({ amount: eb("amount", "-", rest) }))
    .where("amount", ">=", rest)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows > 0n) return;
  for (const { row } of held) {
    if (rest > 0) rest = await takeOffPart(trx, { ...sum, row }, rest);
  }
}

/** Resolves with what the part did not hold. Meanwhile its row is locked by the first statement. */
async function takeOffPart(trx: Kysely<Schema>, part: Part, amount: number): Promise<number> {
  const slot = slotOf(trx, part);
  await slot.set((eb) => ({ amount: eb("amount", "-", amount) })).execute();
  const [left] = await trx
    .selectFrom("limit_sums")
    .select("amount")
    .where("limit_key", "=", part.row)
    .where("slot", "=", slotAt(part.at, part.windowMs))
    .execute();
  if (!left || left.amount >= 0) return 0;
  await slot.set({ amount: 0 }).execute();
  return -left.amount;
}

/** Makes each slot at least as great as it was, all parts together. They are locked. */
export async function raiseSums(trx: Kysely<Schema>, sums: readonly Sum[]): Promise<void> {
  const added: Part[] = [];
  for (const sum of sums) {
    const { shards = 1 } = sum;
    const held = await slotParts(trx, sum);
    const missing = sum.amount - held.reduce((total, { amount }) => total + amount, 0);
    for (let part = 0; missing > 0 && part < shards; part++) {
      added.push({ ...sum, row: rowKey(sum, part), amount: shareOf(missing, part, shards) });
    }
  }
  for (const part of inOrder(added)) await addTo(trx, part);
}

/** What each part holds in the slot of a sum, in the order in which rows are locked. */
async function slotParts(trx: Kysely<Schema>, sum: Sum) {
  return await trx
    .selectFrom("limit_sums")
    .select(["limit_key as row", "amount"])
    .where((eb) => partsIn(eb, sum))
    .where("slot", "=", slotAt(sum.at, sum.windowMs))
    .orderBy("limit_key")
    .execute();
}

/** One statement where the slot is there already. */
async function addTo(trx: Kysely<Schema>, part: Part): Promise<void> {
  if (part.amount === 0) return;
  const add = () =>
    slotOf(trx, part)
      .set((eb) => ({ amount: eb("amount", "+", part.amount) }))
      .executeTakeFirstOrThrow();
  const { numUpdatedRows } = await add();
  if (numUpdatedRows > 0n) return;
  const slot = slotAt(part.at, part.windowMs);
  const values = { limit_key: part.row, slot, amount: 0, ends_at: slotEndsAt(slot, part.windowMs) };
  await ifAbsent(trx.insertInto("limit_sums").values(values)).execute();
  await add();
}

function slotOf(trx: Kysely<Schema>, { row, at, windowMs }: Omit<Part, "amount">) {
  const slot = slotAt(at, windowMs);
  return trx.updateTable("limit_sums").where("limit_key", "=", row).where("slot", "=", slot);
}

function inOrder(parts: readonly Part[]): readonly Part[] {
  return parts.toSorted((a, b) => (a.row < b.row ? -1 : 1));
}
