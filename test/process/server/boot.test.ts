import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../../support/ports.ts";
import { type Ended, phonekey, startServer, workingFolder } from "../../support/server.ts";
import { hasRedis, startRedis } from "../../support/services/redis.ts";
import { bearer, createClient, newPhone } from "../client.ts";
import { change, databaseFile, rowsOf } from "../database.ts";

/** One line for people, and nothing of the program's inside. */
function expectOneSentence({ code, stdout, stderr }: Ended, says: RegExp): void {
  expect(stderr).toMatch(/^phonekey: [^\n]+\n$/);
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+|node:internal|file:\/\//);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
}

describe.concurrent("settings that are invalid", () => {
  test("production refuses the defaults of development, all at once and by name", async () => {
    const { code, stdout, stderr } = await phonekey(["serve"], {
      env: { NODE_ENV: "production", STATE_URL: "memory:" },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const named = stderr.split("\n").flatMap((line) => /^ {2}([A-Z_]+): /.exec(line)?.[1] ?? []);
    expect(named.toSorted()).toEqual(["PHONEKEY_SECRETS", "PUBLIC_URL", "SMS_SENDER", "STATE_URL"]);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("every wrong value is named at once, and none is printed", async () => {
    const wrong = {
      PORT: "canary-1",
      HOST: "canary 2",
      PUBLIC_URL: "canary-3",
      PHONEKEY_SECRETS: "canary-4",
      DATABASE_URL: "canary-5://user:canary-6@host/db",
      CODE_LENGTH: "canary-7",
      LIMIT_PHONE_SENDS: "canary-8",
      TRUSTED_PROXIES: "canary-9",
      SMS_SENDER: "canary-10",
      LIMIT_PHONE_SENT: "canary-11",
    };
    const { code, stdout, stderr } = await phonekey(["serve"], { env: wrong });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    for (const name of Object.keys(wrong)) expect(stderr).toContain(`${name}: `);
    expect(stderr).not.toContain("canary");
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("other commands than serve refuse the same settings", async () => {
    const wrong = { NODE_ENV: "production" };
    for (const args of [["migrate"], ["keys", "list"]]) {
      const { code, stderr } = await phonekey(args, { env: wrong });
      expect(code).toBe(1);
      expect(stderr).toContain("PHONEKEY_SECRETS: ");
    }
  });
});

describe.concurrent("serve ends with one sentence for", () => {
  const serve = async (folder: string, env: Readonly<Record<string, string>> = {}) =>
    phonekey(["serve"], { folder, env: { PORT: String(await freePort()), ...env } });

  test("a database in a folder that cannot be made", async () => {
    const folder = workingFolder();
    writeFileSync(join(folder, "file"), "");
    expectOneSentence(await serve(folder, { DATABASE_URL: "sqlite:./file/db" }), /database/);
  });

  test.runIf(process.platform === "linux")("a folder in which no folder can be made", async () => {
    const env = { DATABASE_URL: "sqlite:/proc/nowhere/phonekey/db" };
    expectOneSentence(await serve(workingFolder(), env), /its folder does not exist and cannot be made/);
    const { code, stderr } = await serve("/proc");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ {2}PHONEKEY_SECRETS: .*data.secret/m)]);
  });

  test("a folder in place of the database file", async () => {
    const folder = workingFolder();
    mkdirSync(join(folder, "here"));
    expectOneSentence(await serve(folder, { DATABASE_URL: "sqlite:./here" }), /database/);
  });

  test("a file that is no database, which it does not change", async () => {
    const folder = workingFolder();
    mkdirSync(join(folder, "data"));
    const text = "no database ".repeat(1_000);
    writeFileSync(databaseFile(folder), text);
    expectOneSentence(await serve(folder), /file is not a database/);
    expect(readFileSync(databaseFile(folder), "utf8")).toBe(text);
  });

  test("a database with damaged pages", async () => {
    const folder = workingFolder();
    await phonekey(["migrate"], { folder });
    const bytes = readFileSync(databaseFile(folder));
    bytes.fill(0xff, 4_096);
    writeFileSync(databaseFile(folder), bytes);
    expectOneSentence(await serve(folder), /file is damaged; move it, its -wal and its -shm away/);
  });

  test("no restored copy in place of a crashed server's file: that is served", async () => {
    const folder = workingFolder();
    const first = await startServer({ folder });
    await createClient(first).signIn(newPhone());
    const [file, copy] = [databaseFile(folder), join(folder, "copy.db")];
    rowsOf(folder, "VACUUM INTO ?", copy);
    await createClient(first).signIn(newPhone());
    await first.kill();
    for (const part of [file, `${file}-wal`, `${file}-shm`]) rmSync(part);
    copyFileSync(copy, file);
    expect(await phonekey(["restored"], { folder })).toMatchObject({ code: 0, stderr: "" });
    expect(rowsOf(folder, "SELECT count(*) AS users FROM users")).toEqual([{ users: 1 }]);
    await (await startServer({ folder })).stop();
  });

  test("secrets that are not those of the keys", async () => {
    const folder = workingFolder();
    const secrets = ["Zq8vX1pR5tYb3nM7cK2wL9sD4fG6hJ0a", "a0Jh6Gf4Ds9Lw2Kc7Mn3bYt5Rp1Xv8qZ"];
    const first = await startServer({ folder, env: { PHONEKEY_SECRETS: secrets[0] ?? "" } });
    await first.stop();
    const ended = await serve(folder, { PHONEKEY_SECRETS: secrets[1] ?? "" });
    expectOneSentence(ended, /Put that secret back/);
    for (const secret of secrets) expect(ended.stderr).not.toContain(secret);
  });

  test("a port that is taken", async () => {
    const server = await startServer();
    const ended = await phonekey(["serve"], { env: { PORT: String(server.port) } });
    expectOneSentence(ended, new RegExp(`port ${server.port}.*set PORT`));
    await server.stop();
  });

  test.runIf(hasRedis())(
    "a port that is taken, also if an open connection would keep the process alive",
    async ({ onTestFinished }) => {
      const redis = await startRedis();
      onTestFinished(() => redis.stop());
      const env = { PORT: String(redis.port), STATE_URL: redis.url };
      expectOneSentence(await phonekey(["serve"], { env }), new RegExp(`port ${redis.port}.*set PORT`));
    },
  );

  test("an address that is not this machine's", async () => {
    expectOneSentence(await serve(workingFolder(), { HOST: "192.0.2.1" }), /HOST is no address/);
  });
});

// Design, part 6: version N-1 runs on schema N, so that a deployment can go back.
test("a database that is one migration newer is served and not changed", async () => {
  const place = { folder: workingFolder(), port: await freePort() };
  const first = await startServer(place);
  const { accessToken } = await createClient(first).signIn(newPhone());
  await first.stop();
  change(
    place.folder,
    "ALTER TABLE users ADD COLUMN nickname varchar(64)",
    "INSERT INTO migrations (id, name, applied_at) SELECT max(id) + 1, 'from-the-future', 0 FROM migrations",
  );
  const second = await startServer(place);
  const client = createClient(second);
  expect((await client.get("/v1/me", bearer(accessToken))).status).toBe(200);
  expect((await client.signIn(newPhone())).created).toBe(true);
  await second.stop();
});
