import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parallel } from "../../contracts/samples.ts";
import {
  createTestClock,
  createWorld,
  type TestClock,
  type World,
  type WorldOptions,
} from "../../support/world.ts";
import { DAY, HOUR, MINUTE, SECOND, wrongCode } from "../rules.ts";

const SPELLINGS = [
  "13800138000",
  "138 0013 8000",
  "138-0013-8000",
  "+8613800138000",
  "+86 138 0013 8000",
  "008613800138000",
  "１３８００１３８０００",
  "+86 (138) 0013-8000",
];

let folder: string;
let clock: TestClock;
let world: World;
/** All messages that went out, of every process that ran on this folder. */
let sentAt: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phonekey-sends-"));
  clock = createTestClock();
  sentAt = [];
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The first process on the folder, or another one after it. Only the limits of the phone refuse here. */
async function boot({ env, ...options }: WorldOptions = {}): Promise<void> {
  await world?.close();
  world = await createWorld({ folder, clock, ...options, env: { GUARD_MODE: "off", ...env } });
  world.sms.answer(async () => {
    sentAt.push(clock.now());
    return { status: "accepted" };
  });
}

const start = async (phone = "13800138000", from?: string) =>
  await world.post("/v1/verifications", { phone }, {}, from);

const mostIn = (windowMs: number) =>
  Math.max(0, ...sentAt.map((end) => sentAt.filter((at) => at > end - windowMs && at <= end).length));

const STATES = ["database", "memory:"];

describe.each(STATES)("T9: bombing one phone, with STATE_URL=%s", (STATE_URL) => {
  test("200 starts at once, in all spellings and from many addresses, send one message", async () => {
    await boot({ env: { STATE_URL } });
    const answers = await parallel(200, (n) => start(SPELLINGS[n % SPELLINGS.length], `203.0.113.${n}`));
    expect(sentAt).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(199);
    for (const { headers } of refused) expect(headers.get("retry-after")).toBe("30");
  });

  test("a client that obeys Retry-After for two days, over restarts, gets no more than the limits", async () => {
    await boot({ env: { STATE_URL } });
    for (let n = 0; clock.now() < 1_800_000_000_000 + 2 * DAY; n++) {
      const { status, headers } = await start(SPELLINGS[n % SPELLINGS.length], `203.0.113.${n % 250}`);
      if (n % 7 === 6) await boot({ env: { STATE_URL } });
      if (status === 201) continue;
      expect(status).toBe(429);
      clock.advance(Number(headers.get("retry-after")) * SECOND);
    }
    expect(mostIn(HOUR)).toBeLessThanOrEqual(5);
    expect(mostIn(DAY)).toBe(6);
    expect(sentAt.length).toBeGreaterThanOrEqual(12);
  });

  test("known devices and strangers together get ten messages a day", async () => {
    await boot({ env: { STATE_URL } });
    const { deviceToken } = await world.signIn();
    for (let step = 0; step < 96; step++) {
      await start();
      await world.post("/v1/verifications", { phone: "13800138000", deviceToken });
      clock.advance(15 * MINUTE);
    }
    expect(mostIn(DAY)).toBe(10);
  });
});

describe.each(STATES)("T21: nothing resets at midnight, with STATE_URL=%s", (STATE_URL) => {
  test.each([
    ["UTC", 0],
    ["in Shanghai", 8 * HOUR],
  ])("%s: a burst around midnight gets no more than any other", async (_, offsetMs) => {
    const midnight = Math.ceil(clock.now() / DAY) * DAY + DAY - offsetMs;
    clock.advance(midnight - 20 * MINUTE - clock.now());
    await boot({ env: { STATE_URL, RESEND_SECONDS: "1", LIMIT_PHONE_SENDS: "5/1h,7/24h" } });
    while (clock.now() < midnight + 30 * MINUTE) {
      await start();
      clock.advance(clock.now() < midnight - 2 * SECOND || clock.now() > midnight + MINUTE ? MINUTE : 500);
    }
    expect(sentAt.some((at) => at < midnight)).toBe(true);
    // Six tenths of seven are a stranger's.
    expect(sentAt).toHaveLength(4);
  });
});

describe.each(STATES)("promise 2: a restart refills no limit, with STATE_URL=%s", (STATE_URL) => {
  test("the wait before a resend and the sends of the hour and the day stay as they were", async () => {
    // One guess for each, so that guesses that are set aside refuse nobody.
    const env = { STATE_URL, CODE_ATTEMPTS: "1" };
    await boot({ env });
    const ask = async () => {
      const { status, headers } = await start();
      return { status, retryAfter: Number(headers.get("retry-after")) };
    };
    const waits: number[] = [];
    while (sentAt.length < 7) {
      const before = await ask();
      if (before.status === 201) continue;
      await boot({ env });
      expect(await ask()).toEqual(before);
      waits.push(before.retryAfter);
      clock.advance(before.retryAfter * SECOND);
    }
    // The wait doubles, then the hour is full, then the day.
    expect(waits.slice(0, 4)).toEqual([30, 60, 120, 240]);
    expect(waits.some((wait) => wait > 20 * 3_600)).toBe(true);
  });

  test("the wait of a known device stays as it was", async () => {
    await boot({ env: { STATE_URL } });
    const { deviceToken } = await world.signIn();
    const ask = () => world.post("/v1/verifications", { phone: "13800138000", deviceToken });
    expect((await ask()).status).toBe(201);
    await boot({ env: { STATE_URL } });
    expect((await ask()).status).toBe(429);
  });

  test("the sends of a week stay as they were", async () => {
    const env = { STATE_URL, LIMIT_PHONE_SENDS: "2/1h,5/7d" };
    await boot({ env });
    for (let day = 0; day < 7; day++) {
      await start();
      await boot({ env });
      clock.advance(DAY - 1);
    }
    // Six tenths of five are a stranger's.
    expect(sentAt).toHaveLength(3);
  });

  test("several messages of one verification still count as several", async () => {
    const env = { STATE_URL, RESEND_SECONDS: "1", LIMIT_PHONE_SENDS: "5/24h" };
    await boot({ env });
    const { id } = (await (await start()).json()) as { id: string };
    for (let n = 0; n < 2; n++) {
      clock.advance(MINUTE);
      expect((await world.post(`/v1/verifications/${id}/resend`, {})).status).toBe(200);
    }
    await boot({ env });
    clock.advance(HOUR);
    // Six tenths of five are a stranger's.
    expect((await start()).status).toBe(429);
    expect(sentAt).toHaveLength(3);
  });

  test("T3: the guesses of a phone stay as they were", async () => {
    const env = { STATE_URL, LIMIT_PHONE_SENDS: "unlimited", LIMIT_ADDRESS_CHECKS: "unlimited" };
    await boot({ env });
    const lengths: number[] = [];
    for (let n = 0; n < 8; n++) {
      const started = await start();
      if (started.status === 201) {
        const { id: verificationId } = (await started.json()) as { id: string };
        const right = world.sms.lastCode();
        lengths.push(right.length);
        for (let guess = 0; guess < 3; guess++) {
          const { status } = await world.post("/v1/sessions", { verificationId, code: wrongCode(right) });
          expect(status).toBe(401);
        }
        expect((await world.post("/v1/sessions", { verificationId, code: right })).status).toBe(401);
      }
      await boot({ env });
      clock.advance(61 * MINUTE);
    }
    expect(lengths).toEqual([6, 6, 6, 8, 8, 8]);
  });
});
