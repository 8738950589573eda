import type { SqlDatabase } from "../../src/adapters/sql/database.ts";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { createRecords, type Records } from "../../src/compose/tools/records.ts";
import { createTransferTools, type TransferTools } from "../../src/compose/tools/transfer.ts";
import type { Phone } from "../../src/core/phone.ts";
import type { ImportCounts, Imported, ImportNote, ImportWatch } from "../../src/core/transfer/import.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";

/** What an import reported to the operator. */
export interface Told {
  readonly counts: ImportCounts;
  /** `line 3: refused: phone: invalid_phone` */
  readonly notes: readonly string[];
}

export interface Moving {
  readonly world: World;
  readonly tools: TransferTools;
  readonly database: SqlDatabase;
  /** The stores and the vault of the running Phonekey, beside it. */
  readonly records: Records;
  import(text: string | AsyncIterable<Uint8Array>): Promise<Told>;
  export(): Promise<string[]>;
  close(): Promise<void>;
}

/** A running Phonekey, and the tools of the command line beside it on the same file. */
export async function openMoving(options: WorldOptions = {}): Promise<Moving> {
  const world = await createWorld(options);
  const { database: at } = world.config;
  if (at.kind !== "sqlite") throw new Error("a world is on SQLite");
  const database = await openSqlite(`sqlite:${at.path}`);
  const parts = { clock: world.clock, random: systemRandom };
  const records = await createRecords(world.config, database, parts);
  const tools = createTransferTools(world.config, records);
  return {
    world,
    tools,
    database,
    records,
    import: (text) =>
      told((watch) => tools.importUsers(typeof text === "string" ? bytes(text) : text, watch)),
    export: () => exported(tools),
    async close() {
      await tools.close();
      await world.close();
    },
  };
}

export async function told(
  run: (watch: ImportWatch) => Promise<Imported>,
  isStopped = () => false,
): Promise<Told> {
  const notes: string[] = [];
  const onNote = ({ place, kind, refusal: { code, field, detail } }: ImportNote) => {
    notes.push([place, kind, field, detail ?? code].filter(Boolean).join(": "));
  };
  let stopped = false;
  const stop = () => {
    stopped ||= isStopped();
    return stopped;
  };
  const { complete, ...counts } = await run({ onNote, onProgress: () => {}, isStopped: stop });
  if (complete === stopped) throw new Error("it does not know whether it is complete");
  return { counts, notes };
}

export async function exported(tools: Pick<TransferTools, "exportUsers">): Promise<string[]> {
  const lines: string[] = [];
  for await (const page of tools.exportUsers()) lines.push(...page.lines);
  return lines;
}

/** In pieces of 7 bytes, so that lines and characters are cut anywhere. */
export async function* bytes(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

/** The `n`th of a hundred million mobiles of mainland China. */
export const phoneOf = (n: number): Phone => `+86138${String(n).padStart(8, "0")}` as Phone;

export function lineOf(n: number, more: object = {}): string {
  const user = {
    id: `u${n}`,
    phone: phoneOf(n),
    name: `Name ${n}`,
    avatar: (n % 10) + 1,
    createdAt: "2024-02-29T23:59:59.000Z",
  };
  return `${JSON.stringify({ ...user, ...more })}\n`;
}
