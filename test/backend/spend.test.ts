import { afterEach, describe, expect, it } from "vitest";
import { MINUTE_MS, phoneNo, refused } from "../http/support.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";
import { apiKey, backendOf } from "./support.ts";

/** The general budget pays two messages an hour. */
const ENV = {
  SMS_PRICES: "CNY, CN=0.05",
  SPEND_HOUR: "0.1 CNY",
  SPEND_DAY: "unlimited",
  GUARD_MODE: "off",
  CAPTCHA: "off",
};
const MESSAGE = 50_000;

let world: World;
afterEach(() => world.close());

async function open(options: WorldOptions = {}): Promise<World> {
  world = await createWorld({ ...options, env: { ...ENV, ...options.env } });
  return world;
}

let phones = 0;
const stranger = () => world.post("/v1/verifications", { phone: phoneNo(phones++) });
const asks = (key: string, at = world) =>
  backendOf(at, key).start({ phone: phoneNo(phones++), purpose: "verify_identity" });

async function statuses(count: number, ask: () => Response | Promise<Response>): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < count; n += 1) found.push((await ask()).status);
  return found;
}

describe.each(["memory:", "database"])("the budget of an API key (%s)", (STATE_URL) => {
  it("still pays when the general budget is used up, and is never exceeded", async () => {
    await open({ env: { STATE_URL } });
    const own = await apiKey(world, { spend: { hour: 3 * MESSAGE } });
    const none = await apiKey(world, { client: "none" });
    expect(await statuses(3, stranger)).toEqual([201, 201, 429]);
    expect((await asks(none)).status).toBe(429);
    expect(await statuses(4, () => asks(own))).toEqual([201, 201, 201, 429]);
    world.clock.advance(62 * MINUTE_MS);
    expect(await statuses(4, () => asks(own))).toEqual([201, 201, 201, 429]);
    // What it spent counts in the general budget too.
    expect((await stranger()).status).toBe(429);
  });

  it("is shared by all keys of one backend, and not by other backends", async () => {
    await open({ env: { STATE_URL } });
    const first = await apiKey(world, { spend: { day: MESSAGE } });
    const second = await apiKey(world, { spend: { day: MESSAGE } });
    const other = await apiKey(world, { client: "other", spend: { day: MESSAGE } });
    expect((await asks(first)).status).toBe(201);
    const { retryAfter = 0 } = await refused(await asks(second), "too_many_requests");
    // The budget is the backend's own: so Retry-After is exact.
    expect(retryAfter).toBeGreaterThan(23 * 3_600);
    expect((await asks(other)).status).toBe(201);
  });

  it("pays three of 20 parallel starts", async () => {
    await open({ env: { STATE_URL } });
    const own = await apiKey(world, { spend: { hour: 3 * MESSAGE } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => asks(own)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(world.sms.sent).toHaveLength(3);
  });
});

it("the budget of an API key gets back what a message did not cost, and pays all parts of a long one", async () => {
  await open();
  const own = await apiKey(world, { spend: { hour: 3 * MESSAGE } });
  world.sms.answer({ status: "rejected" });
  expect(await statuses(5, () => asks(own))).toEqual([503, 503, 503, 503, 503]);
  world.sms.answer({ status: "accepted", fee: 2 });
  expect(await statuses(2, () => asks(own))).toEqual([201, 201]);
  world.sms.answer({ status: "accepted", fee: 1 });
  expect((await asks(own)).status).toBe(429);
});

it("the budget of an API key is not refilled if the store of limits is lost", async () => {
  await open({ env: { STATE_URL: "memory:" } });
  const own = await apiKey(world, { spend: { hour: 2 * MESSAGE } });
  expect(await statuses(2, () => asks(own))).toEqual([201, 201]);
  const { folder, clock } = world;
  const other = await createWorld({ folder, clock, env: { ...ENV, STATE_URL: "memory:" } });
  expect((await asks(own, other)).status).toBe(429);
  await other.close();
});

it("the budget of an API key does not pay for strangers or a forged key", async () => {
  await open();
  await apiKey(world, { spend: { hour: 3 * MESSAGE } });
  expect(await statuses(3, stranger)).toEqual([201, 201, 429]);
  const forged = await asks(`pk_${"A".repeat(43)}`);
  await refused(forged, "invalid_api_key");
});
