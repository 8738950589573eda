import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { factorCalls } from "../http/factors/support.ts";
import { sessionCalls } from "../http/session/support.ts";
import {
  bodyOf,
  DAY_MS,
  MINUTE_MS,
  opened,
  PHONE,
  phoneNo,
  refused,
  start,
  wrongCode,
} from "../http/support.ts";
import type { World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
let hashes: string[];
const { reset, signIn, signUp } = passwordCalls(() => world);
const { expectEnded, refreshed } = sessionCalls(() => world);

beforeEach(async () => {
  ({ world, hashes } = await createPasswordWorld());
});
afterEach(() => world.close());

const { protectedBy } = factorCalls(() => world);

interface Kept {
  readonly loginProtection: string;
  readonly factors: readonly object[];
}

const purpose = "reset_password";

/** Asks for a code to reset with, two minutes after what was asked before. */
async function asked(phone = PHONE, more: object = {}) {
  world.clock.advance(2 * MINUTE_MS);
  const { id } = await start(world, phone, { purpose, ...more });
  return { id, code: world.sms.lastCode(phone) };
}

describe("a reset", () => {
  it("sets the password, ends all sessions and device tokens, and is told by SMS", async () => {
    const session = await signUp(PHONE);
    const { id, code } = await asked();
    expect(world.sms.sent.at(-1)?.text).toContain("to set a new password");
    const answer = await reset(id, code, OTHER);
    expect(answer.status).toBe(200);
    expect(await bodyOf(answer)).toEqual({
      passwordSetAt: new Date(world.clock.now()).toISOString(),
      ...{ loginProtection: "off", factors: [], recoveryCodesLeft: 0 },
    });
    expect(world.sms.sent.at(-1)?.text).toContain("was reset by a code");
    await expectEnded(session);
    await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
    await opened(await signIn(PHONE, OTHER));
    for (let n = 0; n < 9; n += 1) await signIn(PHONE, PASSWORD);
    const { deviceToken } = session;
    await refused(await signIn(PHONE, OTHER, { deviceToken }), "code_required");
  });

  it.each([
    ["factor", 200],
    ["fresh", 404],
  ])("under RECYCLED_NUMBERS=%s, of an unused account with login protection: %i", async (value, status) => {
    await world.close();
    ({ world, hashes } = await createPasswordWorld({ env: { RECYCLED_NUMBERS: value } }));
    await protectedBy(PHONE);
    world.clock.advance(100 * DAY_MS);
    const { id, code } = await asked();
    expect((await reset(id, code, OTHER)).status).toBe(status);
  });

  it("marks its message as converted, as every right code does", async () => {
    await signUp(PHONE);
    const { id, code } = await asked();
    expect((await reset(id, code, OTHER)).status).toBe(200);
    const { db, close } = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
    const of = db.selectFrom("messages").select("converted").where("purpose", "=", purpose);
    expect(await of.execute()).toEqual([{ converted: 1 }]);
    await close();
  });

  it("returns the factors of the account", async () => {
    const { app } = await protectedBy(PHONE);
    const { id, code } = await asked();
    const { factors, loginProtection } = await bodyOf<Kept>(await reset(id, code, OTHER));
    expect(loginProtection).toBe("always");
    expect(factors).toMatchObject([{ id: app.id, kind: "totp" }]);
    expect(JSON.stringify(factors)).not.toContain(app.secret);
  });

  it("gives a password to an account without one", async () => {
    await world.signIn();
    const { id, code } = await asked();
    expect((await reset(id, code, OTHER)).status).toBe(200);
    await opened(await signIn(PHONE, OTHER));
  });

  it("refuses a bad password before the code is looked at, which stays valid", async () => {
    await signUp(PHONE);
    const { id, code } = await asked();
    hashes.length = 0;
    for (let n = 0; n < 5; n += 1) {
      await refused(await reset(id, code, "short"), "password_too_short", "newPassword");
      await refused(await reset(id, code, "13800138000"), "password_too_common", "newPassword");
      await refused(await reset(id, wrongCode(code), "qwertyuiop"), "password_too_common", "newPassword");
    }
    expect(hashes).toEqual([]);
    expect((await reset(id, code, OTHER)).status).toBe(200);
  });

  it("accepts a code once, after at most three wrong guesses", async () => {
    await signUp(PHONE);
    const { id, code } = await asked();
    for (let n = 0; n < 3; n += 1) await refused(await reset(id, wrongCode(code), OTHER), "invalid_code");
    await refused(await reset(id, code, OTHER), "invalid_code");
    await opened(await signIn(PHONE, PASSWORD));
    const next = await asked();
    expect((await reset(next.id, next.code, OTHER)).status).toBe(200);
    await refused(await reset(next.id, next.code, PASSWORD), "invalid_code");
  });

  it("succeeds once if it is sent twelve times at once", async () => {
    await signUp(PHONE);
    const { id, code } = await asked();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => reset(id, code, `${OTHER} ${n}`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("hashes nothing for an unknown or expired verification", async () => {
    await signUp(PHONE);
    hashes.length = 0;
    await refused(await reset("kTzR3JwWmJ0pQxv1hE2c4A", "123456", OTHER), "invalid_code");
    await refused(
      await reset("kTzR3JwWmJ0pQxv1hE2c4A", "123456", "short"),
      "password_too_short",
      "newPassword",
    );
    const { id, code } = await asked();
    world.clock.advance(5 * MINUTE_MS);
    await refused(await reset(id, code, OTHER), "invalid_code");
    expect(hashes).toEqual([]);
  });
});

describe("a code is only valid for its own purpose (T5)", () => {
  it("the code of a sign-in resets nothing, and each try counts as a guess", async () => {
    await signUp(PHONE);
    world.clock.advance(2 * MINUTE_MS);
    const { id } = await start(world, PHONE);
    const code = world.sms.lastCode(PHONE);
    for (let n = 0; n < 3; n += 1) await refused(await reset(id, code, OTHER), "invalid_code");
    await refused(await world.post("/v1/sessions", { verificationId: id, code }), "invalid_code");
    await opened(await signIn(PHONE, PASSWORD));
  });

  it("the code of a reset opens no session", async () => {
    await signUp(PHONE);
    const { id, code } = await asked();
    await refused(await world.post("/v1/sessions", { verificationId: id, code }), "invalid_code");
    expect((await reset(id, code, OTHER)).status).toBe(200);
  });
});

describe("whether a number has an account (promise 6)", () => {
  it("shows only after the right code, and every number gets the SMS", async () => {
    await signUp(PHONE);
    const nobody = phoneNo(77_778_000);
    const [known, unknown] = [await asked(PHONE), await asked(nobody)];
    expect(world.sms.sent.slice(-2).map(({ to }) => to)).toEqual([PHONE, nobody]);
    for (const { id, code } of [known, unknown]) {
      hashes.length = 0;
      await refused(await reset(id, wrongCode(code), OTHER), "invalid_code");
      expect(hashes).toEqual(["hash"]);
    }
    await refused(await reset(unknown.id, unknown.code, OTHER), "user_not_found");
    expect((await reset(known.id, known.code, OTHER)).status).toBe(200);
    // It created no user.
    await refused(await signIn(nobody, OTHER), "invalid_credentials");
    expect((await world.signIn(nobody)).created).toBe(true);
  });
});

describe("a number that nobody used for 90 days (T51)", () => {
  it("resets nothing of the old account", async () => {
    await signUp(PHONE);
    world.clock.advance(92 * DAY_MS);
    const { id, code } = await asked();
    await refused(await reset(id, code, OTHER), "user_not_found");
    await refused(await signIn(PHONE, OTHER), "invalid_credentials");
    expect((await world.signIn(PHONE)).created).toBe(true);
    await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
  });

  it("resets the password of the old account on a known device, which may sign in there too", async () => {
    const { refreshToken } = await signUp(PHONE);
    const { deviceToken } = await refreshed(refreshToken);
    world.clock.advance(100 * DAY_MS);
    const { id, code } = await asked(PHONE, { deviceToken });
    expect((await reset(id, code, OTHER)).status).toBe(200);
    await opened(await signIn(PHONE, OTHER));
  });

  it("still resets the account if NUMBER_UNUSED_DAYS is 0", async () => {
    await world.close();
    ({ world, hashes } = await createPasswordWorld({ env: { NUMBER_UNUSED_DAYS: "0" } }));
    await signUp(PHONE);
    world.clock.advance(300 * DAY_MS);
    const { id, code } = await asked();
    expect((await reset(id, code, OTHER)).status).toBe(200);
  });
});
