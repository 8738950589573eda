import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Ended,
  migratedFolder,
  phonekey,
  startCommand,
  startServer,
  workingFolder,
} from "../../support/server.ts";
import { lineOf, phoneOf } from "../../transfer/support.ts";
import { bearer, createClient } from "../client.ts";
import { change, databaseFile, numberOf } from "../database.ts";
import { until } from "../raw.ts";
import { fileIn, many } from "./users-files.ts";

/** Enough of a sample user's phone to recognize it. */
const ANY_PHONE = /138\d{8}/;

const sortedLines = (text: string) => text.trimEnd().split("\n").sort();

describe("20,000 users", () => {
  const COUNT = 20_000;
  const text = many(COUNT);
  /** Far less than all users together would need. */
  const env = { NODE_OPTIONS: "--max-old-space-size=40" };
  let folder: string;
  let source: string;
  let moved: Ended;
  beforeAll(async () => {
    folder = await migratedFolder();
    source = fileIn(folder, text);
    moved = await phonekey(["users", "import", source, "--json"], { folder, env });
  }, 180_000);

  test("are imported, unchanged by a second import, and exported as they were, in bounded memory", {
    timeout: 180_000,
  }, async () => {
    const counts = { read: COUNT, alreadyThere: 0, conflicting: 0, refused: 0, interrupted: false };
    expect(moved).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(moved.stdout)).toEqual({ ...counts, imported: COUNT });
    const again = await phonekey(["users", "import", source, "--json"], { folder, env });
    expect(JSON.parse(again.stdout)).toEqual({ ...counts, imported: 0, alreadyThere: COUNT });

    const out = await phonekey(["users", "export", "--file", "out.ndjson", "--json"], { folder, env });
    expect(JSON.parse(out.stdout)).toEqual({ exported: COUNT, unreadable: 0, interrupted: false });
    expect(out.stderr).toMatch(/full phone numbers/);
    expect(out.stdout + out.stderr).not.toMatch(ANY_PHONE);
    expect(statSync(join(folder, "out.ndjson")).mode & 0o777).toBe(0o600);
    expect(sortedLines(readFileSync(join(folder, "out.ndjson"), "utf8"))).toEqual(sortedLines(text));
  });

  test("leave no file when an export is interrupted, and none under its name when it is killed", async () => {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const file = `stopped-${signal}.ndjson`;
      const running = startCommand(["users", "export", "--file", file], { folder });
      await expect.poll(() => existsSync(join(folder, `${file}.partial`)), { interval: 5 }).toBe(true);
      running.kill(signal);
      const { code, stdout } = await running.ended;
      expect(code).toBe(signal === "SIGINT" ? 1 : null);
      if (signal === "SIGINT") expect(stdout).toMatch(/^Interrupted after \d+ users\. No file is left\.\n$/);
      expect(existsSync(join(folder, file))).toBe(false);
      expect(existsSync(join(folder, `${file}.partial`))).toBe(signal === "SIGKILL");
    }
  });

  test("are all imported after several imports were killed and one was not", {
    timeout: 180_000,
  }, async () => {
    const other = await migratedFolder();
    const file = fileIn(other, text);
    const run = () => startCommand(["users", "import", file], { folder: other });
    const first = run();
    const written = () => statSync(join(other, "data/phonekey.db-wal"), { throwIfNoEntry: false })?.size ?? 0;
    while (written() < 300_000) await new Promise((resolve) => setTimeout(resolve, 2));
    first.kill();
    expect((await first.ended).signal).toBe("SIGKILL");
    for (const ms of [600, 900, 1_200]) {
      const running = run();
      const timer = setTimeout(() => running.kill(), ms);
      await running.ended;
      clearTimeout(timer);
    }
    const last = await phonekey(["users", "import", file, "--json"], { folder: other });
    const counts = JSON.parse(last.stdout) as { imported: number; alreadyThere: number };
    expect(counts.imported + counts.alreadyThere).toBe(COUNT);
    expect(counts.alreadyThere).toBeGreaterThan(0);
    const out = await phonekey(["users", "export"], { folder: other });
    expect(sortedLines(out.stdout)).toEqual(sortedLines(text));
  });

  test("are imported up to the end of the batch when an import is interrupted, which says so", async () => {
    const other = await migratedFolder();
    execFileSync("mkfifo", [join(other, "pipe")]);
    const running = startCommand(["users", "import", "pipe", "--json"], { folder: other });
    const pipe = await open(join(other, "pipe"), "w");
    await pipe.write(many(700));
    await until(() => numberOf(other, "SELECT count(*) FROM users") === 500, 30_000);
    running.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // Only the batch: a writer that stays is not waited for.
    await pipe.write(many(300));
    const { code, stdout } = await running.ended;
    await pipe.close();
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 1,
      interrupted: true,
      read: 1_000,
      imported: 700,
    });
    const out = await phonekey(["users", "export"], { folder: other });
    expect(sortedLines(out.stdout)).toEqual(sortedLines(many(700)));
  });
});

test("faulty lines of an import are named by number without a phone, and the exit code is 1", async () => {
  const folder = await migratedFolder();
  const lines = [
    lineOf(1),
    '{"phone":"13800138000x"}\n',
    lineOf(2, { phone: phoneOf(1) }),
    "\u0000\n",
    lineOf(3),
  ];
  const ended = await phonekey(["users", "import", fileIn(folder, lines.join(""))], { folder });
  expect(ended.code).toBe(1);
  expect(ended.stderr.split("\n")).toEqual([
    "line 2: refused: phone: invalid_phone",
    "line 3: conflicting: phone: belongs to a user with another id",
    "line 4: refused: must be a JSON object",
    "",
  ]);
  expect(ended.stdout).toMatch(
    /^Imported 2 of 5 users\. Imported users are unproven until their first code\.\n/,
  );
  expect(ended.stdout + ended.stderr).not.toMatch(ANY_PHONE);
});

test.each([
  {
    what: "a missing file",
    args: ["users", "import", "nope"],
    code: 1,
    says: "cannot read nope: it is not there",
  },
  { what: "a folder", args: ["users", "import", "data"], code: 1, says: "cannot read data: it is a folder" },
  { what: "no file", args: ["users", "import"], code: 2, says: "missing required argument" },
  {
    what: "a missing folder",
    args: ["users", "export", "--file", "no/x"],
    code: 1,
    says: "cannot write no/x: its folder",
  },
  {
    what: "an existing file",
    args: ["users", "export", "--file", "here"],
    code: 1,
    says: "cannot write here: it exists",
  },
  {
    what: "a file whose name is empty",
    args: ["users", "export", "--file", ""],
    code: 2,
    says: "argument '' is invalid. It is empty.",
  },
  {
    what: "a file by the name of standard output",
    args: ["users", "export", "--file", "-"],
    code: 2,
    says: "argument '-' is invalid. Leave --file out for standard output.",
  },
  { what: "no database to import from", args: ["import", "smslogin"], code: 2, says: "--database" },
  {
    what: "an invalid database URL to import from",
    args: ["import", "smslogin", "--database", "mysq://u:s3cret@127.0.0.1:9/x"],
    code: 2,
    says: "error: --database must be `mysql://user:password@host:3306/database`",
  },
  {
    what: "SQLite to import from",
    args: ["import", "smslogin", "--database", "sqlite:demo.db"],
    code: 2,
    says: "error: --database must be `mysql://user:password@host:3306/database`",
  },
  {
    what: "an unreachable database to import from",
    args: ["import", "smslogin", "--database", "mysql://u:s3cret@127.0.0.1:9/x"],
    code: 1,
    says: "phonekey: the database to import from is unavailable: nothing accepts connections at its address\n",
  },
  {
    what: "a missing list of erasures",
    args: ["restored", "--erasures", "no"],
    code: 1,
    says: "cannot read no",
  },
])("$what exits with $code", async ({ args, code, says }) => {
  const folder = await migratedFolder();
  fileIn(folder, "kept", "here");
  const ended = await phonekey(args, { folder });
  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(says);
  expect(ended.stderr).not.toMatch(/^ +at |s3cret/m);
  expect(readFileSync(join(folder, "here"), "utf8")).toBe("kept");
});

test("a number that cannot be decrypted and an unreadable line of erasures are named, and the exit code is 1", async () => {
  const folder = await migratedFolder();
  await phonekey(["users", "import", fileIn(folder, many(2))], { folder });
  change(
    folder,
    "UPDATE users SET sealed_phone = (SELECT sealed_phone FROM users WHERE id = 'u0') WHERE id = 'u1'",
  );
  const out = await phonekey(["users", "export"], { folder });
  expect({ ...out, stderr: out.stderr.split("\n")[1] }).toMatchObject({
    code: 1,
    stdout: lineOf(0),
    stderr: expect.stringMatching(/^user u1: left out: /),
  });
  const list = fileIn(folder, "u0\n!\n", "erased.txt");
  const restored = await phonekey(["restored", "--erasures", list, "--json"], { folder });
  expect({ code: restored.code, ...JSON.parse(restored.stdout) }).toMatchObject({
    code: 1,
    erased: 1,
    unreadable: 1,
  });
});

test("commands that need the database say how to make it, and make none", async () => {
  const folder = workingFolder();
  const path = join(realpathSync(folder), "data/phonekey.db");
  const says = `phonekey: there is no database at ${path}; run \`phonekey migrate\` first\n`;
  const reading = ["numbers", "show", phoneOf(7)];
  for (const args of [["users", "export"], ["users", "import", "-"], ["restored"], reading]) {
    const { code, stderr } = await phonekey(args, { folder });
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
  }
  expect((await phonekey(["doctor"], { folder })).stdout).toContain(` there is no file at ${path};`);
  // Somebody in another folder than they think would take an empty database for theirs.
  expect(readdirSync(folder)).toEqual([]);
});

test("commands that need the secret of development name its missing file, and make none", async () => {
  const folder = workingFolder();
  const env = { DATABASE_URL: `sqlite:${databaseFile(await migratedFolder())}` };
  const secret = join(realpathSync(folder), "data/secret");
  const says = `phonekey: PHONEKEY_SECRETS is not set, and there is no ${secret}; run this in the folder of the server\n`;
  for (const args of [
    ["keys", "rotate"],
    ["users", "export"],
    ["numbers", "show", phoneOf(7)],
  ]) {
    const { code, stderr } = await phonekey(args, { folder, env });
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("an imported user signs in while the server runs, and has to sign in again after `restored`", async () => {
  const server = await startServer();
  const { folder } = server;
  const file = fileIn(folder, lineOf(7, { id: "42" }));
  expect((await phonekey(["users", "import", file], { folder })).code).toBe(0);
  const client = createClient(server);
  const { user, created, accessToken } = await client.signIn(phoneOf(7));
  expect({ id: user.id, created }).toEqual({ id: "42", created: false });
  const { code, stdout } = await phonekey(["restored", "--json"], { folder });
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, sessions: 1, erased: 0, unknown: 0 });
  expect((await client.get("/v1/me", bearer(accessToken))).status).toBe(401);
  expect(server.faults()).toEqual([]);
  await server.stop();
  for (const name of readdirSync(join(folder, "data"))) {
    expect(readFileSync(join(folder, "data", name)).includes(phoneOf(7).slice(3)), name).toBe(false);
  }
});
