import type { Cost } from "./cost.ts";
import { median } from "./cost.ts";
import { summaryOf } from "./counters.ts";
import type { TableSize } from "./fill.ts";
import type { Measured, Options } from "./measure.ts";
import { type Plan, scanning } from "./plans.ts";

/** The figures as tables in Markdown. */
export function reportOf(
  { users, connections }: Options,
  sizes: readonly TableSize[],
  measured: Measured,
): string {
  const { plans, costs, counters } = measured;
  const rows = costs.flatMap(({ pool, costs: each }) => each.map((cost) => costRow(pool, cost)));
  const takes = counters.flatMap(({ store, awayMs, throughput }) =>
    throughput.map((each) => {
      const { perSecond, ratio } = summaryOf(each);
      return [
        store,
        `${awayMs} ms`,
        each.sharing,
        Math.round(perSecond),
        ratio.toFixed(2),
        spread(each.ratios),
      ];
    }),
  );
  return [
    `## Tables, ${users} users`,
    table(
      ["Table", "Rows", "Bytes a row", "of which indexes"],
      sizes.filter(({ rows: n }) => n > 1_000).map(sizeRow),
    ),
    "## A sign-in",
    table(["Buffer pool", "Who", "Bare, ms", "Filled, ms", "Ratio", "Spread", "Pages read"], rows),
    `## Takes at ${connections} connections`,
    table(["Store", "Away", "Shared", "Takes a second", "Ratio", "Spread"], takes),
    `## Plans: ${plans.length} statements, ${scanning(plans).length} of which read everything`,
    table(["Statement", "Table", "Access", "Index", "Rows"], plans.flatMap(planRows)),
  ].join("\n\n");
}

function sizeRow({ table: name, rows, dataBytes, indexBytes }: TableSize) {
  return [name, rows, Math.round((dataBytes + indexBytes) / rows), Math.round(indexBytes / rows)];
}

function costRow(pool: string, { who, bareMs, filledMs, filledReads, ratios }: Cost) {
  return [
    pool,
    who,
    median(bareMs).toFixed(2),
    median(filledMs).toFixed(2),
    median(ratios).toFixed(2),
    spread(ratios),
    median(filledReads).toFixed(1),
  ];
}

function planRows({ sql, steps }: Plan) {
  return steps.map(({ table: name, type, key, rows }) => [
    `\`${shortened(sql)}\``,
    name,
    type,
    key ?? "none",
    rows,
  ]);
}

const MOST_SHOWN = 110;

function shortened(sql: string): string {
  const plain = sql.replaceAll("`", "").replace(/\s+/g, " ").replaceAll("|", "/");
  return plain.length > MOST_SHOWN ? `${plain.slice(0, MOST_SHOWN)}…` : plain;
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
}

function table(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [row(titles), row(titles.map(() => "---")), ...rows.map(row)].join("\n");
}
