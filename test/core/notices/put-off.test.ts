import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { HOUR, MINUTE } from "../times.ts";
import { setUp } from "./rules.ts";

describe("a notice that is not sent at once", () => {
  test("waits until the limit has room for it", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    for (let n = 0; n < 3; n += 1) await notices.send(await promised());
    const notice = await promised();
    await notices.send(notice);
    expect(await stateOf(notice)).toMatchObject({ state: "waiting", due_at: rules.clock.now() + HOUR });
  });

  test.each([
    ["as long as its sender says", 2 * HOUR],
    ["five minutes at least", 10_000],
  ])("waits %s", async (_, ms) => {
    const { rules, notices, promised, stateOf } = await setUp();
    rules.sms.answer({ status: "throttled", retryAfterSeconds: ms / 1_000 });
    const notice = await promised();
    await notices.send(notice);
    const until = rules.clock.now() + Math.max(ms, 5 * MINUTE);
    expect(await stateOf(notice)).toMatchObject({ state: "waiting", due_at: until });
  });

  test("waits no longer than the day that it is kept, then expires and forgets its phone", async () => {
    const { rules, notices, promised, stateOf } = await setUp();
    rules.sms.answer({ status: "throttled", retryAfterSeconds: 999_999_999 });
    const notice = await promised();
    rules.clock.advance(HOUR);
    await notices.send(notice);
    expect(await stateOf(notice)).toMatchObject({ due_at: notice.createdAt + 24 * HOUR });
    rules.clock.advance(23 * HOUR);
    await notices.sendDue(rules.clock.now(), () => false);
    expect(await stateOf(notice)).toMatchObject({ state: "expired", sealed_phone: "" });
  });

  test("is not counted if it was not given to a sender", async () => {
    const { rules, notices, promised, stateOf, errors } = await setUp();
    const { db } = rules.database;
    const notice = await promised();
    const gone = "begin select raise(abort, 'gone'); end";
    await sql.raw(`create trigger noted before insert on messages ${gone}`).execute(db);
    for (let n = 0; n < 3; n += 1) await notices.send(notice);
    expect(errors).toHaveLength(3);
    expect(await stateOf(notice)).toMatchObject({ due_at: rules.clock.now() + 5 * MINUTE });
    await sql.raw("drop trigger noted").execute(db);
    await notices.send(notice);
    expect(rules.sms.sent).toHaveLength(1);
  });

  test("keeps its turn if a store is unavailable, which ends the work at once", async () => {
    let tries = 0;
    const { rules, notices, promised, stateOf } = await setUp(
      {},
      {
        takeSend: async () => {
          tries += 1;
          throw new UnavailableError("the limits", { cause: undefined });
        },
      },
    );
    const both = [await promised(), await promised()];
    const before = await Promise.all(both.map(stateOf));
    rules.clock.advance(MINUTE);
    await expect(notices.sendDue(rules.clock.now(), () => false)).rejects.toBeInstanceOf(UnavailableError);
    expect(tries).toBe(1);
    expect(await Promise.all(both.map(stateOf))).toEqual(before);
  });

  test("is sent with 19 others at a time, after which there may be more", async () => {
    const { rules, notices, promised } = await setUp();
    for (let n = 0; n < 25; n += 1) await promised();
    rules.clock.advance(MINUTE);
    expect(await notices.sendDue(rules.clock.now(), () => false)).toEqual({ count: 20, isLast: false });
    expect(await notices.sendDue(rules.clock.now(), () => false)).toEqual({ count: 5, isLast: true });
  });

  test("is left to the next run once the time of this one is over", async () => {
    const { rules, notices, promised } = await setUp();
    for (let n = 0; n < 3; n += 1) await promised();
    rules.clock.advance(MINUTE);
    const now = rules.clock.now();
    const isOver = () => rules.sms.sent.length > 0;
    expect(await notices.sendDue(now, isOver)).toEqual({ count: 1, isLast: false });
    expect(rules.sms.sent).toHaveLength(1);
    expect(await notices.sendDue(now, () => false)).toEqual({ count: 2, isLast: true });
  });
});

test("the stop code of a notice is forgotten with its phone once it is sent", async () => {
  const { notices, promised, stateOf } = await setUp();
  const notice = await promised({ stopCode: "f".repeat(24) });
  expect(await stateOf(notice)).toMatchObject({ sealed_stop_code: expect.stringMatching(/^v1\./) });
  await notices.send(notice);
  expect(await stateOf(notice)).toMatchObject({ state: "sent", sealed_phone: "", sealed_stop_code: null });
});
