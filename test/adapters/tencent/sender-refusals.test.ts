import { describe, expect, it } from "vitest";
import { createSmsClient } from "../../../src/adapters/tencent/client.ts";
import { TencentError } from "../../../src/adapters/tencent/errors.ts";
import { outcomeOfAnswer } from "../../../src/adapters/tencent/outcomes.ts";
import { createTencentSender } from "../../../src/adapters/tencent/sender.ts";
import { DAY_MS, MINUTE_MS } from "../../../src/core/time.ts";
import { CODE_AND_MINUTES, EVENING, MESSAGE, MIDNIGHT, type Options, SETTINGS, start } from "./sending.ts";

describe("the Tencent sender, refused by a rule of the cloud:", () => {
  it("the same content within 30 seconds: throttled", async () => {
    const { send } = await start();
    await send();
    expect(await send()).toMatchObject({ status: "throttled", retryAfterSeconds: 35 });
  });

  it("the third message of a day: held until after the cloud's midnight", async () => {
    const { send } = await start();
    await send({ code: "111111" });
    await send({ code: "222222" });
    expect(await send({ code: "333333" })).toMatchObject({
      status: "throttled",
      providerCode: "LimitExceeded.PhoneNumberDailyLimit",
      heldUntil: MIDNIGHT + MINUTE_MS,
      retryAfterSeconds: (MIDNIGHT + MINUTE_MS - EVENING) / 1_000,
    });
  });

  it.each([
    ["a moment before midnight", -1, 0],
    ["within a minute after it, which counts to the day before since clocks differ", MINUTE_MS - 1, 0],
    ["a minute after it", MINUTE_MS, 1],
  ])("the daily limit, reached %s: held until a minute past the end of that day", (_, afterMs, days) => {
    const answer = { SendStatusSet: [{ Code: "LimitExceeded.PhoneNumberDailyLimit" }] };
    const line = { account: "a", country: "c", text: "t" };
    const { heldUntil } = outcomeOfAnswer(answer, line, MIDNIGHT + afterMs);
    expect(heldUntil).toBe(MIDNIGHT + days * DAY_MS + MINUTE_MS);
  });

  it.each<[string, Options, object, object]>([
    [
      "an invalid number",
      {},
      { to: "+86123" },
      { status: "bad_number", providerCode: "InvalidParameterValue.IncorrectPhoneNumber" },
    ],
    [
      "a signature that is not approved",
      { account: { signatures: [] } },
      {},
      { status: "rejected", alert: { kind: "sms_signature", subject: "tencent/mainland/sign_in" } },
    ],
    [
      "a template that is not approved",
      { account: { templates: [] } },
      {},
      { status: "rejected", alert: { kind: "sms_template", subject: "tencent/mainland/sign_in" } },
    ],
    [
      "a template with another count of variables",
      {
        settings: {
          mainland: { ...SETTINGS.mainland, template: { id: "1112", parameters: CODE_AND_MINUTES } },
        },
      },
      {},
      { providerCode: "FailedOperation.TemplateParamSetNotMatchApprovedTemplate" },
    ],
    [
      "more digits than a verification template takes",
      {},
      { code: "12345678" },
      { status: "rejected", providerCode: "InvalidParameterValue.TemplateParameterFormatError" },
    ],
    [
      "another application",
      { settings: { sdkAppId: "1400009999" } },
      {},
      { status: "rejected", alert: { kind: "sms_account", subject: "tencent/mainland" } },
    ],
  ])("%s: no message is sent", async (_, options, over, outcome) => {
    const { send, sms } = await start(options);
    expect(await send(over)).toMatchObject(outcome);
    expect(sms.taken).toHaveLength(0);
  });
});

describe("the Tencent sender, when a send fails,", () => {
  it.each([
    ["error", "FailedOperation.InsufficientBalanceInSmsPackage", "rejected", "sms_balance"],
    ["number", "FailedOperation.InsufficientBalanceInSmsPackage", "rejected", "sms_balance"],
    ["error", "UnauthorizedOperation.SerivceSuspendDueToArrears", "rejected", "sms_arrears"],
    ["error", "LimitExceeded.AppDailyLimit", "rejected", "sms_quota"],
    ["number", "FailedOperation.PhoneNumberInBlacklist", "bad_number", undefined],
    ["number", "FailedOperation.BrandNewReason", "rejected", "sms_refused"],
    ["error", "InternalError.Timeout", "unknown", undefined],
  ])("maps a refusal by the %s layer to an outcome and an alert: %s", async (layer, code, status, kind) => {
    const { send, cloud, sms } = await start();
    if (layer === "error") cloud.faults.push({ error: code });
    else sms.refuse.push(code);
    const outcome = await send();
    expect({ ...outcome, kind: outcome.alert?.kind }).toMatchObject({ status, providerCode: code, kind });
    expect(outcome.requestId).toBe(cloud.calls[0]?.requestId);
    expect(cloud.calls).toHaveLength(1);
  });

  it.each(["LimitExceeded.AppCountryOrRegionInBlacklist", "LimitExceeded.AppCountryOrRegionDailyLimit"])(
    "keeps the alert for %s until a message to the same country is accepted",
    async (code) => {
      const { send, sms } = await start();
      sms.refuse.push(code);
      const { alert } = await send({ to: "+14155550123" });
      expect(alert?.subject).toBe("tencent/international/US");
      expect((await send({ to: "+85261234567" })).settles).not.toContain(alert?.subject);
      expect((await send({ to: "+14155550124" })).settles).toContain(alert?.subject);
    },
  );

  it("alerts the operator if there is no credential, and asks nobody", async () => {
    const sender = createTencentSender({
      client: createSmsClient({
        credential: () => Promise.reject(new Error("no role")),
        region: "ap-guangzhou",
        endpoint: "http://127.0.0.1:1",
      }),
      settings: SETTINGS,
      clock: { now: () => EVENING },
    });
    expect(await sender.send(MESSAGE, { signal: () => AbortSignal.timeout(1_000) })).toMatchObject({
      status: "rejected",
      alert: { kind: "sms_credentials", subject: "tencent/mainland" },
    });
  });

  it("tries once more what was certainly not sent", async () => {
    const { send, cloud, sms } = await start();
    cloud.faults.push({ error: "RequestLimitExceeded" });
    expect(await send()).toMatchObject({ status: "accepted" });
    expect(sms.taken).toHaveLength(1);
  });

  it("does not try a third time", async () => {
    const { send, cloud, sms } = await start();
    for (let n = 0; n < 3; n += 1) cloud.faults.push({ error: "RequestLimitExceeded" });
    expect(await send()).toMatchObject({ status: "unavailable" });
    expect({ calls: cloud.calls.length, taken: sms.taken.length }).toEqual({ calls: 2, taken: 0 });
  });

  it("does not try a second time after its deadline, and says that nothing was sent", async () => {
    const [ending, calls]: [AbortController, string[]] = [new AbortController(), []];
    const client = {
      async call(action: string) {
        calls.push(action);
        ending.abort();
        throw new TencentError({ code: "RequestLimitExceeded", hasLeft: true });
      },
    };
    const sender = createTencentSender({ client, settings: SETTINGS, clock: { now: () => EVENING } });
    const sent = sender.send(MESSAGE, { signal: () => ending.signal });
    expect(await sent).toMatchObject({ status: "unavailable" });
    expect(calls).toEqual(["SendSms"]);
  });

  it("says that nothing was sent if nobody listens", async () => {
    const { send, cloud } = await start();
    await cloud.close();
    expect(await send()).toEqual({ status: "unavailable", providerCode: "no_connection" });
  });

  it.each([
    [{ hang: "taken" }, "no_answer", 1],
    [{ hang: "not_taken" }, "no_answer", 0],
    [{ cut: "taken" }, "no_answer", 1],
    [{ slowMs: 10_000 }, "no_answer", 1],
    [{ garbage: "<html>" }, "no_answer", 1],
    [{ garbage: '{"Response":{"SendStatusSet":"Ok"}}' }, "not_understood", 1],
    [{ garbage: '{"Response":{"SendStatusSet":[]}}' }, "not_understood", 1],
    [{ garbage: '{"Response":{"SendStatusSet":[null]}}' }, "not_understood", 1],
    [{ garbage: '{"Response":{"SendStatusSet":[{"Code":7}]}}' }, "not_understood", 1],
    [{ httpStatus: 502 }, "http_502", 0],
    [{ httpStatus: 408 }, "http_408", 0],
  ] as const)("%j: the outcome is unknown, and nothing is sent again", async (fault, providerCode, taken) => {
    const { send, cloud, sms } = await start();
    cloud.faults.push(fault);
    expect(await send({}, 300)).toEqual({ status: "unknown", providerCode });
    expect({ taken: sms.taken.length, left: cloud.faults.length }).toEqual({ taken, left: 0 });
  });

  it("takes a 403 of a proxy for a refusal", async () => {
    const { send, cloud } = await start();
    cloud.faults.push({ httpStatus: 403, body: "blocked" });
    expect(await send()).toMatchObject({ status: "rejected", alert: { kind: "sms_refused" } });
  });

  it.each([
    [0, { fee: 0 }],
    [999, { fee: 999 }],
    ...[-1, 1_000, 1.5, "2", null].map((fee): [unknown, object] => [fee, {}]),
  ])("counts %j parts as the cloud bills them, and none if that is no valid number", (Fee, expected) => {
    const answer = { SendStatusSet: [{ Code: "Ok", Fee }] };
    const line = { account: "a", country: "c", text: "t" };
    expect(outcomeOfAnswer(answer, line, EVENING)).toEqual({
      ...{ status: "accepted", settles: ["a", "c", "t"] },
      ...expected,
    });
  });

  it("drops what would not fit the message's record", async () => {
    const { send, cloud } = await start();
    const status = { Code: "Ok", SerialNo: "5".repeat(500), Fee: 1e99, PhoneNumber: MESSAGE.to };
    const answer = { SendStatusSet: [status], RequestId: "r".repeat(500) };
    cloud.faults.push({ garbage: JSON.stringify({ Response: answer }) });
    expect(await send()).toEqual({
      status: "accepted",
      settles: ["tencent/mainland", "tencent/mainland/CN", "tencent/mainland/sign_in"],
    });
  });
});
