import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deadlineIn } from "../../../src/adapters/system/deadline.ts";
import type { SendOutcome } from "../../../src/core/delivery/ports.ts";
import type { RefusalCode } from "../../../src/core/refusals.ts";
import { listen } from "../../support/listen.ts";
import { bearer, createTestSender, createWorld, type World, type WorldOptions } from "../../support/world.ts";
import { MINUTE_MS, open, opened, PHONE, refused, SECOND_MS, start } from "../support.ts";

let world: World;
afterEach(() => world.close());

async function begin(options: WorldOptions = {}): Promise<void> {
  world = await createWorld(options);
}

const tryStart = (body: object) => world.post("/v1/verifications", body);

describe("a start, by the outcome of its send,", () => {
  it.each<[SendOutcome, RefusalCode, number]>([
    [{ status: "bad_number" }, "phone_unreachable", 3600],
    [{ status: "throttled", retryAfterSeconds: 90 }, "too_many_requests", 90],
    [{ status: "throttled" }, "too_many_requests", 60],
    [{ status: "rejected", providerCode: "FailedOperation.InsufficientBalance" }, "sms_unavailable", 30],
    [{ status: "unavailable" }, "sms_unavailable", 30],
  ])("after %j is refused with %s, and stays counted (promise 3)", async (outcome, code, retryAfter) => {
    await begin();
    world.sms.answer(outcome);
    const response = await tryStart({ phone: PHONE });
    const text = await response.clone().text();
    expect((await refused(response, code)).retryAfter).toBe(retryAfter);
    expect(text).not.toContain("FailedOperation");
    world.sms.answer({ status: "accepted" });
    await refused(await tryStart({ phone: PHONE }), "too_many_requests");
    expect(world.sms.sent).toHaveLength(1);
  });

  it("that the sender refused is over: the next one has another code", async () => {
    await begin();
    const { deviceToken } = await world.signIn();
    world.sms.answer({ status: "rejected" });
    await refused(await tryStart({ phone: PHONE, deviceToken }), "sms_unavailable");
    const dead = world.sms.lastCode();
    world.sms.answer({ status: "accepted" });
    world.clock.advance(MINUTE_MS);
    await start(world, PHONE, { deviceToken });
    expect(world.sms.lastCode()).not.toBe(dead);
  });

  it("that the sender refused frees its guesses", async () => {
    await begin({ env: { RESEND_SECONDS: "1", LIMIT_PHONE_SENDS: "unlimited" } });
    world.sms.answer({ status: "rejected" });
    // Four times three guesses are more than the nine that a phone has.
    for (let n = 0; n < 4; n += 1) {
      await refused(await tryStart({ phone: PHONE }), "sms_unavailable");
      world.clock.advance(2 ** n * SECOND_MS);
    }
    world.sms.answer({ status: "accepted" });
    world.clock.advance(MINUTE_MS);
    const { id } = await start(world);
    await opened(await open(world, id, world.sms.lastCode()));
  });

  it.each<[string, () => Promise<SendOutcome>]>([
    ["answers unknown", async () => ({ status: "unknown" })],
    ["rejects", () => Promise.reject(new Error("socket hang up"))],
    ["never answers", () => new Promise(() => {})],
    [
      "throws at once",
      () => {
        throw new Error("no");
      },
    ],
  ])(
    "whose sender %s is answered 201 and not sent again, since the message may be on its way (promise 5)",
    async (_, answer) => {
      await begin({ parts: { deadline: () => deadlineIn(30) } });
      world.sms.answer(answer);
      const { id } = await start(world);
      expect(world.sms.sent).toHaveLength(1);
      await opened(await open(world, id, world.sms.lastCode()));
    },
  );
});

describe("a sender to which there is no connection at its deadline", () => {
  const webhook = (url: string) => ({ SMS_WEBHOOK: url, SMS_WEBHOOK_SECRET: "s".repeat(32) });
  const tencent = (url: string) => ({
    TENCENT_SECRET_ID: "AKIDtest",
    TENCENT_SECRET_KEY: "secretTEST",
    TENCENT_SMS_SDK_APP_ID: "1400006666",
    TENCENT_SMS_SIGN_NAME: "腾讯云",
    TENCENT_SMS_TEMPLATE_ID: "1110",
    TENCENT_SMS_ENDPOINT: url,
  });

  it.each<[string, (url: string) => Record<string, string>]>([
    ["webhook", webhook],
    ["tencent", tencent],
  ])("has sent nothing, so the answer is 503 (%s)", async (name, settings) => {
    const port = await listen(createServer(() => vi.advanceTimersByTime(1_500)));
    const env = { SMS_SENDER: name, ...settings(`https://127.0.0.1:${port}`) };
    await begin({ env, inbox: true, parts: { deadline: () => deadlineIn(1_500) } });
    // The deadline passes while it connects, however long it took until then.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await refused(await tryStart({ phone: PHONE }), "sms_unavailable");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a route of two senders (T11)", () => {
  const second = createTestSender("second");
  const first = createTestSender("first");

  async function beginRoute(outcome: SendOutcome | (() => Promise<SendOutcome>)): Promise<void> {
    const route = [first.sender, second.sender];
    await begin({ parts: { route, deadline: () => deadlineIn(30) } });
    first.sent.length = 0;
    second.sent.length = 0;
    first.answer(outcome);
    second.answer({ status: "accepted" });
  }

  it.each<SendOutcome["status"]>(["unavailable", "rejected"])(
    "gives a message that the first one certainly did not send (%s) to the second, with the same code",
    async (status) => {
      await beginRoute({ status });
      const { id } = await start(world);
      expect(second.sent).toEqual(first.sent);
      expect(second.sent).toHaveLength(1);
      await opened(await open(world, id, second.lastCode()));
    },
  );

  it.each<SendOutcome["status"]>(["accepted", "unknown", "throttled", "bad_number"])(
    "does not ask the second one after %s",
    async (status) => {
      await beginRoute({ status });
      await tryStart({ phone: PHONE });
      expect([first.sent.length, second.sent.length]).toEqual([1, 0]);
    },
  );

  it("has the second one send notices while the first one answers no starts", async () => {
    await beginRoute({ status: "unavailable" });
    const { id } = await start(world);
    const { accessToken } = await opened(await open(world, id, second.lastCode()));
    for (const phone of ["+8613900139001", "+8613900139002"]) await start(world, phone);
    first.sent.length = 0;
    const changed = await world.request("/v1/me/password", {
      method: "PUT",
      headers: { ...bearer(accessToken), "content-type": "application/json" },
      body: JSON.stringify({ newPassword: "lantern orchard vessel" }),
    });
    expect(changed.status).toBe(204);
    expect(second.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "password_changed" });
    expect(first.sent).toEqual([]);
  });

  it("sends nothing a second time when the first one hangs", async () => {
    await beginRoute(() => new Promise(() => {}));
    await start(world);
    expect([first.sent.length, second.sent.length]).toEqual([1, 0]);
  });
});
