import { describe, expect, test } from "vitest";
import { SCENARIOS } from "./scenarios.ts";
import { breaches, play } from "./stage.ts";

const PATIENCE_MS = 300_000;

const short = SCENARIOS.flatMap(({ title, attacks }) =>
  attacks
    .filter(({ inForms }) => inForms.includes("short"))
    .map((attack) => ({ name: `${title}: ${attack.name}`, attack })),
);

describe("with protections on, bounds hold against", () => {
  test.for(short)("$name", { timeout: PATIENCE_MS }, async ({ attack }) => {
    expect(breaches(await play(attack, "on", "short"))).toEqual([]);
  });
});
