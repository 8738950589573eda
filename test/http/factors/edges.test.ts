import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld, type World } from "../../support/world.ts";
import { sessionCalls } from "../session/support.ts";
import { bodyOf, MINUTE_MS, open, opened, PHONE, refused, start } from "../support.ts";
import { factorCalls, UNLIMITED } from "./support.ts";

// What holds at the first step of a sign-in, or when a factor is begun, holds at the second step too.

let world: World;
const anew = async (env: Record<string, string> = {}) => {
  world = await createWorld({ env: { ...UNLIMITED, CAPTCHA: "off", ...env } });
};
beforeEach(() => anew());
afterEach(() => world.close());
const { addApp, challenged, codeOf, confirmed, post, protectedBy, raise, secondStep, send } = factorCalls(
  () => world,
);

const { refreshed } = sessionCalls(() => world);

describe("the second step", () => {
  it("of a sign-in by a temporary password opens a session that must set a password first", async () => {
    const { app } = await protectedBy(PHONE);
    const { id } = await start(world, PHONE, { purpose: "temporary_password" });
    const answer = await open(world, id, world.sms.lastCode());
    const { challenge } = await bodyOf<{ challenge: string }>(answer);
    const session = await opened(await secondStep(challenge, { totp: codeOf(app.secret) }));
    expect(session).toMatchObject({ mustSetPassword: true });
    await refused(await post("/v1/me/factors/totp", session), "password_required");
  });

  it("of a sign-in by a test number opens a session that ends when the number expires", async () => {
    // The app was added before the number became a test number.
    const { app } = await protectedBy(PHONE);
    const { folder, clock } = world;
    clock.advance(Date.UTC(2027, 1, 1) - 4 * MINUTE_MS - clock.now());
    const env = { ...UNLIMITED, CAPTCHA: "off", TEST_NUMBERS: `${PHONE}=405938@2027-01-31` };
    const restarted = await createWorld({ folder, clock, env });
    const { id } = await start(restarted, PHONE);
    const { challenge } = await bodyOf<{ challenge: string }>(await open(restarted, id, "405938"));
    const second = await restarted.post("/v1/sessions", { challenge, totp: codeOf(app.secret) });
    expect((await opened(second)).expiresIn).toBe(240);
    await restarted.close();
  });

  it("is accepted only from the browser of the first step (T25)", async () => {
    const { app } = await protectedBy(PHONE);
    const [mine, other] = [createVisitor(world), createVisitor(world)];
    expect((await mine.enter()).location).toBe("/sign-in/second");
    const challenge = mine.jar.get("phonekey_second") ?? "";
    await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "invalid_challenge");
    await other.go("/sign-in");
    other.jar.set("phonekey_second", challenge);
    expect((await other.go("/sign-in/second", { code: codeOf(app.secret) })).status).toBe(401);
    expect((await other.go("/account")).location).toBe("/sign-in");
    await mine.go("/sign-in/second");
    expect((await mine.go("/sign-in/second", { code: codeOf(app.secret) })).location).toBe("/account");
  });
});

describe("a client between the two steps", () => {
  it.each(["change_phone", "delete_account"])("gets no code to %s", async (purpose) => {
    await protectedBy(PHONE);
    const { challenge } = await challenged(PHONE);
    const sent = world.sms.sent.length;
    const phone = purpose === "change_phone" && { phone: "+8613800138001" };
    await refused(await world.post("/v1/verifications", { purpose, challenge, ...phone }), "invalid_token");
    expect(world.sms.sent).toHaveLength(sent);
  });
});

describe("an authenticator app that is being added", () => {
  const propose = async (person: Parameters<typeof post>[1]) =>
    await bodyOf<{ id: string; secret: string }>(await post("/v1/me/factors/totp", person));
  const confirm = (person: Parameters<typeof post>[1], { id, secret }: { id: string; secret: string }) =>
    post(`/v1/me/factors/totp/${id}/confirm`, person, { code: codeOf(secret) });

  it("needs a recent confirmation at its first code as well as at its beginning", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(9 * MINUTE_MS);
    const app = await propose(person);
    world.clock.advance(2 * MINUTE_MS);
    await refused(await confirm(person, app), "step_up_required");
    await confirmed(person);
    expect((await confirm(person, app)).status).toBe(204);
  });

  it.each([
    [30 * MINUTE_MS - 1, 204],
    [30 * MINUTE_MS, 404],
  ])("accepts its first code for half an hour (after %i ms: %i)", async (waitedMs, status) => {
    const person = await world.signIn(PHONE);
    const app = await propose(person);
    world.clock.advance(waitedMs);
    const later = await refreshed(person.refreshToken);
    await confirmed(later);
    expect((await confirm(later, app)).status).toBe(status);
  });

  it("refuses a label that is too long, invisible or has bidi characters", async () => {
    const person = await world.signIn(PHONE);
    for (const label of ["a\u202eb", "\u200b", "x".repeat(65)]) {
      await refused(await post("/v1/me/factors/totp", person, { label }), "invalid_request", "label");
    }
  });

  it("is refused if there are ten factors already", async () => {
    const person = await world.signIn(PHONE);
    for (let n = 0; n < 10; n += 1) await addApp(person);
    await refused(await post("/v1/me/factors/totp", person), "too_many_factors");
    await refused(await post("/v1/me/factors/passkeys/options", person), "too_many_factors");
  });
});

it("the erasure of an account with login protection needs two factors shown within the last quarter of an hour", async () => {
  const { person, app } = await protectedBy(PHONE);
  world.clock.advance(14 * MINUTE_MS + 1);
  const later = await refreshed(person.refreshToken);
  const asked = await post("/v1/verifications", later, { purpose: "delete_account" });
  const { id: verificationId } = await bodyOf<{ id: string }>(asked);
  const erase = () => send("DELETE", "/v1/me", later, { verificationId, code: world.sms.lastCode() });
  await refused(await erase(), "step_up_required");
  expect((await raise(later, { totp: codeOf(app.secret) })).status).toBe(200);
  expect((await erase()).status).toBe(204);
});

it("wrong guesses at any factor count against their address, and a known device still gets in (T8)", async () => {
  await world.close();
  await anew({ LIMIT_ADDRESS_CHECKS: "4/5m" });
  const { person, app } = await protectedBy(PHONE);
  const { codes } = await bodyOf<{ codes: string[] }>(await post("/v1/me/factors/recovery-codes", person));
  world.clock.advance(5 * MINUTE_MS);
  const { challenge } = await challenged(PHONE);
  for (let n = 0; n < 3; n += 1) {
    await refused(await secondStep(challenge, { recoveryCode: "0000-0000-0000-0000" }), "invalid_code");
  }
  await refused(await secondStep(challenge, { recoveryCode: codes[0] }), "too_many_requests");
  await refused(await secondStep(challenge, { totp: codeOf(app.secret) }), "too_many_requests");
  expect((await raise(person, { totp: codeOf(app.secret) })).status).toBe(200);
});
