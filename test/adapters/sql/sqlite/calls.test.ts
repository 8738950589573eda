import { expect, test } from "vitest";
import { createWorld } from "../../../support/world.ts";

const count = (statements: readonly string[], pattern: RegExp) =>
  statements.filter((sql) => pattern.test(sql)).length;

test("on SQLite a whole sign-in writes three rows of the limits' journal and runs at most 23 statements", async () => {
  const statements: string[] = [];
  const world = await createWorld({
    env: { STATE_URL: "database" },
    parts: { onStatement: (sql) => statements.push(sql) },
  });
  await world.signIn("+8613800138001");
  statements.length = 0;
  await world.signIn("+8613800138002");
  // The send, the guess of its address, and what the approval gives back.
  expect(count(statements, /^insert into limit_journal/)).toBe(3);
  // First without the write lock, then again with it unless another caller of this process has it.
  expect(count(statements, /from limit_journal/)).toBeLessThanOrEqual(6);
  expect(count(statements, /"limit_|"limits"/)).toBe(0);
  expect(count(statements, /"verifications"/)).toBe(4);
  expect(statements.length).toBeLessThanOrEqual(23);
  await world.close();
});
