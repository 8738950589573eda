import { aimRows } from "./aims.ts";
import { type Case, casesOf, nameOf } from "./plan.ts";
import type { Results } from "./results.ts";
import { median, ratioOf, type Spread, spreadOf } from "./statistics.ts";
import { NAMES } from "./systems.ts";

const SPEEDS = ["Number", "System", "a second", "spread"];
const TIMES = ["p50 ms", "p99 ms"];

/** The figures as tables in Markdown. */
export function tablesOf(results: Results, coldStarts: readonly string[]): string {
  const cases = casesOf().filter((each) => results.of(nameOf(each)).size > 0);
  const part = (name: Case["part"]) => cases.filter((each) => each.part === name);
  return [
    "### What is aimed at, on MariaDB and Redis at 16 connections",
    table(["", "is", "aim", "reached", "at 128 connections", "there, two processes"], aimRows(results)),
    "### Whole sign-ins at 16 connections",
    table(
      [...SPEEDS, ...ALL.map((base) => `to ${base}`), ...TIMES],
      part("cycles").map((each) => [
        ...speedCells(each, results),
        ...ratioCells(each, results, ALL),
        ...timeCells(each, results),
      ]),
    ),
    "### What one of them takes: milliseconds of a processor, and what it asks of the stores",
    table(
      [
        ...["Number", "System", "its own processes", "MariaDB", "Redis", "generator"],
        ...["statements", "commits", "calls to Redis", "memory at rest, MB", "under load"],
      ],
      part("cycles").map((each) => [...nameCells(each), ...costCells(each, results)]),
    ),
    "### One connection, and 128",
    table(
      ["Connections", ...SPEEDS, ...ALL.map((base) => `to ${base}`), ...TIMES],
      part("connections").map((each) => [
        each.connections,
        ...speedCells(each, results),
        ...ratioCells(each, results, ALL),
        ...timeCells(each, results),
      ]),
    ),
    "### Single requests at 16 connections",
    table(
      ["Request", ...SPEEDS.slice(1), ...FLOORS.map((base) => `to ${base}`), ...TIMES],
      part("requests").map((each) => [
        ...speedCells(each, results),
        ...ratioCells(each, results),
        ...timeCells(each, results),
      ]),
    ),
    ...part("generator").map(
      (each) =>
        `The load generator alone, against a server that answers nothing: ${speedCells(each, results)[2]} requests a second, ${costCells(each, results)[3]} ms of a processor each.`,
    ),
    ...(coldStarts.length > 0
      ? [
          "### A function's cold start",
          `| From the start of the process | | beyond an empty Node.js |\n| --- | --- | --- |\n${coldStarts.join("\n")}`,
        ]
      : []),
  ].join("\n\n");
}

type Cell = string | number;

function nameCells({ kind, system }: Case): readonly Cell[] {
  return [kind.replace("cycle, ", ""), system.name];
}

function speedCells(each: Case, results: Results): readonly Cell[] {
  const speeds = spreadOf([...results.of(nameOf(each)).values()].map(({ perSecond }) => perSecond));
  return [
    ...nameCells(each),
    Math.round(speeds.median),
    `${Math.round(speeds.least)} to ${Math.round(speeds.most)}`,
  ];
}

const FLOORS = [NAMES.least, NAMES.same];
const ALL = [...FLOORS, NAMES.demo, NAMES.betterAuth];

function ratioCells(each: Case, results: Results, bases: readonly string[] = FLOORS): readonly Cell[] {
  return bases.map((base) => {
    const other = casesOf().find(
      ({ system, kind, connections }) =>
        system.name === base && kind === each.kind && connections === each.connections,
    );
    const ratio = other && ratioOf(results.of(nameOf(each)), results.of(nameOf(other)));
    return ratio ? ratioText(ratio) : "";
  });
}

function ratioText({ median: middle, least, most }: Spread): string {
  return `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

function timeCells(each: Case, results: Results): readonly Cell[] {
  const rounds = [...results.of(nameOf(each)).values()];
  return [median(rounds.map(({ p50 }) => p50)), median(rounds.map(({ p99 }) => p99))].map((ms) =>
    ms.toFixed(1),
  );
}

function costCells(each: Case, results: Results): readonly Cell[] {
  const rounds = [...results.of(nameOf(each)).values()];
  const names = ["serverMs", "databaseMs", "redisMs", "generatorMs"] as const;
  const costs = names.map((name) => median(rounds.map((round) => round[name])).toFixed(2));
  const counts = (["statements", "commits", "scripts"] as const).map((name) =>
    median(rounds.map((round) => round[name])).toFixed(1),
  );
  const memory = (["restMb", "rssMb"] as const).map((name) =>
    Math.round(median(rounds.map((round) => round[name]))),
  );
  return [...costs, ...counts, ...memory];
}

function table(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const row = (cells: readonly Cell[]) => `| ${cells.join(" | ")} |`;
  return [row(titles), row(titles.map(() => "---")), ...rows.map(row)].join("\n");
}
