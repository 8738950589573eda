import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { explain } from "../../src/compose/explain.ts";
import { openSmsLogin } from "../../src/compose/tools/transfer.ts";
import { mysqlUrl } from "../../src/config/formats/database-url.ts";
import { asRoot, hasMariadb, mariadbServer, newDatabase } from "../support/services/mysql.ts";
import { exported, type Moving, openMoving, type Told, told } from "./support.ts";

const NOW = Date.UTC(2026, 7, 1);
const AVATAR = "https://imgcache.qq.com/qcloud/public/static//avatar";

/** The demo's table, as its code has it; the tutorial gives no schema. */
const TABLE = `(userId int primary key auto_increment, phone varchar(20), name varchar(255), avatar varchar(255),
  time bigint) charset utf8mb4`;

function openAt(url: string, table: string) {
  const server = mysqlUrl.read(url);
  if (!server.ok) throw new Error(server.problem);
  return openSmsLogin({ server: server.value, table });
}

describe.runIf(hasMariadb())("an import of the demo's users (smsLogin)", () => {
  let moving: Moving;
  let name: string;
  beforeAll(async () => {
    name = (await newDatabase()).database;
  });
  beforeEach(async () => {
    await moving?.close();
    moving = await openMoving({ clock: { now: () => NOW, advance: () => {} } });
    await asRoot(`drop table if exists ${name}.info`, `create table ${name}.info ${TABLE}`);
  });
  afterAll(() => moving.close());

  const url = () => `mysql://root@127.0.0.1:${mariadbServer().port}/${name}`;
  const insert = (...rows: readonly string[]) => asRoot(`insert into ${name}.info values ${rows.join(", ")}`);
  const row = (
    id: number | string,
    phone: string,
    more: { name?: string; avatar?: string; time?: string } = {},
  ) =>
    `(${id}, '${phone}', ${more.name ?? "''"}, ${more.avatar ?? `'${AVATAR}3_100.20191230.png'`}, ${more.time ?? "1577676000123"})`;
  const run = async (table = "info", isStopped = () => false): Promise<Told> => {
    const source = await openAt(url(), table);
    try {
      return await told((watch) => moving.tools.importSmsLogin(source, watch), isStopped);
    } finally {
      source.close();
    }
  };
  const users = async () =>
    (await exported(moving.tools)).map((line) => JSON.parse(line) as Record<string, unknown>);

  test("takes ids, names, avatars and times, and users sign in under their userId", async () => {
    await insert(
      row(7, "13800000007", { name: "'李四 \u{1F600}'" }),
      row(8, "13800000008", { avatar: `'${AVATAR}9_100.20191230.png'`, time: "1577676000" }),
      row(4294967295 - 2147483648, "13800000009", { avatar: `'${AVATAR}0_100.20191230.png'` }),
    );
    expect(await run()).toEqual({
      counts: { read: 3, imported: 3, alreadyThere: 0, conflicting: 0, refused: 0 },
      notes: [],
    });
    expect(await users()).toEqual([
      {
        id: "2147483647",
        phone: "+8613800000009",
        name: "",
        avatar: 1,
        createdAt: "2019-12-30T03:20:00.123Z",
      },
      {
        id: "7",
        phone: "+8613800000007",
        name: "李四 \u{1F600}",
        avatar: 4,
        createdAt: "2019-12-30T03:20:00.123Z",
      },
      { id: "8", phone: "+8613800000008", name: "", avatar: 10, createdAt: "2019-12-30T03:20:00.000Z" },
    ]);
    expect(await moving.world.signIn("13800000007")).toMatchObject({ created: false, user: { id: "7" } });
  });

  test("takes the lowest id of a doubled phone, however it is written, and reports the others", async () => {
    await insert(
      row(30, "13800000001", { name: "'third'" }),
      row(10, "+8613800000001", { name: "'first'" }),
      row(20, "13800000001", { name: "'second'" }),
      row(40, "13800000002"),
    );
    expect(await run()).toEqual({
      counts: { read: 4, imported: 2, alreadyThere: 0, conflicting: 2, refused: 0 },
      notes: [20, 30].map((id) => `userId ${id}: conflicting: phone: belongs to a user with another id`),
    });
    expect(await users()).toMatchObject([
      { id: "10", name: "first" },
      { id: "40", name: "" },
    ]);
  });

  test("merges nobody into an existing user, by phone or by id", async () => {
    const own = await moving.world.signIn("13800000001");
    await moving.import('{"id":"5","phone":"13800000005"}\n');
    await insert(row(1, "13800000001", { name: "'Not me'" }), row(5, "13800000006"), row(6, "13800000005"));
    expect((await run()).notes).toEqual([
      "userId 1: conflicting: phone: belongs to a user with another id",
      "userId 5: conflicting: id: belongs to a user with another phone",
      "userId 6: conflicting: phone: belongs to a user with another id",
    ]);
    expect(await users()).toMatchObject(
      [{ id: own.user.id, name: "" }, { id: "5" }].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  test("leaves out an invalid name, picture or time with a note, and refuses a user with an invalid phone", async () => {
    const ownPicture = "'https://evil.example/x.png'";
    await insert(
      row(1, "13800000001", { name: "'a\u202eb'", time: "2147483647" }),
      row(2, "13800000002", { name: "null", avatar: ownPicture, time: "null" }),
      row(3, "12345"),
      row(4, "13800000004'' or 1=1".replaceAll("'", "''")),
      row(5, "13800000005", { time: `${NOW + 1}` }),
      row(6, "106552998801"),
      `(9, null, null, null, null)`,
    );
    const { counts, notes } = await run();
    expect(counts).toEqual({ read: 7, imported: 3, alreadyThere: 0, conflicting: 0, refused: 4 });
    expect(notes.map((note) => note.split(": ").slice(0, 3).join(": "))).toEqual([
      "userId 1: changed: name",
      "userId 1: changed: time",
      "userId 2: changed: time",
      ...[3, 4].map((id) => `userId ${id}: refused: phone`),
      "userId 5: changed: time",
      ...[6, 9].map((id) => `userId ${id}: refused: phone`),
    ]);
    const now = new Date(NOW).toISOString();
    expect(await users()).toMatchObject([1, 2, 5].map((id) => ({ id: `${id}`, name: "", createdAt: now })));
    expect(notes.join()).not.toMatch(/13800|12345|10655|evil/);
  });

  test("neither takes nor shows a userId that is a phone number", async () => {
    await asRoot(`alter table ${name}.info modify userId bigint`);
    await insert(
      row("13800000001", "13800000001"),
      row("13800000002", "x"),
      row("99999999999999", "13800000003"),
    );
    const { counts, notes } = await run();
    expect(counts).toMatchObject({ imported: 1, refused: 2 });
    expect(notes).toEqual([
      "row 1: refused: id: must not be the phone number",
      "row 2: refused: phone: invalid_phone",
    ]);
  });

  test("of thousands goes on after it was stopped, and reads a DATETIME", async () => {
    await asRoot(`alter table ${name}.info modify time datetime`);
    const time = "'2020-02-29 12:00:00'";
    await insert(
      ...Array.from({ length: 5_000 }, (_, n) => row((n + 1) * 3, `${13800000001 + n}`, { time })),
    );
    let batches = 0;
    const first = await run("info", () => ++batches === 3);
    expect(first.counts.imported).toBe(1_500);
    const second = await run();
    expect(second.counts).toEqual({
      read: 5_000,
      imported: 3_500,
      alreadyThere: 1_500,
      conflicting: 0,
      refused: 0,
    });
    const all = await users();
    expect(all).toHaveLength(5_000);
    expect(all.find(({ id }) => id === "15000")).toMatchObject({
      phone: "+8613800005000",
      createdAt: "2020-02-29T12:00:00.000Z",
    });
  });

  test("says a wrong URL, table or column in one sentence, without the password", async () => {
    const open = async (at: string, table = "info") => {
      try {
        const source = await openAt(at, table);
        try {
          await source.count();
          await told((watch) => moving.tools.importSmsLogin(source, watch));
        } finally {
          source.close();
        }
        return "opened";
      } catch (error) {
        return explain(error);
      }
    };
    const server = `127.0.0.1:${mariadbServer().port}`;
    expect(await open(`mysql://nobody:s3cret@${server}/${name}`)).toContain(
      "the server refused the user or the password",
    );
    expect(await open(`mysql://root@${server}/no_such`)).toContain("the server has no database of this name");
    expect(await open("mysql://root@127.0.0.1:9/x")).toContain("nothing accepts connections at its address");
    expect(await open(url(), "nope")).toBe("the database to import from has no table of this name");
    expect(await open(url(), "info` where 1=1 --")).toContain("the table's name may have");
    await asRoot(`alter table ${name}.info drop column avatar`);
    expect(await open(url())).toContain("lacks one of the columns userId, phone, name, avatar, time");
  });

  test("only reads the source: a database user with SELECT is enough", async () => {
    await insert(row(1, "13800000001"));
    const user = `reader_${name.slice(2, 10)}`;
    await asRoot(
      `create user '${user}'@'%' identified by 'pw'`,
      `grant select on ${name}.info to '${user}'@'%'`,
    );
    const source = await openAt(`mysql://${user}:pw@127.0.0.1:${mariadbServer().port}/${name}`, "info");
    expect(await source.count()).toBe(1);
    expect((await told((watch) => moving.tools.importSmsLogin(source, watch))).counts.imported).toBe(1);
    source.close();
  });
});
