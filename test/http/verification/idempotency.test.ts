import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deadlineIn } from "../../../src/adapters/system/deadline.ts";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";
import {
  bodyOf,
  DAY_MS,
  MINUTE_MS,
  open,
  opened,
  PHONE,
  phoneNo,
  refused,
  resend,
  SECOND_MS,
  start,
  type VerificationBody,
} from "../support.ts";

const KEY = "4f0c8a52-6f0e-4b3f-9d0b-0c1d2e3f4a5b";

let folder: string;
let world: World;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "phonekey-test-"));
  world = await createWorld({ folder });
});

afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Another process on the same database, at the same time of day. */
async function restart(options: WorldOptions = {}): Promise<void> {
  await world.close();
  world = await createWorld({ folder, clock: world.clock, ...options });
}

const startWith = (key: string, body: object = { phone: PHONE }) =>
  world.post("/v1/verifications", body, { "idempotency-key": key });

describe("a start with an Idempotency-Key", () => {
  it("that is repeated gets the same answer byte for byte, and sends nothing again", async () => {
    const first = await startWith(KEY);
    const text = await first.text();
    for (const waitMs of [0, SECOND_MS, 10 * MINUTE_MS, 23 * 60 * MINUTE_MS]) {
      world.clock.advance(waitMs);
      const again = await startWith(KEY);
      expect([again.status, await again.text()]).toEqual([201, text]);
    }
    expect(world.sms.sent).toHaveLength(1);
  });

  it("that is repeated is answered as the first for 24 hours, and then starts anew", async () => {
    const first = await bodyOf<VerificationBody>(await startWith(KEY));
    world.clock.advance(DAY_MS - 1);
    expect((await bodyOf<VerificationBody>(await startWith(KEY))).id).toBe(first.id);
    world.clock.advance(1);
    expect((await bodyOf<VerificationBody>(await startWith(KEY))).id).not.toBe(first.id);
    expect(world.sms.sent).toHaveLength(2);
  });

  it("that is repeated after a restart gets the same answer", async () => {
    const text = await (await startWith(KEY)).text();
    await restart();
    const again = await startWith(KEY);
    expect([again.status, await again.text()]).toEqual([201, text]);
    expect(world.sms.sent).toHaveLength(0);
  });

  it.each([
    { phone: PHONE, locale: "zh-CN" },
    { phone: "138 0013 8000" },
    { phone: PHONE, deviceToken: "x" },
  ])("that came with another body is refused and changes nothing: %j", async (body) => {
    const { id } = await bodyOf<VerificationBody>(await startWith(KEY));
    await refused(await startWith(KEY, body), "idempotency_key_reused", "Idempotency-Key");
    expect(world.sms.sent).toHaveLength(1);
    await opened(await open(world, id, world.sms.lastCode()));
  });

  it("may have the same key as one for another phone or purpose", async () => {
    const first = await bodyOf<VerificationBody>(await startWith(KEY));
    world.clock.advance(MINUTE_MS);
    for (const other of [{ phone: phoneNo(1) }, { phone: PHONE, purpose: "reset_password" }]) {
      const response = await startWith(KEY, other);
      expect(response.status).toBe(201);
      expect((await bodyOf<VerificationBody>(response)).id).not.toBe(first.id);
    }
    expect(world.sms.sent).toHaveLength(3);
  });

  it("sends one message for 20 equal requests at the same time", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => startWith(KEY)));
    expect(world.sms.sent).toHaveLength(1);
    const created = answers.filter(({ status }) => status === 201);
    const text = await (await startWith(KEY)).text();
    expect(created.length).toBeGreaterThan(0);
    for (const answer of created) expect(await answer.text()).toBe(text);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect((await refused(answer, "idempotency_in_progress")).retryAfter).toBe(1);
    }
  });

  it("sends one message for equal requests on two processes", async () => {
    const other = await createWorld({ folder, clock: world.clock });
    const request = [{ phone: PHONE }, { "idempotency-key": KEY }] as const;
    const answers = await Promise.all(
      [world, other, world, other, world, other].map((one) => one.post("/v1/verifications", ...request)),
    );
    expect(world.sms.sent.length + other.sms.sent.length).toBe(1);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    await other.close();
  });

  it("that the sender refused is refused again, and sends nothing again", async () => {
    world.sms.answer({ status: "bad_number" });
    const { requestId: _, ...first } = await refused(await startWith(KEY), "phone_unreachable");
    world.sms.answer({ status: "accepted" });
    const { requestId: __, ...again } = await refused(await startWith(KEY), "phone_unreachable");
    expect(again).toEqual(first);
    expect(world.sms.sent).toHaveLength(1);
  });

  it("that a limit refused can be repeated later with the same key", async () => {
    await start(world);
    await refused(await startWith(KEY), "too_many_requests");
    world.clock.advance(30 * SECOND_MS);
    expect((await startWith(KEY)).status).toBe(201);
    expect(world.sms.sent).toHaveLength(2);
  });

  it("is in progress while its message is being sent, and for a minute if its process died", async () => {
    await restart({ parts: { deadline: () => deadlineIn(600_000) } });
    world.sms.answer(() => new Promise(() => {}));
    const lost = startWith(KEY);
    await expect.poll(() => world.sms.sent.length).toBe(1);
    await refused(await startWith(KEY), "idempotency_in_progress");
    void lost;
    const code = world.sms.lastCode();
    await restart();
    world.clock.advance(MINUTE_MS - 1);
    await refused(await startWith(KEY), "idempotency_in_progress");
    world.clock.advance(1);
    // Whether it arrived is unknown (promise 5): it is not sent again, and its code is valid.
    const { id } = await bodyOf<VerificationBody>(await startWith(KEY));
    expect(world.sms.sent).toHaveLength(0);
    await opened(await open(world, id, code));
  });
});

describe("a resend with an Idempotency-Key", () => {
  it("that is repeated gets the same answer, and sends nothing again", async () => {
    const { id } = await start(world);
    world.clock.advance(30 * SECOND_MS);
    const text = await (await resend(world, id, { "idempotency-key": KEY })).text();
    world.clock.advance(2 * MINUTE_MS);
    const again = await resend(world, id, { "idempotency-key": KEY });
    expect([again.status, await again.text()]).toEqual([200, text]);
    expect(world.sms.sent).toHaveLength(2);
  });

  it.each(["memory:", "database"])(
    "that is repeated gets the same answer for 24 hours, even if its verification is gone (%s)",
    async (STATE_URL) => {
      await restart({ env: { STATE_URL } });
      const { id } = await start(world);
      world.clock.advance(30 * SECOND_MS);
      const first = await resend(world, id, { "idempotency-key": KEY });
      const text = await first.text();
      await restart({ env: { STATE_URL } });
      world.clock.advance(DAY_MS - 1);
      await world.tick();
      const again = await resend(world, id, { "idempotency-key": KEY });
      expect([again.status, await again.text()]).toEqual([200, text]);
      await refused(await resend(world, id, { "idempotency-key": `${KEY}-2` }), "not_found");
      await refused(await resend(world, id), "not_found");
      world.clock.advance(1);
      await refused(await resend(world, id, { "idempotency-key": KEY }), "not_found");
      expect(world.sms.sent).toHaveLength(0);
    },
  );

  it("sends one message for 20 equal requests at the same time", async () => {
    const { id } = await start(world);
    world.clock.advance(30 * SECOND_MS);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => resend(world, id, { "idempotency-key": KEY })),
    );
    expect(world.sms.sent).toHaveLength(2);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
  });

  it("is refused with the key of another verification's resend", async () => {
    const first = await start(world);
    world.clock.advance(30 * SECOND_MS);
    expect((await resend(world, first.id, { "idempotency-key": KEY })).status).toBe(200);
    await opened(await open(world, first.id, world.sms.lastCode()));
    world.clock.advance(2 * MINUTE_MS);
    const next = await start(world);
    world.clock.advance(2 * MINUTE_MS);
    const answer = await resend(world, next.id, { "idempotency-key": KEY });
    await refused(answer, "idempotency_key_reused", "Idempotency-Key");
  });

  it("is refused with the key of a start", async () => {
    const { id } = await bodyOf<VerificationBody>(await startWith(KEY));
    world.clock.advance(30 * SECOND_MS);
    const answer = await resend(world, id, { "idempotency-key": KEY });
    await refused(answer, "idempotency_key_reused", "Idempotency-Key");
  });
});

describe("an Idempotency-Key", () => {
  it.each([
    ["empty", ""],
    ["too short", "x".repeat(15)],
    ["too long", "x".repeat(129)],
    ["with a space", "0123456789 abcdef"],
    ["given twice", `${KEY}, ${KEY}`],
    ["not ASCII", "0123456789abcdé\u00ff"],
  ])("that is %s is refused by its name, and nothing is sent", async (_, key) => {
    const problem = await refused(await startWith(key), "invalid_request", "Idempotency-Key");
    expect(JSON.stringify(problem)).not.toContain("0123456789");
    await refused(
      await resend(world, "A".repeat(22), { "idempotency-key": key }),
      "invalid_request",
      "Idempotency-Key",
    );
    expect(world.sms.sent).toHaveLength(0);
  });

  it.each([16, 128])("may have %i characters", async (length) => {
    expect((await startWith("~".repeat(length))).status).toBe(201);
  });
});
