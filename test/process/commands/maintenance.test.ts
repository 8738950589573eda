import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/core/maintenance/ports.ts";
import { freePort } from "../../support/ports.ts";
import {
  type Ended,
  migratedFolder,
  phonekey,
  startCommand,
  startServer,
  workingFolder,
} from "../../support/server.ts";
import { createClient, newPhone } from "../client.ts";
import { change, databaseFile, numberOf } from "../database.ts";

const DAY = 86_400_000;
const OLD_EVENTS = 60_000;

/** Sets up a database with this many audit events that are past their retention. */
async function installed(events = OLD_EVENTS): Promise<string> {
  const folder = await migratedFolder();
  const at = Date.now() - 200 * DAY;
  change(
    folder,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${events})
     INSERT INTO events (type, user_id, at) SELECT 'sign_in', 'u', ${at} + i FROM n`,
  );
  return folder;
}

const eventsIn = (folder: string) => numberOf(folder, "SELECT count(*) FROM events");

describe("phonekey tick", () => {
  test("does all its work and reports it, for people and for programs", async () => {
    const folder = await installed(1_200);
    const first = await phonekey(["tick", "--json"], { folder });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(first.stdout)).toMatchObject({ ran: true, complete: true, removed: { events: 1_200 } });
    expect(eventsIn(folder)).toBe(0);
    expect(await phonekey(["tick"], { folder })).toMatchObject({ code: 0, stdout: "Nothing to do.\n" });
  });

  test("names what it removed in words, in the singular and the plural", async () => {
    const folder = await installed(1);
    change(folder, "INSERT INTO passkey_challenges VALUES ('1', 'u', 's', 1), ('2', 'u', 's', 1)");
    const { stdout } = await phonekey(["tick"], { folder });
    expect(stdout.split("\n").toSorted()).toEqual([
      "",
      "Learned what traffic is usual.",
      "Removed 1 entry of the audit trail.",
      "Removed 2 passkey challenges.",
    ]);
  });

  test("writes the alerts that it raises to standard error, as a server writes them into its log", async () => {
    const server = await startServer();
    await createClient(server).signIn(newPhone());
    await server.stop();
    const { folder } = server;
    // The console's messages cost nothing.
    change(folder, "UPDATE messages SET price = 50000");
    const { stdout, stderr } = await phonekey(["tick", "--json"], {
      folder,
      env: { SPEND_HOUR: "0.05 CNY" },
    });
    expect(JSON.parse(stdout)).toMatchObject({ ran: true, failures: [] });
    expect(JSON.parse(stderr)).toMatchObject({
      level: 50,
      what: "raised",
      alert: { kind: "spend" },
      msg: "an alert was raised",
    });
  });

  test("run twice at once, does the work once", async () => {
    const folder = await installed(20_000);
    const ended = await Promise.all([1, 2].map(() => phonekey(["tick", "--json"], { folder })));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    const reports = ended.map(
      ({ stdout }) => JSON.parse(stdout) as { ran: boolean; removed?: { events: number } },
    );
    const removed = reports.reduce((sum, report) => sum + (report.removed?.events ?? 0), 0);
    expect(removed).toBe(20_000);
    expect(eventsIn(folder)).toBe(0);
  });

  test("killed in between, loses nothing else, and the next tick goes on", async () => {
    const folder = await installed();
    // Long enough to be killed in between.
    const slow = "BEGIN SELECT randomblob(20000000); END";
    change(folder, `CREATE TRIGGER slow AFTER DELETE ON events WHEN old.id % 500 = 0 ${slow}`);
    const command = startCommand(["tick"], { folder });
    await expect.poll(() => eventsIn(folder), { timeout: 20_000, interval: 5 }).toBeLessThan(OLD_EVENTS);
    command.kill();
    expect((await command.ended).signal).toBe("SIGKILL");
    const left = eventsIn(folder);
    expect(left).toBeGreaterThan(0);
    expect(left % 500).toBe(0);
    expect((await phonekey(["tick"], { folder })).stdout).toBe("Another process is doing the work.\n");
    // As if the turn of the killed process had expired.
    change(folder, "DROP TRIGGER slow", "UPDATE turns SET held_until = 1");
    const { stdout } = await phonekey(["tick"], { folder });
    expect(stdout).toBe(`Removed ${left} entries of the audit trail.\n`);
    expect(eventsIn(folder)).toBe(0);
  });

  test("names what it could not do, does the rest, and ends with 1", async () => {
    const folder = await installed(1);
    change(
      folder,
      "CREATE TRIGGER no BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'not these'); END",
      "INSERT INTO failures (id, phone_tag, bucket, at, code_length) VALUES ('old', 't', 'stranger', 1, 6)",
    );
    const { code, stdout } = await phonekey(["tick"], { folder });
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^Removed 1 wrong guess\.\nFailed on entries of the audit trail: not these\n$/m),
    ]);
  });

  test("ends with one sentence if the schema is not up to date", async () => {
    expectOneSentence(await phonekey(["tick"]), /run `phonekey migrate`/);
  });
});

// The server's first turn comes some seconds after its start, during which the tests of doctor run.
test.concurrent("a server does the periodic work by itself while it answers, and stops with exit code 0", async () => {
  const folder = await installed(5_000);
  const server = await startServer({ folder });
  await createClient(server).signIn(newPhone());
  await expect
    .poll(() => numberOf(folder, `SELECT count(*) FROM events WHERE at < ${Date.now() - 199 * DAY}`), {
      timeout: 60_000,
      interval: 500,
    })
    .toBe(0);
  expect(eventsIn(folder)).toBeGreaterThan(0);
  expect(server.faults()).toEqual([]);
  expect(await server.stop()).toMatchObject({ code: 0 });
});

function expectOneSentence({ code, stdout, stderr }: Ended, says: RegExp): void {
  expect(stderr).toMatch(/^phonekey: [^\n]+\n$/);
  expect(stderr).toMatch(says);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
}

describe.concurrent("phonekey doctor", () => {
  const SECRET = "Zq8vX1pR5tYb3nM7cK2wL9sD4fG6hJ0a";

  test("ends with 0 when nothing is wrong", async () => {
    const folder = await installed(1);
    const { code, stdout, stderr } = await phonekey(["doctor"], { folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ok +settings +can be used\n/);
    expect(stdout).toMatch(/\nAll is well, 0 warnings\.\n$/);
  });

  test("ends with 1 when something is wrong, and says what to do", async () => {
    const folder = await installed(1);
    change(folder, "DROP INDEX users_by_phone_tag");
    const { code, stdout } = await phonekey(["doctor"], { folder });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /\nwrong +indexes +users_by_phone_tag on users is missing\n +→ Run `CREATE UNIQUE INDEX/,
    );
    expect(stdout).toMatch(/\n1 wrong, 0 warnings\.\n$/);
  });

  test("ends with 0 when there are only warnings", async () => {
    const folder = await installed(1);
    chmodSync(databaseFile(folder), 0o644);
    const env = { LIMIT_PHONE_SEND: "1/1h" };
    const { code, stdout } = await phonekey(["doctor", "--json"], { folder, env });
    expect(code).toBe(0);
    const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
    expect(ok).toBe(true);
    const names = findings.filter(({ status }) => status === "warn").map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(["LIMIT_PHONE_SEND", "files"]));
  });

  test("names every invalid setting, and no value", async () => {
    const env = { PORT: "canary-1", STATE_URL: "redis://:canary-2@", DATABASE_URL: "canary-3:" };
    const { code, stdout, stderr } = await phonekey(["doctor", "--json"], { env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout + stderr).not.toContain("canary");
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    expect(findings.map(({ name, status }) => [name, status])).toEqual([
      ["PORT", "wrong"],
      ["DATABASE_URL", "wrong"],
      ["STATE_URL", "wrong"],
    ]);
  });

  test.each(["redis://:canary-password@127.0.0.1:1", "mysql://u:canary-password@127.0.0.1:1/db"])(
    "%s, where nothing listens: doctor, serve and migrate say so in a sentence",
    async (url) => {
      const isRedis = url.startsWith("redis");
      const env = { [isRedis ? "STATE_URL" : "DATABASE_URL"]: url, PHONEKEY_SECRETS: SECRET };
      const folder = workingFolder();
      const doctor = await phonekey(["doctor"], { folder, env });
      expect(doctor.code).toBe(1);
      expect(doctor.stdout).toMatch(
        new RegExp(`wrong +${isRedis ? "Redis" : "database"} .*nothing accepts connections at its address`),
      );
      const serve = await phonekey(["serve"], { folder, env: { ...env, PORT: String(await freePort()) } });
      expectOneSentence({ ...serve, stdout: "" }, /nothing accepts connections at its address/);
      // If both start together, Redis may come a moment later.
      const waits = isRedis ? [expect.stringContaining("no connection to Redis yet; still trying")] : [];
      expect(serve.stdout.match(/.+/g) ?? []).toEqual(waits);
      const migrate = await phonekey(["migrate"], { folder, env });
      if (!isRedis) expectOneSentence(migrate, /nothing accepts connections at its address/);
      expect(JSON.stringify([doctor, serve, migrate])).not.toContain("canary");
    },
  );

  test("a schema of a newer version that this version cannot use: serve, migrate, tick and doctor refuse it", async () => {
    const folder = await installed(1);
    change(folder, "INSERT INTO migrations VALUES (99, '0099-contract-users', 1)");
    const env = { PORT: String(await freePort()) };
    for (const command of ["serve", "migrate", "tick"]) {
      expectOneSentence(await phonekey([command], { folder, env }), /newer version of Phonekey/);
    }
    const doctor = await phonekey(["doctor"], { folder });
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/wrong +schema +.*newer version of Phonekey/);
  });

  test("reports a file that is no database", async () => {
    const folder = workingFolder();
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "phonekey.db"), "no database ".repeat(1_000));
    const { code, stdout } = await phonekey(["doctor"], { folder });
    expect(code).toBe(1);
    expect(stdout).toMatch(/wrong +database +.*is not a database/);
  });
});
