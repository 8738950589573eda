import { afterEach, describe, expect, it } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";
import {
  bodyOf,
  MINUTE_MS,
  open,
  opened,
  PHONE,
  phoneNo,
  read,
  refused,
  resend,
  SECOND_MS,
  start,
  type VerificationBody,
  wrongCode,
} from "../support.ts";

let world: World;
afterEach(() => world.close());

async function begin(options: WorldOptions = {}): Promise<void> {
  world = await createWorld(options);
}

const iso = (ms: number) => new Date(ms).toISOString();
const tryStart = (body: object) => world.post("/v1/verifications", body);

describe("a start", () => {
  it("sends a code and answers with the verification, the phone masked", async () => {
    await begin();
    const now = world.clock.now();
    expect(await start(world)).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      status: "pending",
      purpose: "sign_in",
      phone: "+86 138••••8000",
      codeLength: 6,
      expiresAt: iso(now + 300 * SECOND_MS),
      resendAt: iso(now + 30 * SECOND_MS),
    });
    expect(world.sms.sent).toMatchObject([{ to: PHONE, purpose: "sign_in", locale: "en", minutes: 5 }]);
    expect(world.sms.lastCode()).toMatch(/^\d{6}$/);
  });

  it.each(["13800138000", "0086 138 0013 8000", "+86 (138) 0013-8000", "８６１３８００１３８０００"])(
    "counts %s against the limit of the same phone (T40)",
    async (spelling) => {
      await begin();
      await start(world);
      await refused(await tryStart({ phone: spelling }), "too_many_requests");
    },
  );

  it.each([
    [{ phone: "13800138000x9" }, "invalid_phone", "phone"],
    [{ phone: "+8610 1234 5678" }, "phone_not_mobile", "phone"],
    [{ phone: "+881612345678" }, "phone_not_mobile", "phone"],
    [{ phone: "+33612345678" }, "country_not_allowed", "phone"],
    [{ phone: PHONE, purpose: "reset_passwords" }, "invalid_request", "purpose"],
    [{ phone: PHONE, locale: "fr" }, "invalid_request", "locale"],
  ] as const)("is refused for %j and counts nothing", async (body, code, field) => {
    await begin();
    await refused(await tryStart(body), code, field);
    expect(world.sms.sent).toHaveLength(0);
    await start(world);
  });

  it("sends the message in the locale of the body, else in that of Accept-Language", async () => {
    await begin();
    const chinese = { "accept-language": "zh-TW,zh;q=0.9,en;q=0.8" };
    await start(world, phoneNo(1), {}, chinese);
    await start(world, phoneNo(2), { locale: "en" }, chinese);
    await start(world, phoneNo(3), {}, { "accept-language": "fr, *;q=0.1" });
    expect(world.sms.sent.map(({ locale }) => locale)).toEqual(["zh-CN", "en", "en"]);
  });

  it("is refused too soon after another one, and changes nothing (promise 3)", async () => {
    await begin();
    const { id } = await start(world);
    world.clock.advance(10 * SECOND_MS);
    for (let n = 0; n < 20; n += 1) {
      const problem = await refused(await tryStart({ phone: PHONE }), "too_many_requests");
      expect(problem.retryAfter).toBe(20);
    }
    expect(world.sms.sent).toHaveLength(1);
    expect(await read(world, id)).toMatchObject({ status: "pending" });
    await opened(await open(world, id, world.sms.lastCode()));
  });

  it("does not tell when a limit that others used up is free again: Retry-After stays 300", async () => {
    const limits = { LIMIT_PREFIX_SENDS: "1/1h", LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" };
    await begin({ env: { ...limits, CAPTCHA: "off" } });
    for (let n = 0; n < 10; n += 1) await start(world, phoneNo(n));
    for (const ms of [0, MINUTE_MS]) {
      world.clock.advance(ms);
      const problem = await refused(await tryStart({ phone: phoneNo(10) }), "too_many_requests");
      expect(problem.retryAfter).toBe(300);
    }
  });

  it("is allowed as soon as Retry-After says, and the next wait is doubled", async () => {
    await begin();
    await start(world);
    world.clock.advance(29_999);
    expect((await refused(await tryStart({ phone: PHONE }), "too_many_requests")).retryAfter).toBe(1);
    world.clock.advance(1);
    const again = await start(world);
    expect(again.resendAt).toBe(iso(world.clock.now() + 60 * SECOND_MS));
  });

  it("of a stranger makes a new verification, and the live one stays valid (promise 3)", async () => {
    await begin();
    const first = await start(world);
    const code = world.sms.lastCode();
    world.clock.advance(30 * SECOND_MS);
    const second = await start(world);
    expect(second.id).not.toBe(first.id);
    await refused(await open(world, second.id, code), "invalid_code");
    await opened(await open(world, first.id, code));
  });

  it("of a known device with a live verification sends that one again", async () => {
    await begin();
    const { deviceToken } = await world.signIn();
    const first = await start(world, PHONE, { deviceToken });
    world.clock.advance(30 * SECOND_MS);
    const again = await start(world, PHONE, { deviceToken });
    expect(again.id).toBe(first.id);
    expect(new Set(world.sms.sent.slice(1).map(({ code }) => code)).size).toBe(1);
  });

  it("never sends more than LIMIT_PHONE_SENDS in any window", async () => {
    await begin({ env: { LIMIT_PHONE_SENDS: "2/1h", RESEND_SECONDS: "1" } });
    await start(world, PHONE);
    world.clock.advance(50 * MINUTE_MS);
    const statuses = [];
    for (let n = 0; n < 12; n += 1) {
      statuses.push((await tryStart({ phone: PHONE })).status);
      world.clock.advance(2 * MINUTE_MS);
    }
    // Of two, strangers may leave one unconverted: the next one goes out an hour after the first.
    expect(statuses.indexOf(201)).toBe(5);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  });

  it("is refused from an address with ten times as many starts as LIMIT_ADDRESS_SENDS says", async () => {
    await begin({ env: { LIMIT_ADDRESS_SENDS: "1/1h", CAPTCHA: "off", GUARD_MODE: "off" } });
    for (let n = 0; n < 10; n += 1) await start(world, phoneNo(n));
    const problem = await refused(await tryStart({ phone: phoneNo(11) }), "too_many_requests");
    expect(problem.retryAfter).toBe(3600);
    expect((await world.post("/v1/verifications", { phone: phoneNo(11) }, {}, "203.0.113.8")).status).toBe(
      201,
    );
  });
});

describe("a resend", () => {
  it("before its time is 429 with the seconds to wait", async () => {
    await begin();
    const { id } = await start(world);
    world.clock.advance(29_001);
    expect((await refused(await resend(world, id), "too_many_requests")).retryAfter).toBe(1);
    expect(world.sms.sent).toHaveLength(1);
  });

  it("sends the same code, and expires a lifetime later", async () => {
    await begin();
    const { id } = await start(world);
    world.clock.advance(30 * SECOND_MS);
    const now = world.clock.now();
    const answer = await resend(world, id);
    expect(answer.status).toBe(200);
    expect(await bodyOf<VerificationBody>(answer)).toMatchObject({
      id,
      status: "pending",
      expiresAt: iso(now + 300 * SECOND_MS),
      resendAt: iso(now + 60 * SECOND_MS),
    });
    const [first, second] = world.sms.sent;
    expect(second?.code).toBe(first?.code);
    expect(second?.id).not.toBe(first?.id);
  });

  it("never makes a code live longer than 10 minutes after the start, and says so in the message", async () => {
    await begin({ env: { CODE_TTL_SECONDS: "600" } });
    const started = world.clock.now();
    const { id } = await start(world);
    world.clock.advance(599 * SECOND_MS);
    const again = await bodyOf<VerificationBody>(await resend(world, id));
    expect(again.expiresAt).toBe(iso(started + 600 * SECOND_MS));
    expect(world.sms.sent.at(-1)).toMatchObject({ minutes: 1, code: world.sms.sent[0]?.code });
    world.clock.advance(SECOND_MS);
    await refused(await open(world, id, world.sms.lastCode()), "invalid_code");
    await refused(await resend(world, id), "not_found");
  });

  it("brings no new guesses", async () => {
    await begin();
    const { id } = await start(world);
    const code = world.sms.lastCode();
    for (let n = 0; n < 2; n += 1) await refused(await open(world, id, wrongCode(code)), "invalid_code");
    world.clock.advance(30 * SECOND_MS);
    expect((await resend(world, id)).status).toBe(200);
    await refused(await open(world, id, wrongCode(code)), "invalid_code");
    expect(await read(world, id)).toMatchObject({ status: "exhausted" });
    await refused(await open(world, id, code), "invalid_code");
  });

  it("sends one message for 20 requests at the same time (T9)", async () => {
    await begin();
    const { id } = await start(world);
    world.clock.advance(30 * SECOND_MS);
    const answers = await Promise.all(Array.from({ length: 20 }, () => resend(world, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(429)]);
    expect(world.sms.sent).toHaveLength(2);
  });

  it("of a verification that is over or unknown is not found", async () => {
    await begin();
    const { id } = await start(world);
    await opened(await open(world, id, world.sms.lastCode()));
    world.clock.advance(30 * SECOND_MS);
    await refused(await resend(world, id), "not_found");
    await refused(await resend(world, "A".repeat(22)), "not_found");
    await refused(await resend(world, "A".repeat(21)), "invalid_request", "id");
  });

  it("that the sender refuses leaves the earlier code valid", async () => {
    await begin();
    const { id } = await start(world);
    world.clock.advance(30 * SECOND_MS);
    world.sms.answer({ status: "rejected" });
    await refused(await resend(world, id), "sms_unavailable");
    await opened(await open(world, id, world.sms.lastCode()));
  });
});

describe("a verification", () => {
  it.each([
    [-1, "pending", 201],
    [0, "expired", 401],
    [1, "expired", 401],
  ] as const)("%i ms after its lifetime is %s (T6)", async (offsetMs, status, signIn) => {
    await begin();
    const { id } = await start(world);
    world.clock.advance(300 * SECOND_MS + offsetMs);
    expect(await read(world, id)).toMatchObject({ id, status });
    expect((await open(world, id, world.sms.lastCode())).status).toBe(signIn);
  });

  it("reads as approved after the right code, and as exhausted after three wrong ones", async () => {
    await begin();
    const right = await start(world, phoneNo(1));
    await opened(await open(world, right.id, world.sms.lastCode()));
    expect(await read(world, right.id)).toEqual({ ...right, status: "approved" });
    const spent = await start(world, phoneNo(2));
    for (let n = 0; n < 3; n += 1) await open(world, spent.id, wrongCode(world.sms.lastCode()));
    expect(await read(world, spent.id)).toEqual({ ...spent, status: "exhausted" });
  });

  it("with an unknown id is not found, and with a malformed id is invalid", async () => {
    await begin();
    await refused(await world.request(`/v1/verifications/${"z".repeat(22)}`), "not_found");
    await refused(await world.request("/v1/verifications/1%20or%201"), "invalid_request", "id");
  });
});
