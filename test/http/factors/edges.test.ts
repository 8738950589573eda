import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld, type World } from "../../support/world.ts";
import { sessionCalls } from "../session/support.ts";
import { bodyOf, MINUTE_MS, open, opened, PHONE, refused, start } from "../support.ts";
import { factorCalls, UNLIMITED } from "./support.ts";

// What is true of a factor or a sign-in at its first step is true of it at the second.

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

describe("the second step of a sign-in", () => {
  it("by a temporary password leaves it to its user to choose their own", async () => {
    const { app } = await protectedBy(PHONE);
    const { id } = await start(world, PHONE, { purpose: "temporary_password" });
    const answer = await open(world, id, world.sms.lastCode());
    const { challenge } = await bodyOf<{ challenge: string }>(answer);
    const session = await opened(await secondStep(challenge, { totp: codeOf(app.secret) }));
    expect(session).toMatchObject({ mustSetPassword: true });
    await refused(await post("/v1/me/factors/totp", session), "password_required");
  });

  it("of a test number opens a session that ends with its time", async () => {
    // What it was protected by before it became one.
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

  it("is taken from the browser of the first step alone (T25)", async () => {
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

describe("who is between the two steps", () => {
  it.each(["change_phone", "delete_account"])("is sent no code to %s", async (purpose) => {
    await protectedBy(PHONE);
    const { challenge } = await challenged(PHONE);
    const sent = world.sms.sent.length;
    const phone = purpose === "change_phone" && { phone: "+8613800138001" };
    await refused(await world.post("/v1/verifications", { purpose, challenge, ...phone }), "invalid_token");
    expect(world.sms.sent).toHaveLength(sent);
  });
});

describe("an app that is being added", () => {
  const propose = async (person: Parameters<typeof post>[1]) =>
    await bodyOf<{ id: string; secret: string }>(await post("/v1/me/factors/totp", person));
  const confirm = (person: Parameters<typeof post>[1], { id, secret }: { id: string; secret: string }) =>
    post(`/v1/me/factors/totp/${id}/confirm`, person, { code: codeOf(secret) });

  it("takes as recent a confirmation at its first code as when it was begun", async () => {
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
  ])("waits half an hour for that code, and no longer (after %i ms: %i)", async (waitedMs, status) => {
    const person = await world.signIn(PHONE);
    const app = await propose(person);
    world.clock.advance(waitedMs);
    const later = await refreshed(person.refreshToken);
    await confirmed(later);
    expect((await confirm(later, app)).status).toBe(status);
  });

  it("has a name that nobody reads as something else", async () => {
    const person = await world.signIn(PHONE);
    for (const label of ["a\u202eb", "\u200b", "x".repeat(65)]) {
      await refused(await post("/v1/me/factors/totp", person, { label }), "invalid_request", "label");
    }
  });

  it("is one of ten at most", async () => {
    const person = await world.signIn(PHONE);
    for (let n = 0; n < 10; n += 1) await addApp(person);
    await refused(await post("/v1/me/factors/totp", person), "too_many_factors");
    await refused(await post("/v1/me/factors/passkeys/options", person), "too_many_factors");
  });
});

it("an account with login protection is erased by whoever showed that within a quarter of an hour", async () => {
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

it("guesses at any factor count against the address that they come from, and keep no known device out (T8)", async () => {
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
