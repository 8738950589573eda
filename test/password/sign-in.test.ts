import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPasswordHasher } from "../../src/adapters/scrypt/hasher.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { bodyOf, DAY_MS, opened, phoneNo, refused, SECOND_MS, start, wrongCode } from "../http/support.ts";
import { createTestVerifier, solved } from "../support/challenges.ts";
import { createWorld, type World } from "../support/world.ts";
import { createPasswordWorld, OTHER, PASSWORD, passwordCalls } from "./support.ts";

/** Numbers with a password, with an account without one, and without an account; masked they look the same. */
const OWNER = phoneNo(12_348_000);
const PLAIN = phoneNo(56_788_000);
const NOBODY = phoneNo(91_118_000);

let world: World;
let hashes: string[];
const { signIn, signUp, put } = passwordCalls(() => world);

beforeEach(async () => {
  ({ world, hashes } = await createPasswordWorld());
});
afterEach(() => world.close());

async function everybody() {
  const owner = await signUp(OWNER);
  const plain = await world.signIn(PLAIN);
  world.clock.advance(2 * DAY_MS);
  hashes.length = 0;
  return { owner, plain };
}

async function shape(response: Response) {
  const { requestId, ...body } = await bodyOf<Record<string, unknown>>(response);
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  return { status: response.status, headers, body, requestId: typeof requestId };
}

describe("signing in by password", () => {
  it("opens a session whose access token says so", async () => {
    await everybody();
    const session = await opened(await signIn("138 1234 8000", PASSWORD));
    expect(session.created).toBe(false);
    expect(session.user).toMatchObject({ phone: OWNER, hasPassword: true });
    const claims = JSON.parse(Buffer.from(session.accessToken.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ amr: ["pwd"], acr: "1" });
  });

  it("accepts the password in every normalization of the same characters", async () => {
    await signUp(OWNER, "crème brûlée à midi");
    await opened(await signIn(OWNER, "crème brûlée à midi".normalize("NFD")));
    await refused(await signIn(OWNER, "creme brulee a midi"), "invalid_credentials");
  });

  it.each([
    ["no password", { phone: OWNER }],
    ["an empty password", { phone: OWNER, password: "" }],
    ["a number as password", { phone: OWNER, password: 12_345_678 }],
    ["a password that is too long", { phone: OWNER, password: "x".repeat(1_025) }],
    ["a code beside the password", { phone: OWNER, password: PASSWORD, code: "123456" }],
  ])("refuses a body with %s", async (_, body) => {
    const problem = await bodyOf<{ code: string }>(await world.post("/v1/sessions", body));
    expect(problem.code).toBe("invalid_request");
    expect(hashes).toEqual([]);
  });

  it("refuses an invalid number and one that is no mobile number", async () => {
    await refused(await signIn("12345", PASSWORD), "invalid_phone", "phone");
    await refused(await signIn("+861062571234", PASSWORD), "phone_not_mobile", "phone");
    expect(hashes).toEqual([]);
  });
});

describe("whether a number has an account, or a password (T31, promise 6)", () => {
  it("shows in no answer, and costs the same work", async () => {
    await everybody();
    const answers = [];
    for (const phone of [OWNER, PLAIN, NOBODY]) {
      hashes.length = 0;
      answers.push(await shape(await signIn(phone, OTHER)));
      expect(hashes).toEqual(["verify"]);
    }
    expect(answers[0]?.status).toBe(401);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it("shows in no answer while the ledger is spent", async () => {
    await everybody();
    for (let n = 0; n < 12; n += 1) {
      const answers = [];
      for (const phone of [OWNER, PLAIN, NOBODY]) answers.push(await shape(await signIn(phone, OTHER)));
      expect(answers[0]?.body).toMatchObject({ code: n < 10 ? "invalid_credentials" : "code_required" });
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[2]).toEqual(answers[0]);
    }
    expect(hashes).toHaveLength(30);
  });
});

describe("the ledger of wrong passwords", () => {
  const spend = async (phone: string, more: object = {}) => {
    for (let n = 0; n < 10; n += 1)
      await refused(await signIn(phone, `${OTHER} ${n}`, more), "invalid_credentials");
    await refused(await signIn(phone, PASSWORD, more), "code_required");
  };

  it("is spent by ten in a day, and then the right password is not compared", async () => {
    await everybody();
    await spend(OWNER);
    expect(hashes).toHaveLength(10);
    world.clock.advance(DAY_MS - SECOND_MS);
    await refused(await signIn(OWNER, PASSWORD), "code_required");
    world.clock.advance(SECOND_MS);
    await opened(await signIn(OWNER, PASSWORD));
  });

  it("does not stop a sign-in by code when it is spent", async () => {
    await everybody();
    await spend(OWNER);
    await world.signIn(OWNER);
  });

  it("of strangers does not count for a known device, which has its own", async () => {
    const { owner } = await everybody();
    const { deviceToken } = await opened(await signIn(OWNER, PASSWORD));
    await spend(OWNER);
    await opened(await signIn(OWNER, PASSWORD, { deviceToken }));
    // The device of before the change of the password is a stranger.
    await refused(await signIn(OWNER, PASSWORD, { deviceToken: owner.deviceToken }), "code_required");
    await spend(OWNER, { deviceToken });
  });

  it("is not refilled by the right password", async () => {
    await everybody();
    for (let n = 0; n < 9; n += 1) await refused(await signIn(OWNER, OTHER), "invalid_credentials");
    for (let n = 0; n < 5; n += 1) await opened(await signIn(OWNER, PASSWORD));
    await refused(await signIn(OWNER, OTHER), "invalid_credentials");
    await refused(await signIn(OWNER, PASSWORD), "code_required");
  });

  it("is spent by 50 in 30 days, however they are spread", async () => {
    await everybody();
    for (let n = 0; n < 50; n += 1) {
      if (n % 5 === 0) world.clock.advance(3 * DAY_MS);
      await refused(await signIn(OWNER, OTHER), "invalid_credentials");
    }
    world.clock.advance(3 * DAY_MS - SECOND_MS);
    await refused(await signIn(OWNER, PASSWORD), "code_required");
    world.clock.advance(SECOND_MS);
    await opened(await signIn(OWNER, PASSWORD));
  });

  it("and the ledger of wrong codes do not spend each other", async () => {
    await everybody();
    const { id } = await start(world, OWNER);
    for (let n = 0; n < 3; n += 1) {
      const code = wrongCode(world.sms.lastCode());
      await refused(await world.post("/v1/sessions", { verificationId: id, code }), "invalid_code");
    }
    await spend(OWNER);
    world.clock.advance(10 * 60 * SECOND_MS);
    const again = await start(world, OWNER);
    expect(again.codeLength).toBe(6);
    await opened(await world.post("/v1/sessions", { verificationId: again.id, code: world.sms.lastCode() }));
  });

  it("is kept over a restart", async () => {
    await everybody();
    await spend(OWNER);
    const other = await createWorld({ folder: world.folder, clock: world.clock });
    const answer = await other.post("/v1/sessions", { phone: OWNER, password: PASSWORD });
    await refused(answer, "code_required");
    await other.close();
  });
});

describe("limits on passwords", () => {
  it("count by address, together with codes, before a password is compared", async () => {
    await world.close();
    ({ world, hashes } = await createPasswordWorld({ env: { LIMIT_ADDRESS_CHECKS: "2/1h" } }));
    await refused(await signIn(phoneNo(1), PASSWORD), "invalid_credentials");
    await refused(await signIn(phoneNo(2), PASSWORD), "invalid_credentials");
    expect((await signIn(phoneNo(3), PASSWORD)).status).toBe(429);
    expect(hashes).toHaveLength(2);
    await refused(await signIn(phoneNo(3), PASSWORD, {}, "198.51.100.9"), "invalid_credentials");
  });

  it("by address do not stop a known device, even if strangers at its address use them up (T8)", async () => {
    await world.close();
    ({ world, hashes } = await createPasswordWorld({ env: { LIMIT_ADDRESS_CHECKS: "4/1h" } }));
    await signUp(OWNER);
    const { deviceToken } = await opened(await signIn(OWNER, PASSWORD));
    for (const n of [1, 2]) await refused(await signIn(phoneNo(n), OTHER), "invalid_credentials");
    await refused(await signIn(OWNER, PASSWORD), "too_many_requests");
    await opened(await signIn(OWNER, PASSWORD, { deviceToken }));
    await refused(await signIn(phoneNo(3), PASSWORD, { deviceToken }), "too_many_requests");
  });

  it("count for known devices separately, since a right password is in no ledger and costs a hash each time", async () => {
    await world.close();
    ({ world, hashes } = await createPasswordWorld({ env: { LIMIT_ADDRESS_CHECKS: "2/1h" } }));
    await signUp(OWNER);
    const { deviceToken } = await opened(await signIn(OWNER, PASSWORD));
    hashes.length = 0;
    const again = () => signIn(OWNER, PASSWORD, { deviceToken });
    for (let n = 0; n < 2; n += 1) await opened(await again());
    await refused(await again(), "too_many_requests");
    expect(hashes).toHaveLength(2);
  });

  it("ask a stranger for a challenge after three wrong passwords for a number, known or not", async () => {
    await world.close();
    ({ world, hashes } = await createPasswordWorld({
      parts: { challenges: { verifier: createTestVerifier().verifier, when: "risk" } },
    }));
    await everybody();
    for (const phone of [OWNER, NOBODY]) {
      for (let n = 0; n < 3; n += 1) await refused(await signIn(phone, OTHER), "invalid_credentials");
      const problem = await bodyOf<{ code: string; kinds: string[] }>(await signIn(phone, OTHER));
      expect(problem).toMatchObject({ code: "captcha_required", kinds: ["turnstile"] });
    }
    expect(hashes).toHaveLength(6);
    const captcha = solved("1");
    await opened(await signIn(OWNER, PASSWORD, { captcha }));
    // A solution is good once.
    expect((await signIn(OWNER, PASSWORD, { captcha })).status).toBe(403);
  });

  it("answer 503 with Retry-After if too many hashes wait, which is not counted", async () => {
    await world.close();
    const passwordHasher = createPasswordHasher({
      random: systemRandom,
      cost: { ln: 14, r: 8, p: 1 },
      atOnce: 1,
      waiting: 1,
    });
    ({ world } = await createPasswordWorld({ parts: { passwordHasher } }));
    await signUp(OWNER);
    const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(OWNER, OTHER)));
    const full = answers.filter(({ status }) => status === 503);
    expect(full.length).toBeGreaterThan(0);
    for (const answer of full) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    const compared = answers.filter(({ status }) => status === 401).length;
    expect(compared).toBeLessThan(10);
    for (let n = compared; n < 10; n += 1) await refused(await signIn(OWNER, OTHER), "invalid_credentials");
    await refused(await signIn(OWNER, OTHER), "code_required");
  });
});

it("a session that the old password opened during its change is ended", async () => {
  const owner = await world.signIn(OWNER);
  await put(owner.accessToken, { newPassword: PASSWORD });
  const races = await Promise.all([
    put(owner.accessToken, { newPassword: OTHER, currentPassword: PASSWORD }),
    ...Array.from({ length: 6 }, () => signIn(OWNER, PASSWORD)),
  ]);
  expect(races[0]?.status).toBe(204);
  for (const answer of races.slice(1)) {
    if (answer.status !== 201) continue;
    const { accessToken } = await bodyOf<{ accessToken: string }>(answer);
    const me = await world.request("/v1/me", { headers: { authorization: `Bearer ${accessToken}` } });
    expect(me.status).toBe(401);
  }
});
