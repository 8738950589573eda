import { expect, test } from "vitest";
import { explain } from "../../src/compose/explain.ts";
import { UnavailableError } from "../../src/core/refusals.ts";

/** The codes of libsql for a file, and for a folder with one in it, that belong to another user. */
test.each(["SQLITE_READONLY", "UNKNOWN_SQLITE_ERROR_1544"])("explains a read-only database: %s", (code) => {
  const cause = Object.assign(new Error("attempt to write a readonly database"), { code });
  expect(explain(new UnavailableError("the database", { cause }))).toBe(
    "the database is unavailable: this user may not write its file or its folder",
  );
});

test("an unavailable part without a cause, such as the tag key during a retag, is named without a reason", () => {
  expect(explain(new UnavailableError("the tag key", { cause: undefined }))).toBe(
    "the tag key is unavailable",
  );
});
