import { describe, expect, onTestFinished, test } from "vitest";
import { createTencentCaptchaVerifier } from "../../../src/adapters/tencent/captcha.ts";
import { createCommonClient } from "../../../src/adapters/tencent/client.ts";
import type { Captcha } from "../../../src/core/protection/challenges/ports.ts";
import { createCaptcha } from "../../support/tencent/captcha.ts";
import { type Fault, startCloud } from "../../support/tencent/cloud.ts";

const ACCOUNT = { secretId: "AKIDtest", secretKey: "secretTEST" };
const APP = { appId: 2_040_000_001, appSecret: "app-secret" };
const REQUEST = { phoneTag: "t1.tag", purpose: "sign_in", address: "203.0.113.7" };
const [INVALID, UNAVAILABLE] = [{ status: "invalid" }, { status: "unavailable" }];
const HOUR = 3_600_000;

type More = Partial<Parameters<typeof createTencentCaptchaVerifier>[0]>;

async function start(more: More = {}, deadlineMs = 2_000) {
  let now = Date.now();
  const captcha = createCaptcha(APP, { now: () => now });
  const cloud = await startCloud({ products: [captcha.product], accounts: [ACCOUNT] });
  onTestFinished(cloud.close);
  const access = { credential: () => ACCOUNT, region: "ap-guangzhou", endpoint: cloud.url };
  const reported: string[] = [];
  const verifier = createTencentCaptchaVerifier({
    client: createCommonClient("captcha.tencentcloudapi.com", "2019-07-22", access),
    appId: String(APP.appId),
    appSecret: APP.appSecret,
    deadline: () => AbortSignal.timeout(deadlineMs),
    report: (problem) => reported.push(problem),
    ...more,
  });
  return {
    cloud,
    reported,
    solve: captcha.solve,
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    verify: (solution: Captcha, request: Omit<typeof REQUEST, "address"> = REQUEST) =>
      verifier.verify(solution, request, now),
  };
}

test("Tencent Captcha: the verifier asks with all parameters of the action, and accepts what was solved", async () => {
  const { cloud, solve, verify } = await start();
  const { ticket, randstr, kind } = solve();
  expect(await verify({ kind, ticket, randstr })).toEqual({
    status: "solved",
    id: expect.stringMatching(/^[\w-]{43}$/),
    livesMs: 300_000,
  });
  expect(cloud.calls[0]).toMatchObject({
    action: "DescribeCaptchaResult",
    parameters: {
      CaptchaType: 9,
      Ticket: ticket,
      Randstr: randstr,
      UserIp: REQUEST.address,
      CaptchaAppId: APP.appId,
      AppSecretKey: APP.appSecret,
    },
  });
});

describe("Tencent Captcha: the verifier refuses", () => {
  test("a ticket that was used (9), is expired (8), or came with another randstr (7)", async () => {
    const { pass, solve, verify } = await start();
    const [used, old, one, other] = [solve(), solve(), solve(), solve()];
    await verify(used);
    expect(await verify(used)).toEqual(INVALID);
    expect(await verify({ ...one, randstr: other.randstr })).toEqual(INVALID);
    pass(300_000);
    expect(await verify(old)).toEqual(INVALID);
  });

  test("a ticket of another app (16), of a wrong form (15), or one that was never issued (21)", async () => {
    const { reported, solve, verify } = await start();
    expect(await verify(solve({ appId: 7 }))).toEqual(INVALID);
    expect(await verify({ kind: "tencent", ticket: "x", randstr: "@x" })).toEqual(INVALID);
    const ticket = `tr03${"A".repeat(43)}**`;
    expect(await verify({ kind: "tencent", ticket, randstr: "@x" })).toEqual(INVALID);
    expect(reported).toEqual([]);
  });

  test("a ticket with a high evil level, and a solution of another kind", async () => {
    const { solve, verify } = await start();
    expect(await verify(solve({ evilLevel: 100 }))).toEqual(INVALID);
    expect(await verify({ kind: "turnstile", token: "x" })).toEqual(INVALID);
  });
});

describe("Tencent Captcha: the verifier is unavailable and reports why in Phonekey's own words", () => {
  test.each<[string, Fault, RegExp]>([
    ["the API refuses", { error: "InternalError" }, /InternalError$/],
    ["the key is wrong", { error: "AuthFailure.SecretIdNotFound" }, /SecretIdNotFound$/],
    ["a proxy answers", { httpStatus: 502, body: "<html>" }, /HTTP 502$/],
    ["the answer is garbage", { garbage: "<html>" }, /./],
    ["the answer is another one", { garbage: '{"Response":{"CaptchaCode":"1"}}' }, /cannot be read$/],
    ["it never answers", { hang: "not_taken" }, /no answer$/],
    ["the connection breaks", { cut: "taken" }, /no answer$/],
  ])("when %s", async (_, fault, reason) => {
    const { cloud, reported, solve, verify } = await start({}, 500);
    cloud.faults.push(fault);
    expect(await verify(solve())).toEqual(UNAVAILABLE);
    expect(reported).toEqual([expect.stringMatching(reason)]);
  });

  test("when the app's id and secret do not belong together (100)", async () => {
    const { reported, solve, verify } = await start({ appSecret: "old" });
    expect(await verify(solve())).toEqual(UNAVAILABLE);
    expect(reported).toEqual(["CaptchaCode 100"]);
  });

  test("when the client's address is unknown, which the service requires", async () => {
    const { cloud, reported, solve, verify } = await start();
    const { address: _, ...request } = REQUEST;
    expect(await verify(solve(), request)).toEqual(UNAVAILABLE);
    expect(reported).toHaveLength(1);
    expect(cloud.calls).toEqual([]);
  });
});

describe("Tencent Captcha: disaster tickets, which anybody can make,", () => {
  const disaster = (at: number, appId = APP.appId, prefix = "trerror"): Captcha => ({
    kind: "tencent",
    ticket: `${prefix}_1001_${appId}_${Math.floor(at / 1000)}`,
    randstr: "@abc",
  });

  test("are refused without asking the service", async () => {
    const { cloud, now, verify } = await start();
    for (const prefix of ["trerror", "terror"]) {
      expect(await verify(disaster(now(), APP.appId, prefix))).toEqual(INVALID);
    }
    expect(cloud.calls).toEqual([]);
  });

  test("are accepted under a limit of their own if the setting says so and app and time fit", async () => {
    const disasterTickets = [{ max: 20, windowMs: HOUR }];
    const { now, verify } = await start({ disasterTickets });
    expect(await verify(disaster(now()))).toMatchObject({ status: "solved", atMost: disasterTickets });
    expect(await verify(disaster(now(), APP.appId, "terror"))).toMatchObject({ status: "solved" });
    expect(await verify(disaster(now() - HOUR))).toEqual(INVALID);
    expect(await verify(disaster(now() + HOUR))).toEqual(INVALID);
    expect(await verify(disaster(now(), 7))).toEqual(INVALID);
    for (const ticket of ["trerror_", "trerror_1001_190000001_", "terror_x", "trerror_1_1_1_1"]) {
      expect(await verify({ kind: "tencent", ticket, randstr: "@" })).toEqual(INVALID);
    }
  });
});
