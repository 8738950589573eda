import { describe, expect, test, vi } from "vitest";
import {
  asFault,
  endsConnection,
  isConflict,
  isDoneBefore,
  unavailable,
} from "../../../../src/adapters/sql/mysql/errors.ts";
import { isTooOld } from "../../../../src/adapters/sql/mysql/open.ts";
import { keepTypes, type Prepared } from "../../../../src/adapters/sql/mysql/prepared.ts";
import { createRetry } from "../../../../src/adapters/sql/mysql/retry.ts";
import { UnavailableError } from "../../../../src/core/refusals.ts";
import { refusedByMysql57 } from "./mysql57.ts";

function fromServer(errno: number, message = "from the server") {
  return Object.assign(new Error(message), { errno, code: "ER_SOMETHING" });
}

describe("mysql: the grammar check", () => {
  test.each([
    "insert into `t` (`a`) values (?) returning `id`",
    "insert into `t` (`a`) values (?) on conflict do nothing",
    "select `id` from `t` where `a` = ? for share",
    "select `id` from `t` where `a` = ? for update skip locked",
    "with `a` as (select 1) select * from `a`",
    "select row_number() over (order by `id`) from `t`",
    "create index if not exists `a` on `t` (`b`)",
    "select * from `t` full outer join lateral (select 1) as `x`",
  ])("refuses what MySQL 5.7 does not have: %s", (statement) => {
    expect(refusedByMysql57(statement)).toContain(statement);
  });

  test.each([
    "select `id` from `t` where `a` = ? lock in share mode",
    "insert into `t` (`a`, `b`) values (?, ?), (?, ?) on duplicate key update `a` = `a`",
    "select (select `at` from `t` order by `at` desc limit 1 offset 4) as `w0`, (select 1) as `w1`",
  ])("accepts what MySQL 5.7 has: %s", (statement) => {
    expect(refusedByMysql57(statement)).toBeUndefined();
  });
});

describe("mysql: versions", () => {
  test.each([
    "5.7.0",
    "5.7.44-log",
    "8.0.36",
    "8.4.0",
    "9.1.0",
    "10.6.0-MariaDB",
    "5.5.5-10.11.6-MariaDB-log",
    "11.4.2-MariaDB",
  ])("%s is new enough", (version) => expect(isTooOld(version)).toBe(false));
  test.each([
    "5.6.51",
    "5.5.62",
    "10.5.23-MariaDB",
    "5.5.5-10.3.39-MariaDB",
    "5.5.68-MariaDB",
    "",
    "unknown",
  ])("%s is too old", (version) => expect(isTooOld(version)).toBe(true));
});

describe("mysql: errors", () => {
  test.each(
    [
      [1040, 1203, 1226, 1129],
      [1205, 1213],
      [1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 1969, 3024, 4031],
      [1021, 1026, 1030, 1037, 1038, 1041, 1114, 1180, 1206, 1461, 1637],
      [1047, 1290, 1792, 1836, 3032],
    ].flat(),
  )("%i means that the database is away", (errno) => {
    const error = fromServer(errno);
    expect(asFault(error)).toMatchObject({ name: "UnavailableError", cause: error });
  });

  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "EPIPE",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ENOENT",
    "EHOSTUNREACH",
    "EHOSTDOWN",
    "ENETUNREACH",
    "ENETDOWN",
    "EADDRNOTAVAIL",
    "EACCES",
    "EMFILE",
    "ENFILE",
    "PROTOCOL_CONNECTION_LOST",
  ])("%s means that the database is away", (code) =>
    expect(asFault(Object.assign(new Error("lost"), { code }))).toBeInstanceOf(UnavailableError),
  );

  test("a fatal error means that the database is away, whatever its code", () => {
    const error = Object.assign(new Error("cut"), { fatal: true });
    expect(asFault(error)).toBeInstanceOf(UnavailableError);
    expect(endsConnection(error)).toBe(true);
  });

  test("an error ends the connection if the server is no primary or stops, and does not if a lock was lost", () => {
    const ends = (errno: number) => endsConnection(fromServer(errno));
    expect([1053, 1290, 1792, 1836, 1927, 3032, 4031].map(ends)).toEqual(Array(7).fill(true));
    expect([1040, 1062, 1205, 1213, 1317, 3024].some(ends)).toBe(false);
  });

  test("an error says that a step of a migration was done before if what it makes exists or what it drops is gone", () => {
    const isBefore = (errno: number) => isDoneBefore(fromServer(errno));
    expect([1050, 1060, 1061, 1091].map(isBefore)).toEqual(Array(4).fill(true));
    expect([1062, 1064, 1146].some(isBefore)).toBe(false);
  });

  test("an error that says that the database is away is not wrapped twice", () => {
    const away = asFault(fromServer(1040));
    expect(unavailable(away)).toBe(away);
  });

  test.each([1062, 1064, 1146, 1406, 1054])("%i is a defect of ours and passed on unchanged", (errno) => {
    const error = fromServer(errno);
    expect(asFault(error)).toBe(error);
  });

  test.each([1044, 1045, 1049, 1130, 1142, 1143, 1227, 1251, 1370, 1698, 1820, 1862, 3118, 3159, 4151])(
    "%i is for the operator to correct, and has a sentence without the user's name",
    (errno) => {
      const error = fromServer(errno, "Access denied for user 'carl'@'h'");
      const fault = asFault(error) as Error;
      expect(fault).toBeInstanceOf(UnavailableError);
      expect(fault.cause).toMatchObject({ message: expect.not.stringContaining("carl"), cause: error });
    },
  );

  test("an error for the operator is a sentence without the user, host and table", () => {
    const denied = "CREATE command denied to user 'carl'@'h' for table `shop`.`users`";
    const cause = (error: unknown) => ((asFault(error) as Error).cause as Error).message;
    expect(cause(fromServer(1045, "Access denied for user 'carl'@'h'"))).toBe(
      "the server refused the user or the password",
    );
    expect(cause(fromServer(1142, denied))).toBe("the database's user lacks a right on a table: CREATE");
    const several = "SELECT, INSERT command denied to user 'carl'@'h' for table `shop`.`users`";
    expect(cause(fromServer(1142, several))).toBe(
      "the database's user lacks a right on a table: SELECT, INSERT",
    );
  });
});

describe("mysql: what is kept of a prepared statement's parameters", () => {
  const parameter = { columnType: 8, flags: 32, name: "?", _buf: Buffer.alloc(1000) };
  const prepared = (): Prepared => ({
    close: () => {},
    execute: () => {
      throw new Error("is not run here");
    },
    parameters: [parameter, { ...parameter, columnType: 253 }],
  });

  test("is their types, by which MySQL 8 recognizes whole numbers", () => {
    const statement = prepared();
    for (let times = 0; times < 2; times += 1) {
      keepTypes(statement);
      expect(statement.parameters).toEqual([
        { columnType: 8, flags: 32 },
        { columnType: 253, flags: 32 },
      ]);
    }
  });

  test("is shared with other statements", () => {
    const [one, other] = [prepared(), prepared()];
    keepTypes(one);
    keepTypes(other);
    expect(other.parameters?.[0]).toBe(one.parameters?.[0]);
  });
});

describe("mysql: the retry", () => {
  test("runs again what lost a lock, and nothing else", async () => {
    const retry = createRetry(1000);
    let runs = 0;
    const losing = (times: number, error: unknown) => async () => {
      runs += 1;
      if (runs <= times) throw asFault(error);
      return "done";
    };
    expect(await retry(losing(5, fromServer(1213)))).toBe("done");
    expect(runs).toBe(6);
    runs = 0;
    await expect(retry(losing(1, fromServer(1062)))).rejects.toThrow("from the server");
    runs = 0;
    await expect(retry(losing(1, fromServer(1053)))).rejects.toThrow(UnavailableError);
    expect(runs).toBe(1);
  });

  test("pauses for at most 200 ms, however often it has tried", async () => {
    vi.useFakeTimers();
    let runs = 0;
    const retrying = createRetry(60_000)(async () => {
      runs += 1;
      if (runs <= 30) throw fromServer(1213);
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(runs).toBe(1);
    await vi.advanceTimersByTimeAsync(30 * 201);
    await retrying;
    expect(runs).toBe(31);
    vi.useRealTimers();
  });

  test("gives up when its time is over", async () => {
    const error = await createRetry(50)(async () => {
      throw asFault(fromServer(1213));
    }).catch((caught: unknown) => caught);
    expect(isConflict(error)).toBe(true);
    expect(error).toBeInstanceOf(UnavailableError);
  });
});
