import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { PHONE, phoneNo, refused, SECOND_MS, start } from "../http/support.ts";
import { listen } from "../support/listen.ts";
import { createTencentWorld } from "./support.ts";

describe("a sign-in by Tencent Cloud", () => {
  it("works by the official client, and the record has what the cloud's support asks for", async () => {
    const { world, sms, cloud, lastCode, lastMessage } = await createTencentWorld();
    const { id } = await start(world);
    const opened = await world.post("/v1/sessions", { verificationId: id, code: lastCode() });
    expect(opened.status).toBe(201);
    const [taken] = sms.taken;
    expect(taken).toMatchObject({
      to: PHONE,
      text: `【腾讯云】${lastCode()}为您的登录验证码，请于5分钟内填写。`,
    });
    expect(await lastMessage()).toMatchObject({
      id: taken?.sessionContext,
      status: "accepted",
      provider_id: taken?.serialNo,
      request_id: cloud.calls[0]?.requestId,
      fee: 1,
    });
  });

  it("has to wait 35 seconds before the same content is sent again", async () => {
    const { world, sms } = await createTencentWorld();
    const { id } = await start(world);
    const resend = () => world.request(`/v1/verifications/${id}/resend`, { method: "POST" });
    world.clock.advance(34 * SECOND_MS);
    expect((await refused(await resend(), "too_many_requests")).retryAfter).toBe(1);
    world.clock.advance(SECOND_MS);
    expect((await resend()).status).toBe(200);
    expect(sms.taken.map(({ text }) => text)).toEqual(Array(2).fill(sms.taken[0]?.text));
  });

  it.each([
    ["LimitExceeded.PhoneNumberThirtySecondLimit", "too_many_requests", 35],
    ["LimitExceeded.PhoneNumberOneHourLimit", "too_many_requests", 3600],
    ["FailedOperation.PhoneNumberInBlacklist", "phone_unreachable", 3600],
    ["FailedOperation.InsufficientBalanceInSmsPackage", "sms_unavailable", 30],
    ["FailedOperation.TemplateIncorrectOrUnapproved", "sms_unavailable", 30],
  ] as const)("is refused when the cloud answers %s: %s", async (code, refusal, retryAfter) => {
    const { world, sms } = await createTencentWorld();
    sms.refuse.push(code);
    const response = await world.post("/v1/verifications", { phone: PHONE });
    expect(await response.clone().text()).not.toContain(code);
    expect((await refused(response, refusal)).retryAfter).toBe(retryAfter);
  });

  it("answers 201 if the outcome is unknown, and does not send again", async () => {
    const { world, cloud, sms, lastCode } = await createTencentWorld();
    cloud.faults.push({ cut: "taken" });
    const { id } = await start(world);
    expect(sms.taken).toHaveLength(1);
    const opened = await world.post("/v1/sessions", { verificationId: id, code: lastCode() });
    expect(opened.status).toBe(201);
  });

  it("writes no number, code or key into the log", async () => {
    const { world, sms, lastCode } = await createTencentWorld();
    await start(world);
    sms.refuse.push("FailedOperation.ContainSensitiveWord");
    await world.post("/v1/verifications", { phone: phoneNo(7) });
    const log = JSON.stringify(world.logged);
    for (const secret of ["13800138000", phoneNo(7).slice(3), lastCode(), "secretTEST", "AKIDtest"]) {
      expect(log).not.toContain(secret);
    }
  });
});

describe("the cloud's daily refusal of a number", () => {
  const DAILY = "LimitExceeded.PhoneNumberDailyLimit";
  /** The world begins at 16:00 in Guangzhou. Sends are held for a minute more, since clocks differ. */
  const HELD_SECONDS = 8 * 3600 + 60;

  it("holds sends to the number until after the cloud's midnight, without asking again", async () => {
    const { world, sms, cloud } = await createTencentWorld();
    sms.refuse.push(DAILY);
    const first = await world.post("/v1/verifications", { phone: PHONE });
    expect((await refused(first, "too_many_requests")).retryAfter).toBe(HELD_SECONDS);
    world.clock.advance((HELD_SECONDS - 1) * SECOND_MS);
    const last = await world.post("/v1/verifications", { phone: PHONE });
    expect((await refused(last, "too_many_requests")).retryAfter).toBe(1);
    await start(world, phoneNo(1));
    expect(cloud.calls).toHaveLength(2);
    world.clock.advance(SECOND_MS);
    await start(world);
  });

  it("is kept over a restart and a lost state", async () => {
    const { world, sms, restart } = await createTencentWorld({ STATE_URL: "memory:" });
    sms.refuse.push(DAILY);
    await refused(await world.post("/v1/verifications", { phone: PHONE }), "too_many_requests");
    world.clock.advance(7 * 3_600_000);
    const next = await restart();
    const held = await next.world.post("/v1/verifications", { phone: PHONE });
    expect((await refused(held, "too_many_requests")).retryAfter).toBe(HELD_SECONDS - 7 * 3600);
  });

  it("also holds a resend, and does not change the code that was sent before", async () => {
    const { world, sms, cloud, lastCode } = await createTencentWorld({ CODE_TTL_SECONDS: "600" });
    const { id } = await start(world);
    const code = lastCode();
    sms.refuse.push(DAILY);
    world.clock.advance(35 * SECOND_MS);
    const resend = () => world.request(`/v1/verifications/${id}/resend`, { method: "POST" });
    await refused(await resend(), "too_many_requests");
    world.clock.advance(120 * SECOND_MS);
    await refused(await resend(), "too_many_requests");
    expect(cloud.calls).toHaveLength(2);
    expect((await world.post("/v1/sessions", { verificationId: id, code })).status).toBe(201);
  });

  it("is answered again to a repeated request with the same Idempotency-Key", async () => {
    const { world, sms } = await createTencentWorld();
    sms.refuse.push(DAILY);
    const headers = { "idempotency-key": "0f1e2d3c4b5a6978879" };
    await refused(await world.post("/v1/verifications", { phone: PHONE }, headers), "too_many_requests");
    world.clock.advance(3_600_000);
    const again = await world.post("/v1/verifications", { phone: PHONE }, headers);
    expect((await refused(again, "too_many_requests")).retryAfter).toBe(HELD_SECONDS - 3600);
  });
});

describe("alerts of the Tencent sender", () => {
  const alerts = (logged: readonly object[]) =>
    logged.flatMap((line) =>
      "alert" in line && "what" in line ? [{ what: line.what, ...(line.alert as object) }] : [],
    );

  it("are raised once when the balance is used up, and cleared once when it is not", async () => {
    const { world, sms } = await createTencentWorld();
    for (let n = 0; n < 3; n += 1) sms.refuse.push("FailedOperation.InsufficientBalanceInSmsPackage");
    for (let n = 0; n < 3; n += 1) await world.post("/v1/verifications", { phone: phoneNo(n) });
    for (let n = 3; n < 6; n += 1) await start(world, phoneNo(n));
    expect(alerts(world.logged)).toMatchObject([
      {
        what: "raised",
        kind: "sms_balance",
        subject: "tencent/mainland",
        detail: { code: "FailedOperation.InsufficientBalanceInSmsPackage" },
      },
      { what: "cleared", kind: "sms_balance", subject: "tencent/mainland" },
    ]);
  });

  it("are posted to the webhook by the next tick, signed, and delay no request", async () => {
    const told: { headers: IncomingHttpHeaders; body: string }[] = [];
    const listener = createServer(async (request, response) => {
      told.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
      response.end();
    });
    const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const { world, sms } = await createTencentWorld({
      ALERT_WEBHOOK: `http://127.0.0.1:${await listen(listener)}/hook`,
      ALERT_WEBHOOK_SECRET: `whsec_${secret}`,
    });
    sms.refuse.push("UnauthorizedOperation.SerivceSuspendDueToArrears");
    await world.post("/v1/verifications", { phone: PHONE });
    expect(told).toHaveLength(0);
    expect(await world.tick()).toMatchObject({ done: { alerts: 1 } });
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: "" }] = told;
    expect(JSON.parse(body)).toMatchObject({ type: "alert.raised", data: { kind: "sms_arrears" } });
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const mac = createHmac("sha256", Buffer.from(secret, "base64")).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    for (const text of ["13800138000", "AKIDtest"]) expect(body).not.toContain(text);
  });

  it("are not raised for refusals that only a person can deal with", async () => {
    const { world, sms, cloud } = await createTencentWorld();
    sms.refuse.push("LimitExceeded.PhoneNumberOneHourLimit", "FailedOperation.PhoneNumberInBlacklist");
    for (let n = 0; n < 2; n += 1) await world.post("/v1/verifications", { phone: phoneNo(n) });
    cloud.faults.push({ cut: "not_taken" });
    await start(world, phoneNo(2));
    expect(alerts(world.logged)).toEqual([]);
  });
});
