import { expect, test } from "vitest";
import { tickAsJson } from "../../src/cli/tick/ticks.ts";
import type { TickReport } from "../../src/core/maintenance/tick.ts";
import { UnavailableError } from "../../src/core/refusals.ts";

test("tickAsJson explains the error of each failed task, as a command explains its own", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = new UnavailableError("Redis", { cause: refused });
  const report = { ran: true, failures: [{ task: "reports", error }] } as unknown as TickReport;
  expect(tickAsJson(report)).toEqual({
    ran: true,
    failures: [
      { task: "reports", error: "Redis is unavailable: nothing accepts connections at its address" },
    ],
  });
});
