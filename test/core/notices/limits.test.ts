import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../times.ts";
import { setUp } from "./rules.ts";

describe("the limits of notices", () => {
  test("three an hour go to one phone; further ones wait", async () => {
    const { rules, notices, promised } = await setUp();
    for (let n = 0; n < 5; n += 1) await notices.send(await promised());
    expect(rules.sms.sent).toHaveLength(3);
    rules.clock.advance(HOUR + MINUTE);
    await notices.sendDue(rules.clock.now(), () => false);
    expect(rules.sms.sent).toHaveLength(5);
  });

  test("notices with a stop code are not held up by others; three of them an hour go out, too", async () => {
    const { rules, notices, promised } = await setUp();
    for (let n = 0; n < 12; n += 1) await notices.send(await promised());
    rules.sms.sent.length = 0;
    for (let n = 0; n < 4; n += 1) await notices.send(await promised({ stopCode: "f".repeat(24) }));
    expect(rules.sms.sent.map(({ purpose }) => purpose)).toEqual(Array(3).fill("phone_change_started"));
  });

  test("notices use up no sends of codes, and codes no notices", async () => {
    const limits = { phoneSends: [{ max: 2, windowMs: HOUR }] };
    const { rules, notices, promised } = await setUp({ settings: { limits } });
    for (let n = 0; n < 3; n += 1) await notices.send(await promised());
    expect(await rules.start()).toMatchObject({ status: "pending" });
    expect(await rules.start()).toBe("too_many_requests");
    rules.clock.advance(61 * MINUTE);
    await rules.start();
    await rules.start();
    expect(await rules.start()).toBe("too_many_requests");
    rules.sms.sent.length = 0;
    await notices.send(await promised());
    expect(rules.sms.sent).toHaveLength(1);
  });

  test("a notice goes out beyond a budget of money, and counts on it", async () => {
    const money = {
      prices: { currency: "CNY", prices: [{ micros: 100_000 }], free: [] },
      hour: { total: 150_000, byCountry: {}, bySender: {} },
      day: { byCountry: {}, bySender: {} },
    };
    const { rules, notices, promised } = await setUp({ settings: { money } });
    await notices.send(await promised());
    expect(rules.sms.sent).toHaveLength(1);
    expect(await rules.start({}, "+8613800138001")).toBe("too_many_requests");
  });

  test("after a loss of the limits, notices that were sent count again, as notices only", async () => {
    const limits = { phoneSends: [{ max: 2, windowMs: HOUR }] };
    const { rules, notices, noticesOn, promised } = await setUp({ state: "memory", settings: { limits } });
    for (let n = 0; n < 3; n += 1) await notices.send(await promised());
    await rules.restart();
    rules.sms.sent.length = 0;
    await noticesOn().send(await promised());
    expect(rules.sms.sent).toEqual([]);
    await noticesOn().send(await promised({ stopCode: "f".repeat(24) }));
    expect(rules.sms.sent).toHaveLength(1);
    expect(await rules.start()).toMatchObject({ status: "pending" });
  });
});
