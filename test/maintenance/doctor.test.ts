import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examineParts } from "../../src/compose/doctor/doctor.ts";
import { maintenanceTools } from "../../src/compose/tools/maintenance.ts";
import type { Config } from "../../src/config.ts";
import type { Finding } from "../../src/core/maintenance/ports.ts";
import { DAY, MINUTE } from "../contracts/samples.ts";
import { createWorld, testConfig } from "../support/world.ts";

const WEBHOOK = {
  SMS_SENDER: "webhook",
  SMS_WEBHOOK: "http://127.0.0.1:1/",
  SMS_WEBHOOK_SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};
const OTHER_SECRET = "a0Jh6Gf4Ds9Lw2Kc7Mn3bYt5Rp1Xv8qZ-other";

describe("the doctor, on SQLite", () => {
  let folder: string;
  let config: Config;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "phonekey-doctor-"));
    config = testConfig(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const file = () => join(folder, "data", "phonekey.db");
  const change = (...statements: string[]) => {
    const libsql = new Libsql(file());
    for (const statement of statements) libsql.exec(statement);
    libsql.close();
  };
  const examine = (more: { env?: Record<string, string>; clock?: { now(): number } } = {}) =>
    examineParts(more.env ? testConfig(folder, more.env) : config, { folder, ...more });
  const troubles = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== "ok");
  const makeEmpty = () => {
    mkdirSync(join(folder, "data"), { mode: 0o700 });
    writeFileSync(file(), "", { mode: 0o600 });
  };
  /** An installation that has served requests. */
  const install = async () => {
    const world = await createWorld({ folder, parts: { clock: { now: () => Date.now() } } });
    await world.close();
  };

  test("finds nothing wrong with an installation that has served, and changes nothing in it", async () => {
    await install();
    const tables = () => {
      const libsql = new Libsql(file());
      const rows = libsql
        .prepare("SELECT name, sql FROM sqlite_master UNION ALL SELECT task, holder FROM turns")
        .all();
      libsql.close();
      return rows;
    };
    const before = tables();
    const findings = await examine();
    expect(troubles(findings)).toEqual([]);
    expect(new Set(findings.map(({ name }) => name))).toEqual(
      new Set([
        "database",
        "schema",
        "rights",
        "indexes",
        "database, clock",
        "keys",
        "periodic work",
        "state",
        "files",
        "sender",
        "alerts",
        "public address",
        "client addresses",
      ]),
    );
    expect(tables()).toEqual(before);
  });

  test("only warns about an empty database in development, whose schema is pending", async () => {
    makeEmpty();
    const findings = await examine();
    expect(troubles(findings)).toMatchObject([
      {
        name: "schema",
        status: "warn",
        says: expect.stringContaining("0001-first-schema"),
        todo: "Run `phonekey migrate`.",
      },
    ]);
  });

  test("takes a pending schema for wrong in production", async () => {
    makeEmpty();
    const production = { ...config, mode: "production" as const };
    const findings = await examineParts(production, { folder });
    expect(findings).toContainEqual(expect.objectContaining({ name: "schema", status: "wrong" }));
  });

  test("only warns about a schema of a newer version that this version can use", async () => {
    await install();
    change("INSERT INTO migrations VALUES (99, '0099-from-the-future', 1)");
    expect(troubles(await examine())).toMatchObject([
      { name: "schema", status: "warn", says: expect.stringContaining("0099-from-the-future") },
    ]);
  });

  test("refuses a schema of a newer version that this version cannot use", async () => {
    await install();
    change("INSERT INTO migrations VALUES (99, '0099-contract-the-future', 1)");
    expect(troubles(await examine())).toMatchObject([
      { name: "schema", status: "wrong", says: expect.stringContaining("newer version of Phonekey") },
    ]);
  });

  test("finds a dropped index, and gives the statement that makes it again", async () => {
    await install();
    change("DROP INDEX failures_by_phone_tag_bucket_at");
    const [finding, ...others] = troubles(await examine());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ name: "indexes", status: "wrong" });
    change(/`(.*)`/.exec(finding?.todo ?? "")?.[1] ?? "");
    expect(troubles(await examine())).toEqual([]);
  });

  test("finds an index that is no longer unique", async () => {
    await install();
    change("DROP INDEX users_by_phone_tag", "CREATE INDEX users_by_phone_tag ON users (phone_tag)");
    expect(troubles(await examine())).toMatchObject([
      { name: "indexes", status: "wrong", says: "users_by_phone_tag on users is missing" },
    ]);
  });

  test("finds secrets that are not those of the keys", async () => {
    await install();
    const findings = await examine({ env: { PHONEKEY_SECRETS: OTHER_SECRET } });
    expect(troubles(findings)).toMatchObject([
      { name: "keys", status: "wrong", says: expect.stringContaining("Put that secret back") },
    ]);
    expect(JSON.stringify(findings)).not.toContain(OTHER_SECRET);
  });

  test("warns about keys that were not wrapped again after the secret was rotated", async () => {
    await install();
    const both = `${OTHER_SECRET},${config.secrets[0]}`;
    expect(troubles(await examine({ env: { PHONEKEY_SECRETS: both } }))).toMatchObject([
      { name: "keys", status: "warn", todo: expect.stringContaining("phonekey keys rotate") },
    ]);
  });

  test("finds a retag that was begun and not ended", async () => {
    await install();
    change(`UPDATE keys SET active_from = ${Number.MAX_SAFE_INTEGER} WHERE kind = 'tag'`);
    expect(troubles(await examine())).toMatchObject([{ name: "tag key", status: "wrong" }]);
  });

  test("warns about periodic work that was last done long ago", async () => {
    await install();
    // With the console sender some of the work is left to the server.
    const tools = await maintenanceTools(testConfig(folder, WEBHOOK));
    await tools.tick();
    await tools.close();
    const fine = (says: string) => expect.objectContaining({ name: "periodic work", status: "ok", says });
    expect(await examine()).toContainEqual(fine("was done less than a minute ago"));
    const soon = { now: () => Date.now() + MINUTE };
    expect(await examine({ clock: soon })).toContainEqual(fine("was done 1 minute ago"));
    const later = { now: () => Date.now() + 3 * DAY };
    expect(troubles(await examine({ clock: later }))).toMatchObject([
      { name: "periodic work", status: "warn", says: "was last done 3 days ago" },
    ]);
  });

  test("warns about periodic work that was never done", async () => {
    await install();
    const later = { now: () => Date.now() + 3 * DAY };
    expect(troubles(await examine({ clock: later }))).toMatchObject([
      { name: "periodic work", status: "warn", says: "was never done" },
    ]);
  });

  test("warns about files that others can read and a folder that others can change", async () => {
    await install();
    chmodSync(file(), 0o644);
    chmodSync(join(folder, "data"), 0o777);
    const found = troubles(await examine());
    expect(new Set(found.map(({ name, status }) => `${name} ${status}`))).toEqual(new Set(["files warn"]));
    expect(found.map(({ todo }) => todo)).toEqual(
      expect.arrayContaining([
        `Run \`chmod go-w ${join(folder, "data")}\`.`,
        `Run \`chmod go-rwx ${file()}\`.`,
      ]),
    );
    expect(statSync(file()).mode & 0o777).toBe(0o644);
  });

  test.each(["sqlite:elsewhere/phonekey.db", "mysql://u:p@127.0.0.1:1/phonekey"])(
    "warns about a secret that others can read, with the database at %s",
    async (url) => {
      const path = join(folder, "data", "secret");
      mkdirSync(join(folder, "data"));
      writeFileSync(path, OTHER_SECRET);
      chmodSync(path, 0o644);
      const env = { DATABASE_URL: url.replace("elsewhere", join(folder, "elsewhere")) };
      expect(await examine({ env })).toContainEqual(
        expect.objectContaining({ name: "files", says: `others can read ${path}` }),
      );
    },
  );

  test("warns about a database's folder in which others can replace the file", async () => {
    const elsewhere = join(folder, "elsewhere");
    const env = { DATABASE_URL: `sqlite:${elsewhere}/phonekey.db` };
    mkdirSync(elsewhere);
    chmodSync(elsewhere, 0o777);
    expect(await examine({ env })).toContainEqual(
      expect.objectContaining({ name: "files", says: `others can change ${elsewhere}` }),
    );
  });

  test("warns about files beside the database's that others can change, while a server runs", async () => {
    await install();
    const server = new Libsql(file());
    server.exec("DELETE FROM turns");
    const beside = [`${file()}-wal`, `${file()}-shm`];
    for (const path of beside) chmodSync(path, 0o622);
    const todos = troubles(await examine()).map(({ todo }) => todo);
    server.close();
    expect(todos).toEqual(beside.map((path) => `Run \`chmod go-rwx ${path}\`.`));
  });

  test("warns about a file that its group can read, and not about a folder with the sticky bit", async () => {
    await install();
    chmodSync(file(), 0o640);
    chmodSync(join(folder, "data"), 0o1777);
    const says = troubles(await examine()).map((finding) => finding.says);
    expect(says).toContain(`others can read ${file()}`);
    expect(says.join()).not.toContain("others can change");
  });

  const broken: [string, (path: string) => void, RegExp][] = [
    [
      "a folder in its place",
      (path) => mkdirSync(path, { recursive: true }),
      /something else may be in its place/,
    ],
    ["a file that is no database", (path) => writeFileSync(path, "x".repeat(9_000)), /is not a database/],
  ];
  test.each(broken)("finds no database that can be opened: %s", async (_, make, says) => {
    mkdirSync(join(folder, "data"), { recursive: true });
    make(file());
    expect(troubles(await examine())[0]).toMatchObject({
      name: "database",
      status: "wrong",
      says: expect.stringMatching(says),
    });
  });

  test("finds that a path leads through a file", async () => {
    writeFileSync(join(folder, "data"), "");
    const findings = await examineParts(config, { folder });
    expect(troubles(findings)[0]).toMatchObject({
      name: "database",
      status: "wrong",
      says: "the database is unavailable: its folder does not exist and cannot be made",
    });
  });

  test("finds that the database cannot be written", async () => {
    await install();
    change(
      "CREATE TRIGGER no BEFORE INSERT ON turns BEGIN SELECT RAISE(ABORT, 'the disk is read-only'); END",
    );
    expect(troubles(await examine())).toMatchObject([
      { name: "rights", status: "wrong", says: "its user cannot insert rows (the disk is read-only)" },
    ]);
  });

  test("warns in production that no proxy is trusted, state is in memory and there is no https", async () => {
    await install();
    const production: Config = {
      ...config,
      mode: "production",
      state: { kind: "memory" },
      server: { ...config.server, publicUrl: "http://auth.example.com" },
    };
    const found = troubles(await examineParts(production, { folder }));
    expect(found.map(({ name, status }) => [name, status])).toEqual([
      ["state", "warn"],
      ["public address", "warn"],
      ["client addresses", "warn"],
    ]);
  });
});
