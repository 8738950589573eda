import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/compose/database.ts";
import {
  bodyOf,
  MINUTE_MS,
  open,
  opened,
  PHONE,
  phoneNo,
  read,
  refused,
  resend,
  start,
  type VerificationBody,
  wrongCode,
} from "../http/support.ts";
import { bearer, createTestSender, createWorld, type World } from "../support/world.ts";
import { apiKey, backendOf, check } from "./support.ts";

const PASSWORD = { purpose: "temporary_password" };

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

/** The password that the last message shows. */
const shown = () => /\w{4}-\w{4}-\w{4}/.exec(world.sms.sent.at(-1)?.text ?? "")?.[0] ?? "";

describe("a temporary password", () => {
  it("signs in once, and its user has to set a password", async () => {
    const started = await start(world, PHONE, PASSWORD);
    expect(started).toMatchObject({ purpose: "temporary_password", codeLength: 12, codeAlphabet: "letters" });
    expect(world.sms.sent.at(-1)?.text).toContain(`${shown()} is your temporary Phonekey password.`);
    const session = await opened(await open(world, started.id, shown().toLowerCase()));
    expect(session).toMatchObject({ created: true, mustSetPassword: true });
    await refused(await open(world, started.id, shown()), "invalid_code");
    const refreshed = await world.post("/v1/sessions/refresh", { refreshToken: session.refreshToken });
    expect(await refreshed.json()).toMatchObject({ mustSetPassword: true });
    world.clock.advance(MINUTE_MS);
    expect(await world.signIn()).not.toHaveProperty("mustSetPassword");
  });

  it("opens a session that refuses other calls until a password is set", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    const { accessToken } = await opened(await open(world, id, shown()));
    const headers = bearer(accessToken);
    const put = (path: string, body: object) =>
      world.request(path, {
        method: "PUT",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    for (const path of ["/v1/sessions", "/v1/me/export", "/v1/me/factors"]) {
      await refused(await world.request(path, { headers }), "password_required");
    }
    await refused(await put("/v1/me/phone", { verificationId: id, code: "123456" }), "password_required");
    const sent = world.sms.sent.length;
    for (const body of [{ phone: phoneNo(1), purpose: "change_phone" }, { purpose: "delete_account" }]) {
      await refused(await world.post("/v1/verifications", body, headers), "password_required");
    }
    expect(world.sms.sent).toHaveLength(sent);
    // Setting the password may need a step-up.
    const second = await world.post("/v1/verifications", { purpose: "second_factor" }, headers);
    expect(second.status).toBe(201);
    expect((await world.request("/v1/me", { headers })).status).toBe(200);
    expect((await put("/v1/me/password", { newPassword: "lantern orchard vessel" })).status).toBe(204);
    expect((await world.request("/v1/sessions", { headers })).status).toBe(200);
  });

  it("has as many digits as templates carry if the sender has only templates", async () => {
    await world.close();
    world = await createWorld({ templatesOnly: true, maxCodeLength: 8 });
    const started = await start(world, PHONE, PASSWORD);
    expect(started.codeLength).toBe(8);
    expect(started).not.toHaveProperty("codeAlphabet");
    expect(world.sms.lastCode()).toMatch(/^\d{8}$/);
    await opened(await open(world, started.id, world.sms.lastCode()));
  });

  it("has only digits if one of several senders has only templates", async () => {
    await world.close();
    const [templates, texts] = [createTestSender("templates", 8, true), createTestSender("texts")];
    world = await createWorld({ parts: { route: [templates.sender, texts.sender] } });
    expect((await start(world, PHONE, PASSWORD)).codeLength).toBe(8);
    expect(templates.lastCode()).toMatch(/^\d{8}$/);
  });

  it("stays the same when it is resent, and ends after ten minutes", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    const password = world.sms.lastCode();
    for (const minutes of [2, 2, 4]) {
      world.clock.advance(minutes * MINUTE_MS);
      expect((await resend(world, id)).status).toBe(200);
      expect(world.sms.lastCode()).toBe(password);
    }
    world.clock.advance(2 * MINUTE_MS);
    await refused(await open(world, id, password), "invalid_code");
  });

  it("may be started by a backend whose key has only this purpose", async () => {
    const help = backendOf(world, await apiKey(world, { client: "help", purposes: ["temporary_password"] }));
    const response = await help.start({ phone: PHONE, ...PASSWORD, clientAddress: "203.0.113.9" });
    const { id } = await bodyOf<VerificationBody>(response);
    await refused(await help.start({ phone: PHONE }), "purpose_not_allowed", "purpose");
    expect(await bodyOf<object>(await help.read(id))).not.toHaveProperty("proof");
    expect(await opened(await open(world, id, shown()))).toMatchObject({ mustSetPassword: true });
    // The backend that had the password sent gets no session and no proof of it.
    expect(await bodyOf<object>(await help.read(id))).not.toHaveProperty("proof");
    const other = backendOf(world, await apiKey(world, { client: "other" }));
    await refused(await other.start({ phone: PHONE, ...PASSWORD }), "purpose_not_allowed", "purpose");
  });
});

describe("a temporary password under attack", () => {
  it("is accepted only for its own verification, and not as the account's password", async () => {
    await start(world, PHONE, PASSWORD);
    const password = world.sms.lastCode();
    const byPhone = await world.post("/v1/sessions", { phone: PHONE, password });
    expect([400, 401]).toContain(byPhone.status);
    const other = await start(world, phoneNo(1), PASSWORD);
    await refused(await open(world, other.id, password), "invalid_code");
    const code = await start(world, phoneNo(2));
    await refused(await open(world, code.id, password), "invalid_code");
  });

  it("gives no proof, and the code of another purpose opens no session in its place", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    const key = await apiKey(world);
    await refused(await check(world, id, world.sms.lastCode()), "invalid_request", "code");
    await refused(await check(world, id, "123456"), "invalid_code");
    const identity = await backendOf(world, key).start({ phone: phoneNo(1), purpose: "verify_identity" });
    const { id: other } = await bodyOf<VerificationBody>(identity);
    await refused(await open(world, other, world.sms.lastCode()), "invalid_code");
  });

  it("is named by the refusal of a malformed code only where it is accepted", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    const typed = world.sms.lastCode().slice(1);
    const asSignIn = await refused(await open(world, id, typed), "invalid_request", "code");
    expect(asSignIn.detail).toBe("`code` must be 4 to 10 digits, or a temporary password.");
    const asProof = await refused(await check(world, id, typed), "invalid_request", "code");
    expect(asProof.detail).toBe("`code` must be 4 to 10 digits.");
  });

  it("can be guessed three times, with guesses of any form", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    const password = world.sms.lastCode();
    for (const guess of ["123456", "CCCC-CCCC-CCCC", "12345678"])
      await refused(await open(world, id, guess), "invalid_code");
    await refused(await open(world, id, password), "invalid_code");
    expect((await read(world, id)).status).toBe("exhausted");
  });

  it("counts no guess for malformed input", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    for (const typed of ["password", "hello worlds", "", "AAAA-AAAA-AAAA"])
      expect((await open(world, id, typed)).status).toBe(400);
    await opened(await open(world, id, world.sms.lastCode()));
  });

  it("has its wrong guesses counted in the same ledger as those of codes", async () => {
    const wrong = async (purpose: object, guess: (code: string) => string, phone = PHONE) => {
      const { id } = await start(world, phone, purpose);
      const code = world.sms.lastCode();
      for (let time = 0; time < 3; time += 1)
        await refused(await open(world, id, guess(code)), "invalid_code");
      world.clock.advance(2 * 60 * MINUTE_MS);
    };
    await wrong(PASSWORD, () => "CCCC-CCCC-CCCC");
    await wrong({}, wrongCode);
    // A third of the ledger is left, and no more: eight digits follow.
    await wrong(PASSWORD, () => "CCCC-CCCC-CCCC");
    expect((await start(world)).codeLength).toBe(8);
    expect(await ledger()).toEqual(Array(9).fill(6));
  });

  it("has its wrong guesses counted as those of longer codes once the ledger is spent", async () => {
    await world.close();
    world = await createWorld({ env: { GUARD_MODE: "off", CAPTCHA: "off" } });
    for (let round = 0; round < 6; round += 1) {
      const { id } = await start(world, PHONE, PASSWORD);
      for (let time = 0; time < 3; time += 1) await open(world, id, "CCCC-CCCC-CCCC");
      world.clock.advance(65 * MINUTE_MS);
    }
    expect(await ledger()).toEqual([...Array(9).fill(6), ...Array(9).fill(8)]);
    await refused(await world.post("/v1/verifications", { phone: PHONE, ...PASSWORD }), "too_many_requests");
  });

  it("succeeds in one of twelve parallel tries", async () => {
    const { id } = await start(world, PHONE, PASSWORD);
    const password = world.sms.lastCode();
    const answers = await Promise.all(Array.from({ length: 12 }, () => open(world, id, password)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it("is started with the same answer whether or not there is a user, and is not in the log", async () => {
    await world.signIn(phoneNo(1));
    world.clock.advance(MINUTE_MS);
    const known = await start(world, phoneNo(1), PASSWORD);
    const unknown = await start(world, phoneNo(2), PASSWORD);
    expect(Object.keys(known)).toEqual(Object.keys(unknown));
    expect(JSON.stringify(world.logged)).not.toContain(world.sms.lastCode());
  });

  it("of a test number is sent by SMS, and the number's fixed code is refused", async () => {
    await world.close();
    world = await createWorld({ env: { TEST_NUMBERS: `${PHONE}=405938@2027-01-31` } });
    const { id } = await start(world, PHONE, PASSWORD);
    expect(world.sms.sent).toHaveLength(1);
    await refused(await open(world, id, "405938"), "invalid_code");
  });
});

/** The code lengths of the wrong guesses in the ledger, oldest first. */
async function ledger(): Promise<readonly number[]> {
  const database = await openDatabase(world.config);
  const rows = await database.db.selectFrom("failures").select("code_length").orderBy("at").execute();
  await database.close();
  return rows.map(({ code_length }) => code_length);
}
