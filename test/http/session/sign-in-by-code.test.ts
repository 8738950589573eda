import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { createWorld, type World } from "../../support/world.ts";
import { MINUTE_MS, open, opened, PHONE, phoneNo, refused, SECOND_MS, start, wrongCode } from "../support.ts";
import { publicPart, sessionCalls } from "./support.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

/** Replaces the world by one with these settings. */
async function beginWith(env: Record<string, string>): Promise<void> {
  await world.close();
  world = await createWorld({ env });
}

const { list, signInAgain } = sessionCalls(() => world);

describe("sign-in by code", () => {
  it("creates the user the first time and finds it the next time", async () => {
    const first = await world.signIn();
    expect(first).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      tokenType: "Bearer",
      expiresIn: 900,
      refreshToken: expect.any(String),
      deviceToken: expect.any(String),
      created: true,
      user: {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        phone: PHONE,
        name: "",
        avatar: expect.stringMatching(/^http:\/\/localhost:8080\/avatars\/([1-9]|10)\.svg$/),
        hasPassword: false,
        createdAt: new Date(world.clock.now()).toISOString(),
      },
    });
    const again = await signInAgain();
    expect(again).toMatchObject({ created: false, user: first.user });
  });

  it("is refused as unavailable while users cannot be saved", async () => {
    const cause = new Error("away");
    await world.close();
    world = await createWorld({
      parts: {
        onStatement: (sql) => {
          if (/^insert into .?users/i.test(sql)) throw new UnavailableError("the database", { cause });
        },
      },
    });
    const { id } = await start(world);
    const answer = await open(world, id, world.sms.lastCode());
    await refused(answer, "unavailable");
  });

  it("accepts the code in full-width digits, with a space or with a hyphen (T42)", async () => {
    for (const [n, write] of [
      (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
      (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`,
      (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`,
    ].entries()) {
      const { id } = await start(world, phoneNo(n));
      await opened(await open(world, id, write(world.sms.lastCode())));
    }
  });

  it.each([
    ["a newline", (code: string) => `${code}\n`],
    ["a sign", (code: string) => `+${code}`],
    ["a fraction", (code: string) => `${code}.0`],
    ["an exponent", () => "1e5"],
    ["hexadecimal", () => "0x1e240"],
    ["three digits", () => "123"],
    ["letters", () => "abcdef"],
    ["NUL", (code: string) => `${code}\u0000`],
  ])("refuses a code with %s as such, and does not count it (T42)", async (_, write) => {
    const { id } = await start(world);
    const code = world.sms.lastCode();
    for (let n = 0; n < 4; n += 1) {
      await refused(await open(world, id, write(code)), "invalid_request", "code");
    }
    await opened(await open(world, id, code));
  });

  it("refuses the right code after three wrong ones", async () => {
    const { id } = await start(world);
    const code = world.sms.lastCode();
    for (let n = 0; n < 3; n += 1) await refused(await open(world, id, wrongCode(code)), "invalid_code");
    await refused(await open(world, id, code), "invalid_code");
  });

  it("refuses a right code that belongs to another verification, and counts it (T5)", async () => {
    const mine = await start(world, phoneNo(1));
    const myCode = world.sms.lastCode();
    const theirs = await start(world, phoneNo(2));
    const theirCode = world.sms.lastCode();
    for (let n = 0; n < 3; n += 1) await refused(await open(world, theirs.id, myCode), "invalid_code");
    await refused(await open(world, theirs.id, theirCode), "invalid_code");
    await opened(await open(world, mine.id, myCode));
  });

  it("answers wrong, spent, used, expired and unknown codes the same", async () => {
    const spent = await start(world, phoneNo(2));
    const spentCode = world.sms.lastCode();
    for (let n = 0; n < 3; n += 1) await open(world, spent.id, wrongCode(spentCode));
    const used = await start(world, phoneNo(3));
    const usedCode = world.sms.lastCode();
    await open(world, used.id, usedCode);
    const expired = await start(world, phoneNo(4));
    const expiredCode = world.sms.lastCode();
    world.clock.advance(4 * MINUTE_MS);
    const live = await start(world, phoneNo(5));
    const liveCode = world.sms.lastCode();
    world.clock.advance(MINUTE_MS);
    const answers = [
      await open(world, live.id, wrongCode(liveCode)),
      await open(world, spent.id, spentCode),
      await open(world, used.id, usedCode),
      await open(world, expired.id, expiredCode),
      await open(world, "z".repeat(22), "123456"),
      await open(world, "no id at all", "123456"),
    ];
    const seen = await Promise.all(answers.map(publicPart));
    for (const one of seen) expect(one).toEqual(seen[0]);
    expect(answers[0]?.status).toBe(401);
  });

  it("succeeds for one of 12 uses of one right code at the same time (T2)", async () => {
    const { id } = await start(world);
    const code = world.sms.lastCode();
    const answers = await Promise.all(Array.from({ length: 12 }, () => open(world, id, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(401)]);
    const { accessToken } = await opened(answers.find(({ status }) => status === 201) ?? new Response());
    expect(await list(accessToken)).toHaveLength(1);
  });

  it("refuses the right code after 60 wrong guesses at the same time (T1)", async () => {
    const { id } = await start(world);
    const code = world.sms.lastCode();
    await Promise.all(Array.from({ length: 60 }, () => open(world, id, wrongCode(code))));
    await refused(await open(world, id, code), "invalid_code");
  });

  it("creates one user for many first sign-ins at the same time (T19)", async () => {
    await beginWith({
      LIMIT_PHONE_SENDS: "unlimited",
      GUARD_MODE: "off",
      RESEND_SECONDS: "1",
      CODE_ATTEMPTS: "1",
      CODE_TTL_SECONDS: "600",
    });
    const started: { id: string; code: string }[] = [];
    // A phone has nine guesses, so nine verifications of it can be alive with one guess each.
    for (let n = 0; n < 9; n += 1) {
      started.push({ id: (await start(world)).id, code: world.sms.lastCode() });
      world.clock.advance(2 ** n * SECOND_MS);
    }
    const requests = Array.from({ length: 54 }, (_, n) => started[n % 9] ?? { id: "", code: "" });
    const answers = await Promise.all(requests.map(({ id, code }) => open(world, id, code)));
    const sessions = await Promise.all(answers.filter(({ status }) => status === 201).map(opened));
    expect(sessions).toHaveLength(9);
    expect(new Set(sessions.map(({ user }) => user.id)).size).toBe(1);
    expect(sessions.filter(({ created }) => created)).toHaveLength(1);
  });

  it("refuses an address that guesses too often, without comparing the guess", async () => {
    await beginWith({ LIMIT_ADDRESS_CHECKS: "2/5m" });
    const { id } = await start(world);
    for (let n = 0; n < 2; n += 1) await refused(await open(world, "z".repeat(22), "123456"), "invalid_code");
    expect((await refused(await open(world, id, world.sms.lastCode()), "too_many_requests")).retryAfter).toBe(
      300,
    );
    world.clock.advance(299_999);
    expect((await open(world, id, world.sms.lastCode())).status).toBe(429);
    const body = { verificationId: id, code: world.sms.lastCode() };
    expect((await world.post("/v1/sessions", body, {}, "203.0.113.99")).status).toBe(201);
  });

  it("lets a known device in whatever others tried from its address (T8)", async () => {
    await beginWith({ LIMIT_ADDRESS_CHECKS: "2/5m" });
    const { deviceToken } = await world.signIn();
    await refused(await open(world, "z".repeat(22), "123456"), "invalid_code");
    await refused(await open(world, "z".repeat(22), "123456"), "too_many_requests");
    world.clock.advance(MINUTE_MS);
    const strangers = await start(world, phoneNo(1));
    await refused(await open(world, strangers.id, world.sms.lastCode()), "too_many_requests");
    expect((await world.signIn(PHONE, { deviceToken })).user.phone).toBe(PHONE);
  });

  it("shows a session's device as its browser and system, and nothing else of its User-Agent", async () => {
    const agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36";
    const { id } = await start(world);
    const body = { verificationId: id, code: world.sms.lastCode() };
    const { accessToken } = await opened(await world.post("/v1/sessions", body, { "user-agent": agent }));
    expect((await list(accessToken))[0]?.device).toBe("Chrome · Android");
  });

  it("keeps 256 printable characters of the User-Agent at most", async () => {
    const { id } = await start(world);
    const body = { verificationId: id, code: world.sms.lastCode() };
    const agent = { "user-agent": `\tphone é${"x".repeat(300)}` };
    const { accessToken } = await opened(await world.post("/v1/sessions", body, agent));
    const exported = await world.request("/v1/me/export", {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { sessions } = (await exported.json()) as { sessions: { userAgent: string }[] };
    expect(sessions.map(({ userAgent }) => userAgent)).toEqual([`phone ${"x".repeat(250)}`]);
  });
});

describe("a malformed handover", () => {
  it("is refused", async () => {
    const body = { handover: "x.y.z", codeVerifier: "v".repeat(43) };
    await refused(await world.post("/v1/sessions", body), "invalid_handover");
  });
});
