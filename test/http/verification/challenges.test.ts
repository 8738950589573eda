import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { solveAltcha } from "../../support/altcha.ts";
import { startSiteverify } from "../../support/siteverify.ts";
import { createCaptcha } from "../../support/tencent/captcha.ts";
import { startCloud } from "../../support/tencent/cloud.ts";
import { createTestClock, createWorld, type World, type WorldOptions } from "../../support/world.ts";
import { bodyOf, MINUTE_MS, phoneNo, refused, resend, type VerificationBody } from "../support.ts";

const EASY = { ALTCHA_COST: "1", LIMIT_ADDRESS_SENDS: "1/1h" };

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function begin(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld({ ...options, env: { ...EASY, ...options.env } });
  worlds.push(world);
  return world;
}

const start = (world: World, n: number, more: object = {}, from?: string) =>
  world.post("/v1/verifications", { phone: phoneNo(n), ...more }, {}, from);

interface Offer {
  readonly kind: string;
  readonly siteKey?: string;
  readonly puzzle?: object;
}

async function offer(world: World, n: number): Promise<Offer> {
  const response = await world.post("/v1/challenges", { phone: phoneNo(n) });
  expect(response.status).toBe(200);
  return await bodyOf<Offer>(response);
}

const solve = async (world: World, n: number) => await solveAltcha((await offer(world, n)).puzzle);

describe("the proof of work, which is the default", () => {
  it("is demanded beyond the threshold, and lets one request through, for the phone that it was solved for", async () => {
    const world = await begin();
    expect((await start(world, 1)).status).toBe(201);
    const problem = await refused(await start(world, 2), "captcha_required", "captcha");
    expect(problem).toMatchObject({ status: 403, kinds: ["altcha"] });
    const captcha = await solve(world, 2);
    await refused(await start(world, 3, { captcha }), "captcha_required", "captcha");
    expect((await start(world, 2, { captcha })).status).toBe(201);
    await refused(await start(world, 2, { captcha }), "too_many_requests");
    world.clock.advance(30_000);
    await refused(await start(world, 2, { captcha }), "captcha_required", "captcha");
  });

  it("is accepted once, and not again shortly before it expires", async () => {
    const world = await begin();
    await start(world, 1);
    const captcha = await solve(world, 2);
    expect((await start(world, 2, { captcha })).status).toBe(201);
    for (const seconds of [210, 60, 29]) {
      world.clock.advance(seconds * 1_000);
      await refused(await start(world, 2, { captcha }), "captcha_required", "captcha");
    }
  });

  it("lets a resend through", async () => {
    const world = await begin();
    const { id } = await bodyOf<{ id: string }>(await start(world, 1));
    world.clock.advance(30_000);
    const resend = (body?: object) =>
      body
        ? world.post(`/v1/verifications/${id}/resend`, body)
        : world.request(`/v1/verifications/${id}/resend`, { method: "POST" });
    await refused(await resend(), "captcha_required", "captcha");
    expect((await resend({ captcha: await solve(world, 1) })).status).toBe(200);
    expect(world.sms.sent).toHaveLength(2);
  });

  it("expires after five minutes", async () => {
    const world = await begin({ env: { CAPTCHA_WHEN: "always" } });
    const captcha = await solve(world, 1);
    world.clock.advance(300_000);
    await refused(await start(world, 1, { captcha }), "captcha_required", "captcha");
  });

  it("lets one of 40 parallel starts through on two servers that share a store", async () => {
    const folder = mkdtempSync(join(tmpdir(), "phonekey-challenges-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const shared = { folder, clock: createTestClock(), env: { CAPTCHA_WHEN: "always" } };
    const [one, other] = [await begin(shared), await begin(shared)];
    const captcha = await solve(one, 1);
    const racing = Array.from({ length: 40 }, (_, n) => {
      const from = `198.51.100.${n}`;
      return start(n % 2 ? one : other, 1, { captcha }, from);
    });
    const statuses = (await Promise.all(racing)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 403 || status === 429)).toHaveLength(39);
    expect(one.sms.sent.length + other.sms.sent.length).toBe(1);
  });

  it("is not demanded from a known device", async () => {
    const world = await begin();
    const { deviceToken } = await world.signIn(phoneNo(1));
    await refused(await start(world, 1), "captcha_required", "captcha");
    expect((await start(world, 1, { deviceToken })).status).toBe(201);
    await refused(await start(world, 2, { deviceToken }), "captcha_required", "captcha");
  });

  it("is ignored at a sign-in that demands none, and can still be used", async () => {
    const world = await begin();
    const { id: verificationId } = await bodyOf<{ id: string }>(await start(world, 1));
    const captcha = await solve(world, 2);
    const steps = [
      { handover: "x.y.z", codeVerifier: "v".repeat(43) },
      { challenge: "x", totp: "123456" },
    ];
    const codes = [];
    for (const step of steps) {
      const response = await world.post("/v1/sessions", { ...step, captcha });
      codes.push((await bodyOf<{ code: string }>(response)).code);
    }
    expect(codes).toEqual(["invalid_handover", "invalid_challenge"]);
    const body = { verificationId, code: world.sms.lastCode(), captcha };
    expect((await world.post("/v1/sessions", body)).status).toBe(201);
    expect((await start(world, 2, { captcha })).status).toBe(201);
  });

  it("adds no origin to the content security policy of the page", async () => {
    const world = await begin({ env: { CAPTCHA_WHEN: "always" } });
    const policy = (await world.request("/sign-in")).headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https:|frame-src|unsafe|blob:|data:/);
  });

  it("does not show in the log", async () => {
    const world = await begin();
    const captcha = await solve(world, 1);
    await start(world, 1, { captcha });
    await start(world, 2, { captcha: { kind: "altcha", payload: "CANARY" } });
    const log = JSON.stringify(world.logged);
    expect(log).not.toContain(captcha.payload);
    expect(log).not.toContain("CANARY");
  });
});

describe("CAPTCHA_WHEN and CAPTCHA", () => {
  it("CAPTCHA_WHEN=always demands a challenge from a stranger's first start, and none for a resend", async () => {
    const world = await begin({ env: { CAPTCHA_WHEN: "always", LIMIT_ADDRESS_SENDS: "2/1h" } });
    await refused(await start(world, 1), "captcha_required", "captcha");
    const started = await start(world, 1, { captcha: await solve(world, 1) });
    const { id } = await bodyOf<VerificationBody>(started);
    world.clock.advance(MINUTE_MS);
    expect((await resend(world, id)).status).toBe(200);
  });

  it.each([{ CAPTCHA_WHEN: "never" }, { CAPTCHA: "off" }])("%j demands none; limits refuse", async (env) => {
    const world = await begin({ env });
    for (let n = 0; n < 10; n += 1) expect((await start(world, n)).status).toBe(201);
    await refused(await start(world, 10), "too_many_requests");
    await refused(await world.post("/v1/challenges", { phone: phoneNo(1) }), "not_found");
    const captcha = { kind: "altcha", payload: "x" };
    expect((await start(world, 11, { captcha }, "198.51.100.1")).status).toBe(201);
  });
});

describe.each(["turnstile", "hcaptcha"] as const)("%s", (kind) => {
  it("is asked at its endpoint and lets a solved request through; while it is down, strangers are refused", async () => {
    const keys = { siteKey: "site", secretKey: "secret" };
    const clock = createTestClock();
    const service = await startSiteverify({ kind, ...keys }, clock);
    onTestFinished(service.close);
    const name = kind.toUpperCase();
    const env = { CAPTCHA: kind, CAPTCHA_WHEN: "always", CAPTCHA_ENDPOINT: service.url };
    const world = await begin({
      clock,
      env: { ...env, [`${name}_SITE_KEY`]: keys.siteKey, [`${name}_SECRET_KEY`]: keys.secretKey },
    });
    expect(await offer(world, 1)).toEqual({ kind, siteKey: "site" });
    const solved = () => ({ captcha: { kind, token: service.solve() } });
    expect((await start(world, 1, solved())).status).toBe(201);
    expect(service.seen[0]).toMatchObject({ remoteip: "203.0.113.7", secret: "secret" });
    await refused(
      await start(world, 2, { captcha: { kind, token: "forged" } }),
      "captcha_required",
      "captcha",
    );
    await refused(
      await start(world, 2, { captcha: { kind: "altcha", payload: "x" } }),
      "captcha_required",
      "captcha",
    );

    service.troubles.push({ status: 500 });
    const down = await start(world, 2, solved());
    expect(down.headers.get("retry-after")).toBe("10");
    await refused(down, "captcha_unavailable");
    expect(world.sms.sent).toHaveLength(1);
    expect(world.logged).toContainEqual(
      expect.objectContaining({ message: "a challenge could not be judged" }),
    );
    expect(JSON.stringify(world.logged)).not.toMatch(/secret|forged/);
  });
});

describe("tencent", () => {
  const APP = { appId: 190_000_001, appSecret: "app-secret" };

  async function beginTencent(more: Record<string, string> = {}) {
    const clock = createTestClock(Date.now());
    const captcha = createCaptcha(APP, clock);
    const account = { secretId: "AKIDtest", secretKey: "secretTEST" };
    const cloud = await startCloud({ products: [captcha.product], accounts: [account] });
    onTestFinished(cloud.close);
    const world = await begin({
      clock,
      env: {
        CAPTCHA: "tencent",
        CAPTCHA_WHEN: "always",
        CAPTCHA_ENDPOINT: cloud.url,
        TENCENT_SECRET_ID: account.secretId,
        TENCENT_SECRET_KEY: account.secretKey,
        TENCENT_CAPTCHA_APP_ID: String(APP.appId),
        TENCENT_CAPTCHA_APP_SECRET: APP.appSecret,
        ...more,
      },
    });
    return { world, cloud, solve: captcha.solve };
  }

  it("is asked by the official client and lets a solved request through; while it is down, strangers are refused", async () => {
    const { world, cloud, solve } = await beginTencent();
    expect(await offer(world, 1)).toEqual({ kind: "tencent", siteKey: "190000001" });
    expect((await start(world, 1, { captcha: solve() })).status).toBe(201);
    expect(cloud.calls[0]?.parameters).toMatchObject({ UserIp: "203.0.113.7", CaptchaAppId: APP.appId });
    cloud.faults.push({ error: "InternalError" });
    await refused(await start(world, 2, { captcha: solve() }), "captcha_unavailable");
    expect(world.sms.sent).toHaveLength(1);
  });

  it("gets the whole IPv6 address, though limits use only its network", async () => {
    const { world, cloud, solve } = await beginTencent();
    await start(world, 1, { captcha: solve() }, "2001:db8:1:2:3:4:5:6");
    expect(cloud.calls[0]?.parameters.UserIp).toBe("2001:db8:1:2:3:4:5:6");
  });

  it("accepts as many disaster tickets as TENCENT_CAPTCHA_DISASTER_TICKETS says, and none without it", async () => {
    const ticket = (world: World) => `trerror_1001_${APP.appId}_${Math.floor(world.clock.now() / 1000)}`;
    const disaster = (world: World, n: number) => ({
      captcha: { kind: "tencent", ticket: ticket(world), randstr: `@${n}` },
    });
    const strict = await beginTencent();
    await refused(await start(strict.world, 1, disaster(strict.world, 1)), "captcha_required", "captcha");

    const { world } = await beginTencent({ TENCENT_CAPTCHA_DISASTER_TICKETS: "2/1h" });
    for (const n of [1, 2]) expect((await start(world, n, disaster(world, n))).status).toBe(201);
    await refused(await start(world, 3, disaster(world, 3), "198.51.100.1"), "too_many_requests");
  });
});

it.each<[string, unknown, string]>([
  ["no kind", {}, "captcha"],
  ["an unknown kind", { kind: "recaptcha", token: "x" }, "captcha"],
  ["a ticket without randstr", { kind: "tencent", ticket: "x" }, "captcha.randstr"],
  ["a number as token", { kind: "turnstile", token: 1 }, "captcha.token"],
  ["an empty payload", { kind: "altcha", payload: "" }, "captcha.payload"],
  ["too long a payload", { kind: "altcha", payload: "x".repeat(4_097) }, "captcha.payload"],
  ["too long a token", { kind: "hcaptcha", token: "x".repeat(8_193) }, "captcha.token"],
  ["a field of another kind", { kind: "altcha", payload: "x", token: "y" }, "captcha.token"],
])("a captcha with %s is 400 and names the field", async (_, captcha, field) => {
  const world = await begin();
  await refused(await start(world, 1, { captcha }), "invalid_request", field);
  expect(world.sms.sent).toHaveLength(0);
});
