import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import {
  countingHasher,
  createPasswordWorld,
  OTHER,
  PASSWORD,
  passwordCalls,
} from "../../password/support.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { factorCalls, type Person, UNLIMITED } from "../factors/support.ts";
import { sessionCalls } from "../session/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, opened, PHONE, phoneNo, refused, start } from "../support.ts";

const NEW = phoneNo(77);
const TEST_NUMBER = "+8613900139000";

let world: World;
let hashes: string[];
beforeEach(async () => {
  const env = { ...UNLIMITED, TEST_NUMBERS: `${TEST_NUMBER}=739251@2027-06-01` };
  ({ world, hashes } = await createPasswordWorld({ env }));
});
afterEach(() => world.close());

const { put, remove, reset, signIn, signUp } = passwordCalls(() => world);
const { end, refreshed, signInAgain } = sessionCalls(() => world);
const { send, post, codeOf, raise, addApp, changeProof, moved, protect, secondStep, confirmed, challenged } =
  factorCalls(() => world);

const levelOf = async ({ refreshToken }: OpenedSession) =>
  decodeJwt((await refreshed(refreshToken)).accessToken).acr;

/** Sets a new password by a code that goes to the phone. */
async function resetBySms(password: string): Promise<void> {
  world.clock.advance(2 * MINUTE_MS);
  const { id } = await start(world, PHONE, { purpose: "reset_password" });
  expect((await reset(id, world.sms.lastCode(PHONE), password)).status).toBe(200);
}

const phoneOf = async (person: Person) =>
  await bodyOf<{ phone: string; pending?: object }>(await send("GET", "/v1/me/phone", person));

describe("a thief who has the number", () => {
  it("has only one factor after a reset of the password by SMS on the same day", async () => {
    await signUp(PHONE);
    await resetBySms(OTHER);
    const thief = await signInAgain();
    await refused(await raise(thief, { password: OTHER }), "invalid_code");
    expect((await put(thief.accessToken, { newPassword: PASSWORD, currentPassword: OTHER })).status).toBe(
      204,
    );
    expect(await levelOf(thief)).toBe("1");
    await refused(await protect(thief, "always"), "factor_missing");
  });

  it("has only one factor with a password that was set after the sign-in, until a day later", async () => {
    const person = await signUp(PHONE);
    await refused(await raise(person, { password: PASSWORD }), "invalid_code");
    await refused(await protect(person, "always"), "factor_missing");
    world.clock.advance(DAY_MS);
    const session = await refreshed(person.refreshToken);
    expect((await raise(session, { password: PASSWORD })).status).toBe(200);
    expect((await protect(session, "always")).status).toBe(204);
  });

  it("gets no account that was not used for 100 days since an upgrade, by a reset or a sign-in (T51)", async () => {
    const { user } = await signUp(PHONE);
    const { db, close } = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
    await db.updateTable("users").set({ last_used_at: null, created_at: 1 }).execute();
    await close();
    world.clock.advance(Date.now() - world.clock.now() + 100 * DAY_MS);
    const { id } = await start(world, PHONE, { purpose: "reset_password" });
    await refused(await reset(id, world.sms.lastCode(PHONE), OTHER), "user_not_found");
    expect((await signInAgain()).user.id).not.toBe(user.id);
  });
});

describe("a thief who has a known device and the password", () => {
  it("is asked for the authenticator app if login protection rests on one", async () => {
    const person = await signUp(PHONE);
    const app = await addApp(person);
    expect((await protect(person, "new_devices")).status).toBe(204);
    const { deviceToken } = await refreshed(person.refreshToken);
    world.clock.advance(MINUTE_MS);
    const thief = await world.signIn(PHONE, { deviceToken });
    const change = { newPassword: OTHER, currentPassword: PASSWORD };
    await refused(await put(thief.accessToken, change), "step_up_required");
    await refused(await send("DELETE", `/v1/me/factors/${app.id}`, thief), "step_up_required");
    await refused(await remove(thief.accessToken), "step_up_required");
    expect(await levelOf(thief)).toBe("1");
  });

  it("cannot step up an old session of two factors by an SMS code or the password", async () => {
    const person = await signUp(PHONE);
    const { secret } = await addApp(person);
    expect((await protect(person, "always")).status).toBe(204);
    world.clock.advance(MINUTE_MS);
    const first = await bodyOf<{ challenge: string }>(await signIn(PHONE, PASSWORD));
    const stolen = await opened(await secondStep(first.challenge, { totp: codeOf(secret) }));
    world.clock.advance(11 * MINUTE_MS);
    const session = await refreshed(stolen.refreshToken);
    await refused(await protect(session, "off"), "step_up_required");
    const asked = await post("/v1/verifications", session, { purpose: "second_factor" });
    const { id: verificationId } = await bodyOf<{ id: string }>(asked);
    await refused(await raise(session, { verificationId, code: world.sms.lastCode(PHONE) }), "invalid_code");
    await refused(await raise(session, { password: PASSWORD }), "invalid_code");
    await refused(await protect(session, "off"), "step_up_required");
  });
});

describe("a thief who is at the second step while the owner ends all sessions", () => {
  it("is not signed in", async () => {
    await world.close();
    const { hasher } = countingHasher();
    let meanwhile = async () => {};
    const verify = async (password: string, hash: string | undefined) => {
      await meanwhile();
      return await hasher.verify(password, hash);
    };
    const env = { CAPTCHA: "off", LIMIT_PHONE_SENDS: "unlimited" };
    world = await createWorld({ env, parts: { passwordHasher: { ...hasher, verify } } });
    const { refreshToken } = await signUp(PHONE);
    world.clock.advance(DAY_MS);
    const owner = await refreshed(refreshToken);
    expect((await raise(owner, { password: PASSWORD })).status).toBe(200);
    expect((await protect(owner, "always")).status).toBe(204);
    world.clock.advance(MINUTE_MS);
    const { challenge } = await challenged(PHONE);
    meanwhile = async () => {
      meanwhile = async () => {};
      expect((await end("?scope=all", owner.accessToken)).status).toBe(204);
    };
    await refused(await secondStep(challenge, { password: PASSWORD }), "invalid_challenge");
  });
});

describe("a thief who asked for a change of number", () => {
  const outs: readonly (readonly [
    string,
    (owner: OpenedSession, thief: OpenedSession) => Promise<unknown>,
  ])[] = [
    ["by ending it", async (owner, { accessToken }) => end(`/${sidOf(accessToken)}`, owner.accessToken)],
    ["by ending all other sessions", async (owner) => end("?scope=others", owner.accessToken)],
    ["by ending all sessions", async (owner) => end("?scope=all", owner.accessToken)],
    ["by a new password", async (owner) => put(owner.accessToken, { newPassword: PASSWORD })],
    ["by a reset", async () => resetBySms(PASSWORD)],
    [
      "by ending all other sessions after the thief signed out",
      async (owner, thief) => {
        await end("/current", thief.accessToken);
        return end("?scope=others", owner.accessToken);
      },
    ],
  ];

  it.each(outs)("does not get the account a day later if the owner signs them out %s", async (_how, out) => {
    const thief = await world.signIn(PHONE);
    expect((await moved(thief, NEW)).status).toBe(200);
    const owner = await signInAgain();
    await out(owner, thief);
    world.clock.advance(DAY_MS);
    await world.tick();
    world.clock.advance(MINUTE_MS);
    expect((await phoneOf(await world.signIn(PHONE))).phone).toBe(PHONE);
    expect(await world.signIn(NEW)).toMatchObject({ created: true });
  });

  it("gets the account if they signed out themselves and the owner did nothing", async () => {
    const person = await world.signIn(PHONE);
    expect((await moved(person, NEW)).status).toBe(200);
    await end("/current", person.accessToken);
    world.clock.advance(DAY_MS);
    await world.tick();
    expect(await world.signIn(NEW)).toMatchObject({ created: false, user: { id: person.user.id } });
  });
});

describe("a thief who is signed out by the owner before the body of their request has arrived", () => {
  const lates: readonly (readonly [string, string, string, (thief: Person) => Promise<object>])[] = [
    ["a change of number", "PUT", "/v1/me/phone", (thief) => changeProof(thief, NEW)],
    ["an authenticator app", "POST", "/v1/me/factors/totp", async () => ({})],
  ];

  it.each(lates)("is refused, and no change of number waits: %s", async (_what, method, path, proof) => {
    const thief = await world.signIn(PHONE);
    const body = JSON.stringify(await proof(thief));
    const owner = await signInAgain();
    await refused(
      await sendSlowly(method, path, thief, body, async () => {
        expect((await end(`/${sidOf(thief.accessToken)}`, owner.accessToken)).status).toBe(204);
      }),
      "invalid_token",
    );
    expect((await phoneOf(owner)).pending).toBeUndefined();
  });
});

/** Sends a request whose body arrives late: `meanwhile` is done before it. */
async function sendSlowly(
  method: string,
  path: string,
  { accessToken }: Person,
  body: string,
  meanwhile: () => Promise<void>,
): Promise<Response> {
  const length = String(Buffer.byteLength(body));
  const headers = { ...bearer(accessToken), "content-type": "application/json", "content-length": length };
  const stream = new ReadableStream(
    {
      async pull(controller) {
        await meanwhile();
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return await world.request(path, { method, headers, body: stream, duplex: "half" } as RequestInit);
}

function sidOf(accessToken: string): string {
  return String(decodeJwt(accessToken).sid);
}

describe("a client that signs in by a test number", () => {
  it("can neither change the number nor add a factor", async () => {
    const { id: verificationId } = await start(world, TEST_NUMBER);
    const test = await opened(await world.post("/v1/sessions", { verificationId, code: "739251" }));
    const proof = { verificationId, code: "739251" };
    await refused(await send("PUT", "/v1/me/phone", test, proof), "invalid_request", "verificationId");
    await refused(await post("/v1/me/factors/totp", test), "invalid_request", "factor");
  });
});

describe("a user who sets passwords to keep the hashing busy", () => {
  it("sets ten in an hour; the next is refused and not hashed", async () => {
    const { accessToken } = await world.signIn(PHONE);
    const set = (n: number) => put(accessToken, { newPassword: `${PASSWORD} ${n}` });
    for (let n = 0; n < 10; n += 1) expect((await set(n)).status).toBe(204);
    const before = hashes.length;
    const answer = await set(10);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    await refused(answer, "too_many_requests");
    expect(hashes).toHaveLength(before);
  });
});

describe("a thief who tries to use up the notices before a change of number", () => {
  it("renews recovery codes ten times a day at most, and the notice of the change is still sent at once", async () => {
    const thief = await world.signIn(PHONE);
    await addApp(thief);
    const renew = () => post("/v1/me/factors/recovery-codes", thief);
    for (let n = 0; n < 10; n += 1) expect((await renew()).status).toBe(201);
    const answer = await renew();
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    await refused(answer, "too_many_requests");
    expect((await moved(thief, NEW)).status).toBe(200);
    expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "phone_change_started" });
  });

  it("begins three changes an hour at most, each with a notice", async () => {
    const thief = await world.signIn(PHONE);
    for (let n = 0; n < 3; n += 1) {
      expect((await moved(thief, phoneNo(70 + n))).status).toBe(200);
      expect(world.sms.sent.at(-1)).toMatchObject({ to: PHONE, purpose: "phone_change_started" });
    }
    await refused(await moved(thief, NEW), "too_many_requests");
  });
});

describe("a user who moved to a number that somebody else used before", () => {
  it("gets none of the earlier messages in an export", async () => {
    const person = await world.signIn(PHONE);
    world.clock.advance(MINUTE_MS);
    // Somebody else's start with the number that the account will move to.
    await start(world, NEW, { purpose: "temporary_password" });
    world.clock.advance(MINUTE_MS);
    expect((await moved(await confirmed(person), NEW)).status).toBe(200);
    world.clock.advance(DAY_MS);
    await world.tick();
    const now = await signInAgain(NEW);
    expect(now.user.id).toBe(person.user.id);
    const answer = await world.request("/v1/me/export", { headers: bearer(now.accessToken) });
    const { messages } = await bodyOf<{ messages: { purpose: string }[] }>(answer);
    expect(messages.map(({ purpose }) => purpose)).toEqual(["sign_in"]);
  });
});
