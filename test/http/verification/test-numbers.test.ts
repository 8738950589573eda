import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../../src/compose/database.ts";
import { loadConfig } from "../../../src/config.ts";
import { apiKey, backendOf, check } from "../../backend/support.ts";
import { countedLimits } from "../../support/limit-journal.ts";
import { createVisitor } from "../../support/visitor.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { createFunctionsClient } from "../functions/client.ts";
import { bodyOf, DAY_MS, MINUTE_MS, phoneNo, refused, start, type VerificationBody } from "../support.ts";

/** The clock of these tests begins on 15 January 2027. */
const PHONE = "+8613800138000";
const CODE = "405938";
const ENV = {
  TEST_NUMBERS: `${PHONE}=${CODE}@2027-01-31`,
  SMS_PRICES: "CNY, *=1",
  SPEND_DAY: "1 CNY",
  LIMIT_ADDRESS_SENDS: "unlimited",
  // With a spent ledger, a code of six digits demands a challenge.
  CAPTCHA: "off",
};

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: ENV });
});
afterEach(() => world.close());

const open = (verificationId: string, code = CODE, more: object = {}) =>
  world.post("/v1/sessions", { verificationId, code, ...more });

async function signedIn(phone = PHONE): Promise<OpenedSession> {
  const { id } = await start(world, phone);
  const response = await open(id);
  expect(response.status).toBe(201);
  return await bodyOf<OpenedSession>(response);
}

async function messages() {
  const database = await openDatabase(world.config);
  const rows = await database.db.selectFrom("messages").selectAll().orderBy("created_at").execute();
  await database.close();
  return rows;
}

const isTest = ({ accessToken }: { readonly accessToken: string }) => decodeJwt(accessToken).test;

describe("a test number", () => {
  test("signs in with its code without an SMS, and is recorded as a message of price 0", async () => {
    const session = await signedIn();
    expect(session).toMatchObject({ created: true, user: { phone: PHONE } });
    expect(world.sms.sent).toEqual([]);
    const [record, ...others] = await messages();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ sender: "test-number", status: "accepted", price: 0, country: null });
  });

  test("has access tokens with `test`, also refreshed ones; other numbers have none", async () => {
    const session = await signedIn();
    expect(isTest(session)).toBe(true);
    const response = await world.post("/v1/sessions/refresh", { refreshToken: session.refreshToken });
    expect(isTest(await bodyOf<OpenedSession>(response))).toBe(true);
    expect((await world.request("/v1/me", { headers: bearer(session.accessToken) })).status).toBe(200);
    expect(decodeJwt((await world.signIn(phoneNo(1))).accessToken)).not.toHaveProperty("test");
  });

  test("can be resent without an SMS, and its code stays valid", async () => {
    const { id } = await start(world, PHONE);
    world.clock.advance(MINUTE_MS);
    expect((await world.request(`/v1/verifications/${id}/resend`, { method: "POST" })).status).toBe(200);
    expect((await open(id)).status).toBe(201);
    expect(world.sms.sent).toEqual([]);
    expect(await messages()).toHaveLength(2);
  });

  test("works when the budget for messages is used up, and costs nothing", async () => {
    await world.signIn(phoneNo(1));
    await refused(await world.post("/v1/verifications", { phone: phoneNo(2) }), "too_many_requests");
    await signedIn();
  });

  test("works at the functions API, also in another spelling", async () => {
    const client = createFunctionsClient(() => world, "198.51.100.1");
    const sessionId = await client.started("13800138000");
    const { errorCode, data } = await client.login("+86 138-0013-8000", CODE, sessionId);
    expect(errorCode).toBe(0);
    expect(decodeJwt(String(data?.token))).not.toHaveProperty("test");
    expect(world.sms.sent).toEqual([]);
  });

  test("works at the pages", async () => {
    const { go } = createVisitor(world);
    await go("/sign-in");
    await go("/sign-in", { country: "CN", phone: "13800138000" });
    await go("/sign-in/code");
    expect((await go("/sign-in/code", { code: "948205" })).status).toBe(401);
    expect((await go("/sign-in/code", { code: CODE })).location).toBe("/account");
    expect((await go("/account")).status).toBe(200);
    expect(world.sms.sent).toEqual([]);
  });

  test("lets a known device start and sign in again at once", async () => {
    const { deviceToken } = await signedIn();
    const { id } = await start(world, PHONE, { deviceToken });
    expect((await open(id, CODE, { deviceToken })).status).toBe(201);
  });
});

describe("the expiry of a test number", () => {
  /** To one minute before 1 February. */
  const toLastMinute = () => world.clock.advance(Date.UTC(2027, 1, 1) - MINUTE_MS - world.clock.now());

  test("comes at the end of its last day, after which it is an ordinary number", async () => {
    toLastMinute();
    await signedIn();
    world.clock.advance(MINUTE_MS);
    const { id } = await start(world, PHONE);
    expect(world.sms.sent).toHaveLength(1);
    await refused(await open(id), "invalid_code");
    const response = await open(id, world.sms.lastCode());
    expect(isTest(await bodyOf<OpenedSession>(response))).toBeUndefined();
  });

  test("ends a verification that was started before", async () => {
    toLastMinute();
    const { id } = await start(world, PHONE);
    world.clock.advance(MINUTE_MS);
    await refused(await open(id), "invalid_code");
  });

  test("ends the sessions that it opened", async () => {
    toLastMinute();
    const { accessToken, refreshToken, deviceToken, expiresIn } = await signedIn();
    expect(decodeJwt(deviceToken).exp).toBe(Date.UTC(2027, 1, 1) / 1_000);
    expect(expiresIn).toBe(60);
    world.clock.advance(MINUTE_MS);
    await refused(await world.request("/v1/me", { headers: bearer(accessToken) }), "invalid_token");
    await refused(await world.post("/v1/sessions/refresh", { refreshToken }), "invalid_refresh_token");
  });
});

describe("the protection of a test number", () => {
  test("allows three guesses at a code and nine in 30 days, then one a day, though the sender carries eight digits", async () => {
    const wrongIn = async () => {
      const { id, codeLength } = await start(world, PHONE);
      expect(codeLength).toBe(6);
      for (let n = 0; n < 4; n++) await refused(await open(id, "948205"), "invalid_code");
      // The right code is no help once the tries are spent.
      await refused(await open(id), "invalid_code");
      world.clock.advance(DAY_MS);
    };
    for (let round = 0; round < 3; round++) await wrongIn();
    const last = await start(world, PHONE);
    await refused(await open(last.id, "948205"), "invalid_code");
    await refused(await open(last.id), "invalid_code");
    world.clock.advance(11 * MINUTE_MS);
    await refused(await world.post("/v1/verifications", { phone: PHONE }), "too_many_requests");
    world.clock.advance(DAY_MS);
    await signedIn();
  });

  test("refuses its code for another number and for an unknown verification", async () => {
    const { id } = await start(world, phoneNo(1));
    await refused(await open(id), "invalid_code");
    await refused(await open("A".repeat(22)), "invalid_code");
  });

  test("refuses second factors, which would keep out the next user of the number", async () => {
    const { accessToken } = await signedIn();
    const headers = bearer(accessToken);
    for (const path of ["totp", "passkeys/options"]) {
      const response = await world.request(`/v1/me/factors/${path}`, { method: "POST", headers });
      await refused(response, "invalid_request", "factor");
    }
    const factors = await world.request("/v1/me/factors", { headers });
    expect(await bodyOf(factors)).toMatchObject({ factors: [] });
  });

  test("refuses factors, passwords and a change of number on the pages", async () => {
    const visitor = createVisitor(world);
    await visitor.go("/sign-in");
    await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
    await visitor.go("/sign-in/code");
    await visitor.go("/sign-in/code", { code: CODE });
    await visitor.go("/account");
    for (const [path, form] of [
      ["/account/factors/app", {}],
      ["/account/factors/codes", {}],
      ["/account/password", { password: "lantern orchard vessel" }],
      ["/account/phone/send", { phone: phoneNo(5), country: "CN" }],
      ["/account/phone", { code: CODE }],
    ] as const) {
      const answer = await visitor.go(path, form);
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("not for test numbers")]);
    }
    expect(world.sms.sent).toEqual([]);
  });

  test("sends no code to a new number, since the account cannot move", async () => {
    const { accessToken } = await signedIn();
    const body = { phone: phoneNo(5), purpose: "change_phone" };
    const response = await world.post("/v1/verifications", body, bearer(accessToken));
    await refused(response, "invalid_request", "purpose");
    expect(world.sms.sent).toEqual([]);
  });

  test("does not let its code prove anything to a backend: the number gets an SMS, and only that code counts", async () => {
    const shop = backendOf(world, await apiKey(world));
    const started = await shop.start({ phone: PHONE, purpose: "verify_identity" });
    const { id } = await bodyOf<VerificationBody>(started);
    expect(world.sms.sent).toMatchObject([{ to: PHONE, purpose: "verify_identity" }]);
    expect(world.sms.lastCode()).not.toBe(CODE);
    await refused(await check(world, id, CODE), "invalid_code");
    expect((await check(world, id, world.sms.lastCode())).status).toBe(200);
  });

  test("keeps its code and number out of answers, the log, the record and the warnings about settings", async () => {
    const started = await world.post("/v1/verifications", { phone: PHONE });
    const seen = [await started.text(), JSON.stringify(world.logged), JSON.stringify(await messages())];
    const { warnings } = loadConfig({ ...ENV }, { folder: world.folder, now: world.clock.now() });
    for (const text of [...seen, warnings.join()]) {
      expect(text).not.toContain(CODE);
      expect(text).not.toContain("13800138000");
    }
  });

  test("logs the masked number and its expiry at every start of the server", () => {
    const [told] = world.logged.filter((entry) => "numbers" in entry);
    expect(told).toMatchObject({
      numbers: [{ phone: "+86 138••••8000", until: "2027-02-01T00:00:00.000Z" }],
    });
  });

  test("does not let its free approvals change the count of unapproved sends of its range, by which the guard judges", async () => {
    const unapproved = async () => {
      const database = await openDatabase(world.config);
      const rows = await database.db.selectFrom("limit_journal").select("entry").orderBy("id").execute();
      await database.close();
      const { events } = countedLimits(rows.map(({ entry }) => entry));
      return events.flatMap(({ key }) => (key.startsWith("open:") ? [key] : [])).sort();
    };
    await start(world, "+8613800138001");
    const before = await unapproved();
    expect(before.filter((key) => key.startsWith("open:prefix:"))).toHaveLength(1);
    await signedIn();
    expect(await unapproved()).toEqual(before);
  });

  test("applies the limits of the number: five sends in an hour, a wait after each", async () => {
    const again = () => world.post("/v1/verifications", { phone: PHONE });
    await start(world, PHONE);
    await refused(await again(), "too_many_requests");
    for (let n = 0; n < 4; n++) {
      world.clock.advance(10 * MINUTE_MS);
      await signedIn();
    }
    world.clock.advance(MINUTE_MS);
    await refused(await again(), "too_many_requests");
  });
});

test("a number that is removed from TEST_NUMBERS is an ordinary one after the next start of the server", async () => {
  const { folder, clock } = world;
  const { id } = await start(world, PHONE);
  const restarted = await createWorld({ folder, clock, env: { LIMIT_ADDRESS_SENDS: "unlimited" } });
  await refused(await restarted.post("/v1/sessions", { verificationId: id, code: CODE }), "invalid_code");
  clock.advance(MINUTE_MS);
  await start(restarted, PHONE);
  expect(restarted.sms.sent).toHaveLength(1);
  await restarted.close();
});
