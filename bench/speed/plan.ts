import type { Kind } from "./job.ts";
import { SYSTEMS, type System } from "./systems.ts";

/** One figure that is taken in every round. */
export interface Case {
  readonly part: "cycles" | "connections" | "requests" | "generator";
  readonly system: System;
  readonly kind: Kind;
  readonly connections: number;
}

const USUAL = 16;
const CYCLES: readonly Kind[] = ["cycle, new number", "cycle, returning number"];
/** Besides the usual number of connections. */
const OTHERS: readonly { readonly connections: number; readonly kinds: readonly Kind[] }[] = [
  { connections: 1, kinds: ["cycle, new number"] },
  { connections: 128, kinds: CYCLES },
];
const REQUESTS: readonly Kind[] = ["start", "check", "wrong guess", "refused start", "refresh", "me"];

/** Everything that is measured, in the order in which a round takes it: what is compared comes one after the other. */
export function casesOf(): readonly Case[] {
  const measured = SYSTEMS.filter(({ name }) => name !== "empty");
  return [
    ...CYCLES.flatMap((kind) =>
      measured.map((system) => ({ part: "cycles" as const, system, kind, connections: USUAL })),
    ),
    ...OTHERS.flatMap(({ connections, kinds }) =>
      kinds.flatMap((kind) =>
        measured.map((system) => ({ part: "connections" as const, system, kind, connections })),
      ),
    ),
    ...REQUESTS.flatMap((kind) =>
      measured
        .filter(({ answers }) => answers.includes(kind))
        .map((system) => ({ part: "requests" as const, system, kind, connections: USUAL })),
    ),
    ...SYSTEMS.filter(({ name }) => name === "empty").map((system) => ({
      part: "generator" as const,
      system,
      kind: "nothing" as const,
      connections: USUAL,
    })),
  ];
}

/** Names the figure in the file of results, and in words for whoever waits. */
export function nameOf({ system, kind, connections }: Case): string {
  return `${kind} | ${system.name} | ${connections}`;
}
