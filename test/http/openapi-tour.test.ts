import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { REFUSALS, type RefusalCode, UnavailableError } from "../../src/core/refusals.ts";
import { loadOperations } from "../../src/http/api/index.ts";
import { allRefusals, type Operation } from "../../src/http/api/operation.ts";
import { apiKey, type Proof } from "../backend/support.ts";
import { countingHasher } from "../password/support.ts";
import { createTestVerifier, solved } from "../support/challenges.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../support/world.ts";
import { tourFactors } from "./factors-tour.ts";
import { type OpenApi, violations } from "./openapi-document.ts";
import { bodyOf, type ProblemBody, phoneNo, type VerificationBody, wrongCode } from "./support.ts";

const OPERATIONS = await loadOperations();

interface Seen {
  readonly name: string;
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly code: RefusalCode | undefined;
}

const KEY = "9f0c8a52-6f0e-4b3f-9d0b-0c1d2e3f4a5b";
const ID = { verification: "A".repeat(22), session: "0197c2a0-0000-7000-8000-000000000000" };

/** Those that answer from what the process knows: a challenge is kept nowhere. */
const NEED_NO_STORE = [
  "/healthz",
  "/.well-known/jwks.json",
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
  "/v1/challenges",
];

let world: World;
let document: OpenApi;
let down = false;
const challenge = createTestVerifier();
const seen: Seen[] = [];
const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;

type Init = RequestInit & { readonly id?: string; readonly query?: string; readonly from?: string };

/** Makes a call, notes its answer under the operation's name, and resolves with what it holds. */
async function call<T>(name: string, init: Init = {}, at = world): Promise<T> {
  const [method = "", path = ""] = name.split(" ");
  const response = await at.request(path.replace("{id}", init.id ?? "") + (init.query ?? ""), {
    ...init,
    method,
  });
  const text = await response.text();
  const value = text === "" ? undefined : JSON.parse(text);
  const type = response.headers.get("content-type");
  const code = type === "application/problem+json" ? (value as ProblemBody).code : undefined;
  seen.push({ name, status: response.status, type, text, code });
  return value as T;
}

const json = (body: unknown, headers: Record<string, string> = {}) => ({
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});
const asUser = ({ accessToken }: OpenedSession) => ({ headers: bearer(accessToken) });
const tooLarge = (headers: Record<string, string> = {}) => ({
  body: "x".repeat(17_000),
  headers: { "content-length": "17000", ...headers },
});

beforeAll(async () => {
  const onStatement = () => {
    if (down)
      throw new UnavailableError("the database", { cause: new Error("SQLITE_IOERR: disk I/O error") });
  };
  const challenges = { verifier: challenge.verifier, when: "risk" } as const;
  world = await createWorld({
    env: { LIMIT_ADDRESS_CHECKS: "12/5m", LIMIT_ADDRESS_SENDS: "unlimited", GUARD_MODE: "off" },
    parts: { onStatement, challenges },
  });
  document = await bodyOf<OpenApi>(await world.request("/openapi.json"));
  await tourVerifications();
  const session = await tourSignIn();
  await tourBackend();
  await tourUser(session);
  await tourSessions(session);
  await tourStepUp();
  await tourPhone();
  await tourData();
  await tourPasswords();
  const challenged = await tourFactors(world, call);
  for (const path of ["/readyz", ...NEED_NO_STORE.slice(0, -1)]) await call(`GET ${path}`);
  // Without its database it can say that it lives, and nothing else.
  world.clock.advance(300_000);
  await tourBeforePassword();
  await tourTestNumber();
  const last = await world.signIn(phoneNo(64));
  down = true;
  for (const each of OPERATIONS) await withoutDatabase(each, last, challenged);
  down = false;
  await call("GET /readyz");
}, 60_000);
afterAll(() => world.close());

async function tourVerifications(): Promise<void> {
  const START = "POST /v1/verifications";
  const RESEND = "POST /v1/verifications/{id}/resend";
  const READ = "GET /v1/verifications/{id}";
  const phone = phoneNo(1);
  const key = { "idempotency-key": KEY };
  const { id } = await call<VerificationBody>(START, json({ phone }, key));
  await call(START, json({ phone }, key));
  await call(START, json({ phone, locale: "en" }, key));
  await call(START, json({ phone }));
  for (const other of ["x", "+8610 1234 5678", "+33612345678"]) await call(START, json({ phone: other }));
  await call(START, { body: "phone=1" });
  await call(START, json([]));
  await call(START, tooLarge());
  await call(READ, { id });
  await call(READ, { id: "x" });
  await call(READ, { id: ID.verification });
  await call(RESEND, { id, ...tooLarge() });
  await call(RESEND, { id: "x" });
  await call(RESEND, { id, headers: bearer("pk_wrong") });
  await call(RESEND, { id: ID.verification });
  await call(RESEND, { id });
  await call(RESEND, { id, headers: key });
  await call(RESEND, { id, body: "{}" });
  await tourChallenges(START, RESEND, id);
  await tourSender(START, RESEND);
}

/** What a start and a resend may be told about challenges. */
async function tourChallenges(start: string, resend: string, id: string): Promise<void> {
  for (const captcha of [solved("a"), { kind: "turnstile", token: "forged" }]) {
    await call(start, json({ phone: phoneNo(40), captcha }));
    await call(resend, { id, ...json({ captcha }) });
  }
  const OFFER = "POST /v1/challenges";
  for (const phone of [phoneNo(40), "x", "+8610 1234 5678", "+33612345678"])
    await call(OFFER, json({ phone }));
  await call(OFFER, { body: "phone=1" });
  await call(OFFER, json([]));
  await call(OFFER, tooLarge());
  const unchallenged = await createWorld({ env: { CAPTCHA: "off" } });
  await call(OFFER, json({ phone: phoneNo(40) }), unchallenged);
  await unchallenged.close();
  challenge.answer({ status: "unavailable" });
  await call(start, json({ phone: phoneNo(41), captcha: solved("b") }));
  await call(resend, { id, ...json({ captcha: solved("b") }) });
}

/** All that a sender may say, at a start and at a resend. */
async function tourSender(start: string, resend: string): Promise<void> {
  for (const [n, status] of (["bad_number", "rejected", "throttled"] as const).entries()) {
    world.sms.answer({ status });
    await call(start, json({ phone: phoneNo(10 + n) }));
    world.sms.answer({ status: "accepted" });
    const { id } = await call<VerificationBody>(start, json({ phone: phoneNo(20 + n) }));
    world.clock.advance(30_000);
    world.sms.answer({ status });
    await call(resend, { id });
  }
  world.sms.answer({ status: "accepted" });
  const { id } = await call<VerificationBody>(start, json({ phone: phoneNo(30) }));
  world.clock.advance(30_000);
  await together(resend, { id });
  await together(start, json({ phone: phoneNo(31) }));
}

/** The same request twice while the first is still out. */
async function together(name: string, init: RequestInit & { id?: string }): Promise<void> {
  const key = { "idempotency-key": `${KEY}-2` };
  const again = { ...init, headers: { ...(init.headers as Record<string, string>), ...key } };
  await Promise.all([call(name, again), call(name, again)]);
  await call(name, again);
}

async function tourSignIn(): Promise<OpenedSession> {
  const OPEN = "POST /v1/sessions";
  const REFRESH = "POST /v1/sessions/refresh";
  const started = json({ phone: phoneNo(2) });
  const { id: verificationId } = await call<VerificationBody>("POST /v1/verifications", started);
  const code = world.sms.lastCode();
  await call(OPEN, json({ verificationId, code: wrongCode(code) }));
  const session = await call<OpenedSession>(OPEN, json({ verificationId, code }));
  await call(OPEN, json({ handover: "x", codeVerifier: "v".repeat(43) }));
  await call(OPEN, json({}));
  await call(OPEN, { body: "{}" });
  await call(OPEN, tooLarge());
  for (let n = 0; n < 12; n += 1) await call(OPEN, json({ verificationId, code }));
  const { refreshToken } = session;
  const next = await call<OpenedSession>(REFRESH, json({ refreshToken }));
  await call(REFRESH, json({ refreshToken: "x" }));
  await call(REFRESH, json({ refreshToken: 1 }));
  await call(REFRESH, { body: "{}" });
  await call(REFRESH, tooLarge());
  return next;
}

/** What a backend with an API key is answered, and whoever has none. */
async function tourBackend(): Promise<void> {
  const START = "POST /v1/verifications";
  const CHECK = "POST /v1/verifications/{id}/check";
  const REDEEM = "POST /v1/proofs/redeem";
  const headers = bearer(await apiKey(world));
  // The address may guess again.
  world.clock.advance(300_000);
  const ask = { purpose: "verify_identity", phone: phoneNo(50), reference: "4711" };
  await call(START, json({ purpose: "verify_identity", phone: phoneNo(50) }));
  await call(START, json({ phone: phoneNo(50) }, headers));
  await call(START, json({ purpose: "second_factor" }));
  const payer = bearer(await apiKey(world, { client: "payer", purposes: ["confirm_transaction"] }));
  world.sms.carry(() => false);
  const transaction = { amount: "1", currency: "CNY", payee: "Shop" };
  await call(START, json({ ...ask, purpose: "confirm_transaction", transaction }, payer));
  world.sms.carry(() => true);
  const { id } = await call<VerificationBody>(START, json(ask, headers));
  const code = world.sms.lastCode();
  await call(CHECK, { id, ...json({ code: wrongCode(code) }) });
  await call(CHECK, { id, ...json({ code }, bearer("pk_wrong")) });
  await call(CHECK, { id: "x", ...json({ code }) });
  await call(CHECK, { id, body: "{}" });
  await call(CHECK, { id, ...tooLarge() });
  const { proof } = await call<Proof>(CHECK, { id, ...json({ code }) });
  for (let n = 0; n < 12; n += 1) await call(CHECK, { id, ...json({ code }) });
  await call("GET /v1/verifications/{id}", { id, headers });
  await call("GET /v1/verifications/{id}", { id, headers: bearer("pk_wrong") });
  await call(REDEEM, json({ proof }));
  const other = bearer(await apiKey(world, { purposes: ["sign_in"] }));
  await call(REDEEM, json({ proof }, other));
  await call(REDEEM, json({ proof }, headers));
  await call(REDEEM, json({ proof }, headers));
  await call(REDEEM, json({}, headers));
  await call(REDEEM, { body: "{}", headers });
  await call(REDEEM, tooLarge(headers));
}

async function tourUser(session: OpenedSession): Promise<void> {
  const CHANGE = "PATCH /v1/me";
  const { headers } = asUser(session);
  await call("GET /v1/me", { headers });
  await call("GET /v1/me");
  await call(CHANGE, json({ name: "Lin", avatar: 3 }, headers));
  await call(CHANGE, json({ name: "\u202e" }, headers));
  await call(CHANGE, json({ name: "Lin" }));
  await call(CHANGE, { headers, body: "{}" });
  await call(CHANGE, tooLarge(headers));
}

/** What comes of passwords, in worlds where nothing else refuses. */
async function tourPasswords(): Promise<void> {
  const OPEN = "POST /v1/sessions";
  const SET = "PUT /v1/me/password";
  const REMOVE = "DELETE /v1/me/password";
  const [phone, password] = [phoneNo(70), "lantern orchard vessel"];
  const env = { CAPTCHA: "off", LIMIT_ADDRESS_CHECKS: "unlimited", SIGN_UP: "open" };
  const free = await createWorld({ env, parts: { passwordHasher: countingHasher().hasher } });
  const first = await free.signIn(phone);
  for (const newPassword of [password, "short", "x".repeat(300), "qwertyuiop", ""])
    await call(SET, json({ newPassword }, asUser(first).headers), free);
  // A day later it counts beside the phone, and what login protection rests on stays.
  free.clock.advance(86_400_000);
  const { refreshToken } = first;
  const session = await bodyOf<OpenedSession>(await free.post("/v1/sessions/refresh", { refreshToken }));
  const { headers } = asUser(session);
  await call(SET, json({ newPassword: password, currentPassword: password }, headers), free);
  const protect = (when: string) =>
    free.request("/v1/me/login-protection", { method: "PUT", ...json({ when }, headers) });
  expect((await protect("always")).status).toBe(204);
  await call(REMOVE, { headers }, free);
  expect((await protect("off")).status).toBe(204);
  await call(SET, json({ newPassword: password }), free);
  await call(SET, { headers, body: "{}" }, free);
  await call(SET, tooLarge(headers), free);
  for (let n = 0; n < 10; n += 1) await call(SET, json({ newPassword: `${password} ${n}` }, headers), free);
  const wrong = { newPassword: password, currentPassword: "wrong" };
  for (let n = 0; n < 11; n += 1) await call(SET, json(wrong, headers), free);
  for (const other of ["x", "+8610 1234 5678", "+33612345678"])
    await call(OPEN, json({ phone: other, password }), free);
  for (let n = 0; n < 11; n += 1) await call(OPEN, json({ phone, password: "wrong" }), free);
  await tourReset(free, phone);
  const late = asUser(await free.signIn(phone));
  free.clock.advance(660_000);
  await call(SET, json({ newPassword: password }, late.headers), free);
  await call(REMOVE, late, free);
  await call(REMOVE, {}, free);
  await call(REMOVE, tooLarge(late.headers), free);
  await call(REMOVE, asUser(await free.signIn(phone)), free);
  await free.close();
  // From where nobody has tried anything yet.
  const from = "198.51.100.70";
  challenge.answer();
  await call(OPEN, { from, ...json({ phone, password, captcha: { kind: "turnstile", token: "forged" } }) });
  challenge.answer({ status: "unavailable" });
  await call(OPEN, { from, ...json({ phone, password, captcha: solved("c") }) });
  challenge.answer();
  await tourClosed();
}

async function tourReset(free: World, phone: string): Promise<void> {
  const RESET = "POST /v1/password-resets";
  const start = async (to: string) => {
    free.clock.advance(60_000);
    const asked = await free.post("/v1/verifications", { phone: to, purpose: "reset_password" });
    return { verificationId: (await bodyOf<VerificationBody>(asked)).id, code: free.sms.lastCode() };
  };
  const known = await start(phone);
  for (const newPassword of ["short", "x".repeat(300), "qwertyuiop", "harbour pencil meadow"])
    await call(RESET, json({ ...known, newPassword }), free);
  await call(RESET, json({ ...known, newPassword: "harbour pencil meadow" }), free);
  await call(RESET, json({ ...(await start(phoneNo(71))), newPassword: "harbour pencil meadow" }), free);
  await call(RESET, json({}), free);
  await call(RESET, { body: "{}" }, free);
  await call(RESET, tooLarge(), free);
  const late = json({ ...known, newPassword: "harbour pencil meadow" });
  for (let n = 0; n < 13; n += 1) await call(RESET, { from: "198.51.100.71", ...late });
}

/** A sign-in where nobody new is taken. */
async function tourClosed(): Promise<void> {
  const closed = await createWorld({ env: { SIGN_UP: "closed" } });
  const asked = await closed.post("/v1/verifications", { phone: phoneNo(72) });
  const { id: verificationId } = await bodyOf<VerificationBody>(asked);
  await call("POST /v1/sessions", json({ verificationId, code: closed.sms.lastCode() }), closed);
  await closed.close();
}

/** What comes of factors in a session that more people may open. */
async function tourTestNumber(): Promise<void> {
  const [phone, code] = [phoneNo(74), "739251"];
  const test = await createWorld({ env: { TEST_NUMBERS: `${phone}=${code}@2027-06-01` } });
  const { id: verificationId } = await bodyOf<VerificationBody>(
    await test.post("/v1/verifications", { phone }),
  );
  const entered = await test.post("/v1/sessions", { verificationId, code });
  const { headers } = asUser(await bodyOf<OpenedSession>(entered));
  for (const name of ["passkeys/options", "recovery-codes"])
    await call(`POST /v1/me/factors/${name}`, { headers }, test);
  await test.close();
}

/** What a person is answered who came by a temporary password and has still to choose one of their own. */
async function tourBeforePassword(): Promise<void> {
  const start = { phone: phoneNo(73), purpose: "temporary_password" };
  const { id: verificationId } = await bodyOf<VerificationBody>(await world.post("/v1/verifications", start));
  const entered = await world.post("/v1/sessions", { verificationId, code: world.sms.lastCode() });
  const { headers } = asUser(await bodyOf<OpenedSession>(entered));
  const closed = OPERATIONS.filter(({ auth, beforePassword }) => auth === "access_token" && !beforePassword);
  for (const each of closed) await call(nameOf(each), { id: ID.session, headers });
  await call("POST /v1/verifications", json({ purpose: "delete_account" }, headers));
}

/** What a person is answered who confirms that it is them, by a code to their own phone. */
async function tourStepUp(): Promise<void> {
  const STEP_UP = "POST /v1/sessions/current/step-up";
  const { headers } = asUser(await world.signIn(phoneNo(60)));
  const ask = json({ purpose: "second_factor" }, headers);
  const { id: verificationId } = await call<VerificationBody>("POST /v1/verifications", ask);
  const code = world.sms.lastCode();
  await call(STEP_UP, json({ verificationId, code: wrongCode(code) }, headers));
  await call(STEP_UP, json({ verificationId, code: "x" }, headers));
  await call(STEP_UP, json({ verificationId, code }, headers));
  for (let n = 0; n < 12; n += 1) await call(STEP_UP, json({ verificationId, code }, headers));
  await call(STEP_UP, { headers, body: "{}" });
  await call(STEP_UP, json({ verificationId, code }));
  await call(STEP_UP, tooLarge(headers));
}

/** What a person is answered who moves their account to another number. */
async function tourPhone(): Promise<void> {
  const [READ, CHANGE, CANCEL] = ["GET /v1/me/phone", "PUT /v1/me/phone", "DELETE /v1/me/phone/pending"];
  // The numbers of one range may get messages again.
  world.clock.advance(3_600_000);
  const { headers } = asUser(await world.signIn(phoneNo(61)));
  const asked = async (phone: string) => {
    const body = json({ purpose: "change_phone", phone }, headers);
    const { id: verificationId } = await call<VerificationBody>("POST /v1/verifications", body);
    return { verificationId, code: world.sms.lastCode(phone) };
  };
  await call(READ);
  await call(READ, { headers });
  const taken = await asked(phoneNo(60));
  await call(CHANGE, json({ ...taken, code: wrongCode(taken.code) }, headers));
  await call(CHANGE, json({ ...taken, code: "x" }, headers));
  world.sms.carry(() => false);
  await call(CHANGE, json(taken, headers));
  world.sms.carry(() => true);
  await call(CHANGE, json(taken, headers));
  await call(CHANGE, json(await asked(phoneNo(62)), headers));
  await call(READ, { headers });
  for (let n = 0; n < 12; n += 1) await call(CHANGE, json(taken, headers));
  await call(CHANGE, { headers, body: "{}" });
  await call(CHANGE, json(taken));
  await call(CHANGE, tooLarge(headers));
  await call(CANCEL, { headers });
  await call(CANCEL, { headers });
  await call(CANCEL);
  await call(CANCEL, tooLarge(headers));
  // The access token is good for as long as a confirmation: only a refreshed one outlives that.
  world.clock.advance(300_000);
  const { refreshToken } = await world.signIn(phoneNo(63));
  world.clock.advance(901_000);
  const { accessToken } = await bodyOf<OpenedSession>(
    await world.post("/v1/sessions/refresh", { refreshToken }),
  );
  await call(CHANGE, json(taken, bearer(accessToken)));
}

/** As if the user had asked for a second factor. */
async function setProtection(userId: string, login_protection: "always" | null): Promise<void> {
  const { db, close } = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
  await db.updateTable("users").set({ login_protection }).where("id", "=", userId).execute();
  await close();
}

/** What a person is answered who wants to have everything, and who wants to be forgotten. */
async function tourData(): Promise<void> {
  const [EXPORT, ERASE] = ["GET /v1/me/export", "DELETE /v1/me"];
  world.clock.advance(3_600_000);
  const session = await world.signIn(phoneNo(65));
  await call(EXPORT, asUser(session));
  await call(EXPORT);
  world.clock.advance(901_000);
  const { refreshToken } = session;
  const next = await bodyOf<OpenedSession>(await world.post("/v1/sessions/refresh", { refreshToken }));
  const { headers } = asUser(next);
  await call(EXPORT, { headers });
  const ask = json({ purpose: "delete_account" }, headers);
  const { id: verificationId } = await call<VerificationBody>("POST /v1/verifications", ask);
  const code = world.sms.lastCode(phoneNo(65));
  await call(ERASE, json({ verificationId, code: wrongCode(code) }, headers));
  await call(ERASE, json({ verificationId, code: "x" }, headers));
  await call(ERASE, json({ verificationId, code }));
  await call(ERASE, { headers, body: "{}" });
  await call(ERASE, tooLarge(headers));
  await setProtection(next.user.id, "always");
  await call(ERASE, json({ verificationId, code }, headers));
  await setProtection(next.user.id, null);
  await call(ERASE, json({ verificationId, code }, headers));
  const { headers: other } = asUser(await world.signIn(phoneNo(66)));
  for (let n = 0; n < 12; n += 1) await call(ERASE, json({ verificationId, code }, other));
}

async function tourSessions(session: OpenedSession): Promise<void> {
  const END = "DELETE /v1/sessions/{id}";
  const { headers } = asUser(session);
  world.clock.advance(300_000);
  await world.signIn(phoneNo(2));
  type List = { sessions: { id: string; current: boolean }[] };
  const { sessions } = await call<List>("GET /v1/sessions", { headers });
  await call("GET /v1/sessions");
  const other = sessions.find(({ current }) => !current);
  await call(END, { id: other?.id ?? "", headers });
  await call(END, { id: ID.session, headers });
  await call(END, { id: "x", headers });
  await call(END, { id: ID.session });
  await call(END, { id: ID.session, ...tooLarge(headers) });
  await call("DELETE /v1/sessions", { headers });
  await call("DELETE /v1/sessions", { query: "?scope=all" });
  await call("DELETE /v1/sessions", tooLarge(headers));
  await call("DELETE /v1/sessions", { query: "?scope=others", headers });
  await call("DELETE /v1/sessions/current", tooLarge(headers));
  await call("DELETE /v1/sessions/current", { headers });
  await call("DELETE /v1/sessions/current", { headers });
}

async function withoutDatabase(each: Operation, session: OpenedSession, challenge: string): Promise<void> {
  const bodies: Record<string, object> = {
    "/v1/verifications": { phone: phoneNo(3) },
    "/v1/challenges": { phone: phoneNo(3) },
    "/v1/sessions": { verificationId: ID.verification, code: "123456" },
    "/v1/sessions/current/step-up": { verificationId: ID.verification, code: "123456" },
    "/v1/sessions/passkey-options": { challenge },
    "/v1/me/factors/passkeys": { passkey: { id: "x" } },
    "/v1/me/factors/totp/{id}/confirm": { code: "123456" },
    "/v1/me/login-protection": { when: "off" },
    "/v1/sessions/refresh": { refreshToken: session.refreshToken },
    "/v1/me": each.method === "patch" ? { name: "Lin" } : { verificationId: ID.verification, code: "123456" },
    "/v1/me/phone": { verificationId: ID.verification, code: "123456" },
    "/v1/me/password": { newPassword: "lantern orchard vessel" },
    "/v1/password-resets": {
      verificationId: ID.verification,
      code: "123456",
      newPassword: "lantern orchard vessel",
    },
    "/v1/verifications/{id}/check": { code: "123456" },
    "/v1/proofs/redeem": { proof: "x" },
  };
  const headers = each.auth === "backend" ? bearer(`pk_${"A".repeat(43)}`) : asUser(session).headers;
  const body = each.body ? json(bodies[each.path] ?? {}, headers) : { headers };
  const id = each.path.startsWith("/v1/verifications") ? ID.verification : ID.session;
  await call(nameOf(each), { ...body, id, ...(each.query && { query: "?scope=others" }) });
}

const named = OPERATIONS.map((each) => [nameOf(each), each] as const);

describe.each(named)("%s", (name, each) => {
  const answers = () => seen.filter((one) => one.name === name);
  const described = () => document.paths[each.path]?.[each.method]?.responses ?? {};

  it("answers as it is documented, whatever the answer", () => {
    expect(answers().length).toBeGreaterThan(1);
    for (const { status, type, text } of answers()) {
      const { content } = described()[status] ?? {};
      expect(Object.keys(content ?? {})).toEqual(type === null ? [] : [type]);
      const schema = content?.[type ?? ""]?.schema;
      if (schema) expect(violations(document, schema, JSON.parse(text))).toEqual([]);
      else expect([status, text]).toEqual([204, ""]);
    }
  });

  it("was seen with its answer and with every refusal that it declares", () => {
    expect(answers().map(({ status }) => status)).toContain(each.answer.status);
    const codes = new Set(answers().flatMap(({ code }) => (code ? [code] : [])));
    const declared = allRefusals(each).filter((code) => code !== "internal_error");
    const needsNoStore = NEED_NO_STORE.includes(each.path);
    expect([...codes].sort()).toEqual(
      declared.filter((code) => code !== "unavailable" || !needsNoStore).sort(),
    );
  });
});

describe("without its database", () => {
  it("Phonekey answers 503 with Retry-After, says no more, and recovers by itself (promise 7)", () => {
    const refused = seen.filter(({ code }) => code === "unavailable");
    expect(refused.length).toBe(OPERATIONS.length - NEED_NO_STORE.length);
    expect(seen.at(-1)).toMatchObject({ status: 200, text: '{"status":"ready"}' });
    for (const { text, status } of refused) {
      expect(status).toBe(REFUSALS.unavailable.status);
      expect(JSON.parse(text)).toMatchObject({
        retryAfter: expect.any(Number),
        detail: REFUSALS.unavailable.en,
      });
    }
  });
});

describe("the check of answers itself", () => {
  const schema = () => ({ $ref: "#/components/schemas/User" });
  const user = {
    id: "x",
    phone: "+86",
    name: "",
    avatar: "https://a.example/1.svg",
    hasPassword: false,
    createdAt: "2026-01-01T00:00:00Z",
  };

  it("takes what is right", () => expect(violations(document, schema(), user)).toEqual([]));

  it.each([
    [{ ...user, phoneTag: "x" }, "answer.phoneTag: is not declared"],
    [{ ...user, name: 1 }, "answer.name: is no string"],
    [{ ...user, avatar: "3" }, "answer.avatar: uri"],
    [{ id: "x" }, "answer.phone: is missing"],
    [[], "answer: is no object"],
  ])("finds what is wrong with %j", (value, violation) => {
    expect(violations(document, schema(), value)).toContain(violation);
  });
});
