import Libsql from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Step, Steps } from "../../../../src/adapters/sql/database.ts";
import { createCommits } from "../../../../src/adapters/sql/sqlite/commits.ts";
import { retryWhileBusy } from "../../../../src/adapters/sql/sqlite/retry.ts";
import { createStatements } from "../../../../src/adapters/sql/sqlite/statements.ts";
import { createSteps } from "../../../../src/adapters/sql/sqlite/steps.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { watchedConnection } from "../../../support/sqlite.ts";

let libsql: Libsql.Database;
let steps: Steps;
let isFull: boolean;
beforeEach(() => {
  libsql = new Libsql(":memory:");
  libsql.exec("create table written (n integer)");
  isFull = false;
  const watched = watchedConnection(libsql, (sql) => {
    if (sql === "COMMIT" && isFull) throw Object.assign(new Error("full"), { rawCode: 13 });
  });
  const commits = createCommits(watched, 1_000, retryWhileBusy);
  steps = createSteps(commits, createStatements(libsql), undefined);
});
afterEach(() => void libsql.close());

const insert = (step: Step, n: number) => step.run("insert into written (n) values (?)", n);
const written = () => libsql.prepare("select n from written order by n").all();

test("a write that throws half-way leaves nothing, and the others of its commit stay", async () => {
  const half = steps.write((step) => {
    insert(step, 2);
    throw new Error("half-way");
  });
  const all = [steps.write((step) => insert(step, 1)), half, steps.write((step) => insert(step, 3))];
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect(written()).toEqual([{ n: 1 }, { n: 3 }]);
});

test("onLost callbacks of a failed commit run in reverse order", async () => {
  isFull = true;
  const undone: number[] = [];
  const lost = [1, 2, 3].map((n) =>
    steps.write((step) => {
      insert(step, n);
      for (const part of [1, 2]) step.onLost(() => void undone.push(10 * n + part));
    }),
  );
  for (const each of await Promise.allSettled(lost))
    expect(each.status === "rejected" && each.reason).toBeInstanceOf(UnavailableError);
  expect(undone).toEqual([32, 31, 22, 21, 12, 11]);
  expect(written()).toEqual([]);
});
