import type { Measured } from "./measure.ts";
import type { Results } from "./results.ts";
import { median, ratioOf } from "./statistics.ts";
import { NAMES } from "./systems.ts";

/** Something that is aimed at: a figure, and what it has to reach or stay under. */
interface Aim {
  readonly what: string;
  readonly is: number | undefined;
  /** The same at 128 connections, and there with two processes, where that is measured. */
  readonly atMany?: number | undefined;
  readonly byTwo?: number | undefined;
  readonly atLeast?: number;
  readonly under?: number;
}

const [NEW, RETURNING] = ["cycle, new number", "cycle, returning number"];

/** The aims of the project for MariaDB and Redis at 16 connections, as rows of a table; those that were not measured are left out. */
export function aimRows(results: Results): readonly (readonly string[])[] {
  return aimsOf(results).flatMap(({ what, is, atMany, byTwo, atLeast, under }) => {
    if (is === undefined || Number.isNaN(is)) return [];
    const isReached = atLeast === undefined ? is < (under ?? 0) : is >= atLeast;
    const bound = atLeast === undefined ? `under ${under}` : `at least ${atLeast}`;
    const elsewhere = [atMany, byTwo].map((ratio) => ratio?.toFixed(2) ?? "");
    return [[what, is.toFixed(2), bound, isReached ? "yes" : "no", ...elsewhere]];
  });
}

function aimsOf(results: Results): readonly Aim[] {
  const of = (kind = NEW, system: string = NAMES.redis, connections = 16) =>
    results.of(`${kind} | ${system} | ${connections}`);
  const ratio = (these: ReturnType<typeof of>, those: ReturnType<typeof of>) => ratioOf(these, those)?.median;
  const signIns = (base: string, { system = NAMES.redis as string, kind = NEW } = {}) => ({
    is: ratio(of(kind, system), of(kind, base)),
    atMany: ratio(of(kind, system, 128), of(kind, base, 128)),
    byTwo: system === NAMES.redis ? ratio(of(kind, NAMES.two, 128), of(kind, base, 128)) : undefined,
  });
  const middle = (figure: (one: Measured) => number) => median([...of().values()].map(figure));
  return [
    { what: "sign-ins of new numbers to the floor of the least I/O", ...signIns(NAMES.least), atLeast: 0.8 },
    { what: "the same to the floor of the same writes", ...signIns(NAMES.same), atLeast: 1 },
    { what: "the same to the demo", ...signIns(NAMES.demo), atLeast: 1.5 },
    { what: "the same to better-auth", ...signIns(NAMES.betterAuth), atLeast: 8 },
    {
      what: "sign-ins of returning numbers to the floor of the least I/O",
      ...signIns(NAMES.least, { kind: RETURNING }),
      atLeast: 0.8,
    },
    {
      what: "SQLite alone to MariaDB and Redis",
      ...signIns(NAMES.redis, { system: NAMES.sqlite }),
      atLeast: 1.5,
    },
    {
      what: "`/v1/me` to the floor of the least I/O",
      is: ratio(of("me"), of("me", NAMES.least)),
      atLeast: 0.7,
    },
    { what: "refused starts to accepted ones", is: ratio(of("refused start"), of("start")), atLeast: 2 },
    { what: "p99 to p50 of requests of a sign-in", is: middle(({ p50, p99 }) => p99 / p50), under: 4 },
    { what: "memory before the first request, MB", is: middle(({ restMb }) => restMb), under: 160 },
  ];
}
