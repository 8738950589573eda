import { sql } from "kysely";
import { expect } from "vitest";
import type { Phone } from "../../../src/core/phone.ts";
import type { PhoneVault } from "../../../src/core/vault.ts";
import type { Rules } from "../rules.ts";
import type { Kept, Model } from "./erasure-model.ts";

export type Row = Readonly<Record<string, unknown>>;
export type Tables = ReadonlyMap<string, readonly Row[]>;

/** All rows of all tables. */
export async function dump({ db }: Rules["database"]): Promise<Tables> {
  const { rows } = await sql<{
    name: string;
  }>`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`.execute(db);
  const tables = rows.map(async ({ name }) => {
    const found = await sql<Row>`select * from ${sql.table(name)}`.execute(db);
    return [name, found.rows] as const;
  });
  return new Map(await Promise.all(tables));
}

export const holds = (row: Row, text: string) =>
  Object.values(row).some((value) => String(value).includes(text));

/** The names of the tables in which a text stands. */
export function tablesWith(tables: Tables, text: string): string[] {
  return [...tables].filter(([, rows]) => rows.some((row) => holds(row, text))).map(([name]) => name);
}

const opened = new Map<unknown, Promise<string>>();

/** The tables with an encrypted number that is this one. */
export async function tablesThatOpenTo(
  phone: string,
  tables: Tables,
  vault: Pick<PhoneVault, "open">,
): Promise<string[]> {
  const found: string[] = [];
  for (const [table, rows] of tables) {
    for (const { id, sealed_phone: sealed } of rows) {
      if (!sealed) continue;
      const open = opened.get(sealed) ?? vault.open(String(sealed), String(id));
      opened.set(sealed, open);
      if ((await open) === phone) found.push(table);
    }
  }
  return [...new Set(found)];
}

/** What is kept by number is what the model says, and blank where it says so. */
export async function expectKept(model: Model, rules: Rules): Promise<void> {
  const tables = await dump(rules.database);
  for (const { phone, messages, replies, unlocks, optOut, failures, erasures } of model) {
    const tag = await rules.deps().vault.tag(phone as Phone);
    const rows = (table: string) => tables.get(table)?.filter((row) => row.phone_tag === tag) ?? [];
    const blanks = (table: string) =>
      rows(table)
        .map((row) => row.sealed_phone === "")
        .toSorted();
    const isBlank = (kept: Kept) => kept.isBlank;
    expect(blanks("messages")).toEqual(messages.map(isBlank).toSorted());
    expect(blanks("unlocks")).toEqual(unlocks.map(isBlank).toSorted());
    expect(blanks("opt_outs")).toEqual((optOut ? [optOut] : []).map(isBlank));
    expect(rows("unlocks").filter((row) => row.sealed_reason === "")).toHaveLength(
      unlocks.filter(isBlank).length,
    );
    expect(rows("replies")).toHaveLength(replies.length);
    expect(rows("failures")).toHaveLength(failures);
    expect(rows("erasures")).toHaveLength(erasures.length);
  }
}
