import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { phonekey, workingFolder } from "../../support/server.ts";
import { lineOf } from "../../transfer/support.ts";

const PROGRAM = join(import.meta.dirname, "../../../bin/phonekey.js");

/** What a person at a terminal sees; `script` (util-linux) provides a terminal. */
function atTerminal(folder: string, args: string): string {
  const command = `${process.execPath} ${PROGRAM} ${args}`;
  return execFileSync("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    encoding: "utf8",
  });
}

describe("long work of a command", () => {
  const COUNT = 500;
  const howFar = (things: string) =>
    new RegExp(`\\r\\u001b\\[K\\d+ ${things}, \\d+ a second, \\d+ %, \\d+ s left`);

  test.runIf(process.platform === "linux")(
    "shows on a terminal how far it is, how fast it goes and how long it still takes",
    () => {
      const folder = workingFolder();
      writeFileSync(join(folder, "users"), Array.from({ length: COUNT }, (_, n) => lineOf(n)).join(""));
      expect(atTerminal(folder, "migrate")).toMatch(howFar("migrations"));
      expect(atTerminal(folder, "users import users")).toMatch(howFar("users"));
      expect(atTerminal(folder, "users export --file out")).toMatch(howFar("users"));
      expect(atTerminal(folder, "keys retag")).toMatch(howFar("rows"));
    },
  );

  test("shows no progress if there is no terminal", async () => {
    expect(await phonekey(["migrate"], { folder: workingFolder() })).toMatchObject({ code: 0, stderr: "" });
  });
});
