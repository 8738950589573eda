import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MIGRATIONS } from "../../../../src/adapters/sql/migrations/list.ts";
import { openSqlite } from "../../../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { aVerification, NOW } from "../../../contracts/samples.ts";
import { openTestDatabase, temporaryFolder } from "../../../support/database.ts";
import { buildChildren, type Children } from "../children.ts";

const clock = { now: () => NOW };

describe("sqlite: several processes", () => {
  let children: Children;
  let folder: string;
  let path: string;
  beforeAll(async () => {
    children = await buildChildren();
    folder = temporaryFolder();
    path = join(folder, "phonekey.db");
  });
  afterAll(() => {
    children.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const reopen = async () => {
    const database = await openSqlite(`sqlite:${path}`);
    return { database, stores: createSqlStores(database, { clock, onStaleKey: () => {} }) };
  };

  test("that start at once: one migrates, all run", async () => {
    const ended = await Promise.all(Array.from({ length: 4 }, () => children.run("migrate", path)));
    expect(ended.map(({ stderr, signal }) => [stderr, signal])).toEqual(Array(4).fill(["", undefined]));
    const applied = ended.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(applied).toEqual(MIGRATIONS.map(({ name }) => name));
    expect(existsSync(`${path}.schema-0.bak`)).toBe(false);
  });

  test("T1: of 500 parallel wrong guesses in 4 processes exactly 3 are looked at", async () => {
    const opened = await openTestDatabase(clock);
    const verification = aVerification();
    await opened.stores.verifications.create(verification);
    const guessing = Array.from({ length: 4 }, () => children.run("guess", opened.path, verification.id));
    const outcomes = (await Promise.all(guessing)).flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(outcomes).toHaveLength(500);
    expect(outcomes.filter((outcome) => outcome !== "dead")).toEqual(["wrong", "wrong", "wrong"]);
    await opened.close();
  });

  test("a process that is killed right after its answers loses nothing", async () => {
    expect((await children.run("write-and-die", path)).signal).toBe("SIGKILL");
    const { database, stores } = await reopen();
    const tag = "tag-key.kept";
    expect(await stores.users.findByTag(tag)).toMatchObject({ id: "kept-user" });
    expect(await stores.sessions.find("kept-session")).toMatchObject({ session: { userId: "kept-user" } });
    expect(await stores.sessions.find("ended-session")).toMatchObject({ session: { endedAt: NOW } });
    expect(await stores.ledger.read([tag], "stranger", 0)).toEqual([{ at: NOW, codeLength: 6 }]);
    const sent = await stores.messages.sentSince(0, { limit: 9 });
    expect(sent.map(({ id }) => id)).toEqual(["kept-message"]);
    await database.close();
  });

  test("a process that is killed within a transaction leaves nothing of it, and others can write", async () => {
    expect((await children.run("die-half-way", path)).signal).toBe("SIGKILL");
    const { database, stores } = await reopen();
    const found = await database.db.selectFrom("events").select("id").where("user_id", "=", "half").execute();
    expect(found).toEqual([]);
    await stores.verifications.create(aVerification());
    await database.close();
  });
});
