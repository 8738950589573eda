import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sessionCalls } from "../http/session/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, opened, PHONE, refused } from "../http/support.ts";
import { bearer, type World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
let hashes: string[];
const { put, remove, signIn, signUp } = passwordCalls(() => world);
const { expectAlive, expectEnded, refreshed, signInAgain, me } = sessionCalls(() => world);

beforeEach(async () => {
  ({ world, hashes } = await createPasswordWorld());
});
afterEach(() => world.close());

const lastText = () => world.sms.sent.at(-1)?.text ?? "";

describe("setting a password", () => {
  it("takes a recent sign-in, shows in the user, and is told by SMS", async () => {
    const { accessToken } = await world.signIn();
    expect(await bodyOf(await me(accessToken))).toMatchObject({ hasPassword: false });
    expect((await put(accessToken, { newPassword: PASSWORD })).status).toBe(204);
    expect(await bodyOf(await me(accessToken))).toMatchObject({ hasPassword: true });
    expect(lastText()).toContain("your password was changed");
    expect(lastText()).not.toContain(PASSWORD);
    await opened(await signIn(PHONE, PASSWORD));
  });

  it("ends the other sessions and all device tokens, but not the current session", async () => {
    const first = await world.signIn();
    const second = await signInAgain();
    expect((await put(second.accessToken, { newPassword: PASSWORD })).status).toBe(204);
    await expectEnded(first);
    await expectAlive(second);
    for (let n = 0; n < 10; n += 1) await refused(await signIn(PHONE, OTHER), "invalid_credentials");
    // Neither device is known any more; the one that stays gets a new device token with its refresh.
    for (const { deviceToken } of [first, second]) {
      await refused(await signIn(PHONE, PASSWORD, { deviceToken }), "code_required");
    }
    const { deviceToken } = await refreshed(second.refreshToken);
    await opened(await signIn(PHONE, PASSWORD, { deviceToken }));
  });

  it("needs the current password when the sign-in is older than ten minutes", async () => {
    const { accessToken, refreshToken } = await signUp(PHONE);
    world.clock.advance(10 * MINUTE_MS + 1);
    const answer = await put(accessToken, { newPassword: OTHER });
    expect(answer.headers.get("www-authenticate")).toContain("insufficient_user_authentication");
    await refused(answer, "step_up_required");
    const { accessToken: fresh } = await refreshed(refreshToken);
    // A stranger who found the device unlocked does not know the current password, which is enough.
    await refused(await put(fresh, { newPassword: OTHER, currentPassword: OTHER }), "invalid_credentials");
    expect((await put(fresh, { newPassword: OTHER, currentPassword: PASSWORD })).status).toBe(204);
    await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
    await opened(await signIn(PHONE, OTHER));
  });

  it("counts a wrong current password in the ledger of known devices", async () => {
    const { accessToken } = await signUp(PHONE);
    const wrong = { newPassword: OTHER, currentPassword: OTHER };
    for (let n = 0; n < 10; n += 1) await refused(await put(accessToken, wrong), "invalid_credentials");
    await refused(await put(accessToken, { ...wrong, currentPassword: PASSWORD }), "code_required");
    await opened(await signIn(PHONE, PASSWORD));
  });

  it("compares the current password at most twenty times an hour, even if it is right", async () => {
    const { accessToken } = await signUp(PHONE);
    const right = { newPassword: OTHER, currentPassword: PASSWORD };
    const same = { newPassword: PASSWORD, currentPassword: PASSWORD };
    for (let n = 0; n < 40; n += 1) await put(accessToken, same);
    await refused(await put(accessToken, right), "too_many_requests");
    expect(hashes.filter((done) => done === "verify").length).toBeLessThanOrEqual(20);
    // And ten times of these a password was set.
    expect(hashes.filter((done) => done === "hash")).toHaveLength(10);
    world.clock.advance(61 * MINUTE_MS);
    const { accessToken: later } = await bodyOf<{ accessToken: string }>(await signIn(PHONE, PASSWORD));
    expect((await put(later, right)).status).toBe(204);
  });

  it.each([
    ["too short", { newPassword: "short" }, "password_too_short"],
    ["too long", { newPassword: "lantern ".repeat(40) }, "password_too_long"],
    ["too common", { newPassword: "qwertyuiop" }, "password_too_common"],
    ["the user's number", { newPassword: "13800138000" }, "password_too_common"],
    ["the name of the service", { newPassword: "Phonekey1" }, "password_too_common"],
    ["missing", {}, "invalid_request"],
    ["no text", { newPassword: ["a"] }, "invalid_request"],
    ["endless", { newPassword: "x".repeat(1_025) }, "invalid_request"],
  ] as const)("refuses a password that is %s, and changes nothing", async (_, body, code) => {
    const session = await world.signIn();
    await refused(await put(session.accessToken, body), code, "newPassword");
    expect(hashes).toEqual([]);
    expect(await bodyOf(await me(session.accessToken))).toMatchObject({ hasPassword: false });
  });

  it("accepts an access token only", async () => {
    const { deviceToken, refreshToken, accessToken } = await world.signIn();
    for (const token of ["", deviceToken, refreshToken]) {
      await refused(await put(token, { newPassword: PASSWORD }), "invalid_token");
    }
    const ended = await world.request("/v1/sessions/current", {
      method: "DELETE",
      headers: bearer(accessToken),
    });
    expect(ended.status).toBe(204);
    await refused(await put(accessToken, { newPassword: PASSWORD }), "invalid_token");
  });

  it("is refused for a test number, whose later holder would inherit the password", async () => {
    await world.close();
    const env = { TEST_NUMBERS: "+8613900139000=739251@2027-06-01" };
    ({ world, hashes } = await createPasswordWorld({ env }));
    const started = await world.post("/v1/verifications", { phone: "+8613900139000" });
    const { id } = await bodyOf<{ id: string }>(started);
    const test = await opened(await world.post("/v1/sessions", { verificationId: id, code: "739251" }));
    await refused(await put(test.accessToken, { newPassword: PASSWORD }), "invalid_request", "newPassword");
  });
});

describe("removing a password", () => {
  it("ends the other sessions, is told by SMS, and needs a recent sign-in", async () => {
    await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const other = await world.signIn();
    const session = await signInAgain();
    expect((await remove(session.accessToken)).status).toBe(204);
    expect(lastText()).toContain("was removed");
    await expectEnded(other);
    await expectAlive(session);
    await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
    world.clock.advance(11 * MINUTE_MS);
    const { accessToken } = await refreshed(session.refreshToken);
    await refused(await remove(accessToken), "step_up_required");
  });

  it("ends no session and sends no SMS if there is none", async () => {
    const other = await world.signIn();
    const session = await signInAgain();
    const sent = world.sms.sent.length;
    expect((await remove(session.accessToken)).status).toBe(204);
    expect(world.sms.sent).toHaveLength(sent);
    await expectAlive(other);
  });
});

it("setting and removing a password are in the audit trail", async () => {
  const { accessToken } = await signUp(PHONE);
  expect((await remove(accessToken)).status).toBe(204);
  const answer = await world.request("/v1/me/export", { headers: bearer(accessToken) });
  const { events } = await bodyOf<{ events: { type: string }[] }>(answer);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["password_set", "password_removed"]),
  );
});

it("nothing of a password is in the log or the database", async () => {
  await signUp(PHONE);
  await signIn(PHONE, OTHER);
  await signIn(PHONE, PASSWORD);
  expect(JSON.stringify(world.logged)).not.toMatch(/lantern|harbour/);
  const { readdirSync, readFileSync } = await import("node:fs");
  const { join } = await import("node:path");
  const files = readdirSync(join(world.folder, "data")).map((file) =>
    readFileSync(join(world.folder, "data", file)),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    for (const text of ["lantern", "harbour", "$scrypt$"]) expect(file.includes(text)).toBe(false);
  }
});
