import { Readable } from "node:stream";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { Installation } from "./installation.ts";
import { type Counts, type Filling, fillings } from "./rows.ts";

/** Rows that are handed over at a time. */
const PIECE = 2_000;
const MOST_PRINTED_MS = 10_000;

export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly dataBytes: number;
  readonly indexBytes: number;
}

/** Fills the empty tables of an installation; indexes other than primary keys are made behind, which is quicker. */
export async function fill(
  installation: Installation,
  counts: Counts,
  log: (line: string) => void,
): Promise<void> {
  const { host, port, user, database } = installation.server;
  const connection = await createConnection({ host, port, user, database });
  try {
    await connection.query("set unique_checks = 0, foreign_key_checks = 0");
    for (const filling of fillings(installation, counts, Date.now())) {
      const began = performance.now();
      await load(connection, filling, log);
      await connection.query(`analyze table ${filling.table}`);
      log(`${filling.table}: ${filling.count} rows in ${seconds(began)} s`);
    }
  } finally {
    await connection.end();
  }
}

async function load(connection: Connection, filling: Filling, log: (line: string) => void): Promise<void> {
  const { table, columns } = filling;
  const indexes = await indexesOf(connection, table);
  if (indexes.length > 0) await connection.query(`alter table ${table} ${indexes.map(({ drop }) => drop)}`);
  const sql = `load data local infile 'rows' into table ${table} character set utf8mb4 (${columns})`;
  await connection.query({
    sql,
    infileStreamFactory: () => Readable.from(linesOf(filling, log), { objectMode: false }),
  });
  const began = performance.now();
  if (indexes.length > 0) await connection.query(`alter table ${table} ${indexes.map(({ add }) => add)}`);
  log(`${table}: indexes in ${seconds(began)} s`);
}

interface Index {
  readonly drop: string;
  readonly add: string;
}

async function indexesOf(connection: Connection, table: string): Promise<readonly Index[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `select index_name as name, max(non_unique) as repeats, group_concat(column_name order by seq_in_index) as columns
     from information_schema.statistics
     where table_schema = database() and table_name = ? and index_name <> 'PRIMARY' group by index_name`,
    [table],
  );
  return rows.map(({ name, repeats, columns }) => ({
    drop: `drop index ${name}`,
    add: `add ${Number(repeats) ? "" : "unique "}index ${name} (${columns})`,
  }));
}

function* linesOf({ table, count, row }: Filling, log: (line: string) => void): Generator<string> {
  let printed = performance.now();
  const began = printed;
  for (let from = 0; from < count; from += PIECE) {
    let text = "";
    for (let n = from; n < Math.min(count, from + PIECE); n++) {
      text += `${row(n)
        .map((value) => value ?? "\\N")
        .join("\t")}\n`;
    }
    yield text;
    if (performance.now() - printed < MOST_PRINTED_MS) continue;
    printed = performance.now();
    log(`${table}: ${from} of ${count}, ${Math.round((from / (printed - began)) * 1000)} a second`);
  }
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1000);
}

/** Bytes on disk, by table, as the server estimates them. */
export async function sizesOf({ server }: Installation): Promise<readonly TableSize[]> {
  const { host, port, user, database } = server;
  const connection = await createConnection({ host, port, user, database });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      `select table_name as t, table_rows as r, data_length as d, index_length as i
       from information_schema.tables where table_schema = database() order by 1`,
    );
    return rows.map(({ t, r, d, i }) => ({
      table: t,
      rows: Number(r),
      dataBytes: Number(d),
      indexBytes: Number(i),
    }));
  } finally {
    await connection.end();
  }
}
