import { openSqlite } from "../../../src/adapters/sql/sqlite/open.ts";
import { bearer, type OpenedSession } from "../../support/world.ts";
import { bodyOf, phoneNo, type VerificationBody, wrongCode } from "../support.ts";
import { asUser, ID, json, type Tour, tooLarge } from "./tour.ts";

export async function tourSignIn({ world, call }: Tour): Promise<OpenedSession> {
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

export async function tourUser({ call }: Tour, session: OpenedSession): Promise<void> {
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

/** All answers to a step-up by SMS. */
export async function tourStepUp({ world, call }: Tour): Promise<void> {
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

/** All answers about a change of number. */
export async function tourPhone({ world, call }: Tour): Promise<void> {
  const [READ, CHANGE, CANCEL] = ["GET /v1/me/phone", "PUT /v1/me/phone", "DELETE /v1/me/phone/pending"];
  // After an hour the limit of the range allows messages again.
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
  // An access token lives as long as a confirmation: only a refreshed one is there when that is too old.
  world.clock.advance(300_000);
  const { refreshToken } = await world.signIn(phoneNo(63));
  world.clock.advance(901_000);
  const { accessToken } = await bodyOf<OpenedSession>(
    await world.post("/v1/sessions/refresh", { refreshToken }),
  );
  await call(CHANGE, json(taken, bearer(accessToken)));
}

/** Turns login protection on or off, in the database. */
async function setProtection(
  { world }: Tour,
  userId: string,
  login_protection: "always" | null,
): Promise<void> {
  const { db, close } = await openSqlite(`sqlite:${world.folder}/data/phonekey.db`);
  await db.updateTable("users").set({ login_protection }).where("id", "=", userId).execute();
  await close();
}

/** All answers to an export and an erasure. */
export async function tourData(tour: Tour): Promise<void> {
  const { world, call } = tour;
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
  await setProtection(tour, next.user.id, "always");
  await call(ERASE, json({ verificationId, code }, headers));
  await setProtection(tour, next.user.id, null);
  await call(ERASE, json({ verificationId, code }, headers));
  const { headers: other } = asUser(await world.signIn(phoneNo(66)));
  for (let n = 0; n < 12; n += 1) await call(ERASE, json({ verificationId, code }, other));
}

export async function tourSessions({ world, call }: Tour, session: OpenedSession): Promise<void> {
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
