import { expect } from "vitest";
import { loadOperations } from "../../../src/http/api/index.ts";
import { countingHasher } from "../../password/support.ts";
import { solved } from "../../support/challenges.ts";
import { createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, phoneNo, type VerificationBody } from "../support.ts";
import { asUser, ID, json, nameOf, type Tour, tooLarge } from "./tour.ts";

const OPERATIONS = await loadOperations();

/** All answers about passwords, in worlds where nothing else refuses. */
export async function tourPasswords(tour: Tour): Promise<void> {
  const { call, challenge } = tour;
  const OPEN = "POST /v1/sessions";
  const SET = "PUT /v1/me/password";
  const REMOVE = "DELETE /v1/me/password";
  const [phone, password] = [phoneNo(70), "lantern orchard vessel"];
  const env = { CAPTCHA: "off", LIMIT_ADDRESS_CHECKS: "unlimited", SIGN_UP: "open" };
  const free = await createWorld({ env, parts: { passwordHasher: countingHasher().hasher } });
  const first = await free.signIn(phone);
  for (const newPassword of [password, "short", "x".repeat(300), "qwertyuiop", ""])
    await call(SET, json({ newPassword }, asUser(first).headers), free);
  // A day later it counts as a factor beside the phone, and cannot be removed while login protection rests on it.
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
  await tourReset(tour, free, phone);
  const late = asUser(await free.signIn(phone));
  free.clock.advance(660_000);
  await call(SET, json({ newPassword: password }, late.headers), free);
  await call(REMOVE, late, free);
  await call(REMOVE, {}, free);
  await call(REMOVE, tooLarge(late.headers), free);
  await call(REMOVE, asUser(await free.signIn(phone)), free);
  await free.close();
  // An address without any tries yet.
  const from = "198.51.100.70";
  challenge.answer();
  await call(OPEN, { from, ...json({ phone, password, captcha: { kind: "turnstile", token: "forged" } }) });
  challenge.answer({ status: "unavailable" });
  await call(OPEN, { from, ...json({ phone, password, captcha: solved("c") }) });
  challenge.answer();
  await tourClosed(tour);
}

async function tourReset({ call }: Tour, free: World, phone: string): Promise<void> {
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

/** A sign-up while SIGN_UP is closed. */
async function tourClosed({ call }: Tour): Promise<void> {
  const closed = await createWorld({ env: { SIGN_UP: "closed" } });
  const asked = await closed.post("/v1/verifications", { phone: phoneNo(72) });
  const { id: verificationId } = await bodyOf<VerificationBody>(asked);
  await call("POST /v1/sessions", json({ verificationId, code: closed.sms.lastCode() }), closed);
  await closed.close();
}

/** Answers about factors in the session of a test number. */
export async function tourTestNumber({ call }: Tour): Promise<void> {
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

/** Answers in a session of a temporary password whose user has yet to set a password. */
export async function tourBeforePassword({ world, call }: Tour): Promise<void> {
  const start = { phone: phoneNo(73), purpose: "temporary_password" };
  const { id: verificationId } = await bodyOf<VerificationBody>(await world.post("/v1/verifications", start));
  const entered = await world.post("/v1/sessions", { verificationId, code: world.sms.lastCode() });
  const { headers } = asUser(await bodyOf<OpenedSession>(entered));
  const closed = OPERATIONS.filter(({ auth, beforePassword }) => auth === "access_token" && !beforePassword);
  for (const each of closed) await call(nameOf(each), { id: ID.session, headers });
  await call("POST /v1/verifications", json({ purpose: "delete_account" }, headers));
}
