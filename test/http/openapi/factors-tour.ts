import { createAuthenticator } from "../../support/authenticator.ts";
import { bearer, type OpenedSession, ORIGIN, type World } from "../../support/world.ts";
import { type Challenged, factorCalls } from "../factors/support.ts";
import { phoneNo, type VerificationBody } from "../support.ts";

type Call = <T>(name: string, init?: RequestInit & { readonly id?: string }) => Promise<T>;

const UNKNOWN = "0197c2a0-0000-7000-8000-000000000000";
const APP = "POST /v1/me/factors/totp";
const CONFIRM = "POST /v1/me/factors/totp/{id}/confirm";
const OFFER = "POST /v1/me/factors/passkeys/options";
const PASSKEY = "POST /v1/me/factors/passkeys";
const CODES = "POST /v1/me/factors/recovery-codes";
const REMOVE = "DELETE /v1/me/factors/{id}";
const PROTECT = "PUT /v1/me/login-protection";
const RAISE = "POST /v1/sessions/current/passkey-options";
const ASK = "POST /v1/sessions/passkey-options";
const OPEN = "POST /v1/sessions";
const ALL = [APP, CONFIRM, OFFER, PASSKEY, CODES, REMOVE, PROTECT, RAISE];

/**
 * All answers about second factors, and at the second step of a sign-in. Resolves with a challenge
 * that is still valid.
 */
export async function tourFactors(world: World, call: Call): Promise<string> {
  const { codeOf } = factorCalls(() => world);
  world.clock.advance(300_000);
  const phone = phoneNo(61);
  const headers = bearer((await world.signIn(phone)).accessToken);
  const json = (body: unknown, more: Record<string, string> = headers) => ({
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...more },
  });
  const large = { body: "x".repeat(17_000), headers: { "content-length": "17000", ...headers } };
  for (const name of ALL) {
    await call(name, { id: UNKNOWN });
    await call(name, { id: UNKNOWN, ...large });
  }
  await call("GET /v1/me/factors");
  for (const name of [APP, CONFIRM, PASSKEY, PROTECT]) {
    await call(name, { id: UNKNOWN, headers, body: "{}" });
    await call(name, { id: UNKNOWN, ...json({ wrong: true }) });
  }
  for (const name of [RAISE, CODES]) await call(name, { headers });
  await call(PROTECT, json({ when: "always" }));
  await call(CONFIRM, { id: UNKNOWN, ...json({ code: "123456" }) });
  for (const id of [UNKNOWN, "x"]) await call(REMOVE, { id, headers });

  await addPasskey(call, json);
  await call(RAISE, { headers });
  const passkeyId = async () => {
    const { factors } = await call<{ factors: { id: string }[] }>("GET /v1/me/factors", { headers });
    return factors[0]?.id ?? "";
  };
  await call(REMOVE, { id: await passkeyId(), headers });
  await call(PROTECT, json({ when: "always" }));
  await addPasskey(call, json);
  const app = await call<{ id: string; secret: string }>(APP, json({ label: "My phone" }));
  await call(CONFIRM, { id: app.id, ...json({ code: "000000" }) });
  await call(CONFIRM, { id: app.id, ...json({ code: codeOf(app.secret) }) });
  await call(CODES, { headers });
  await call(PROTECT, json({ when: "always" }));
  await tourSecondStep(world, call, phone);
  await call(REMOVE, { id: await passkeyId(), headers });
  await tourSecondStep(world, call, phone);
  await call(REMOVE, { id: app.id, headers });

  // As many factors as an account can have, and then a session that was confirmed too long ago.
  const tenth = await call<{ id: string; secret: string }>(APP, json({}));
  for (let n = 0; n < 9; n += 1) await addPasskey(call, json);
  await call(CONFIRM, { id: tenth.id, ...json({ code: codeOf(tenth.secret) }) });
  for (const name of [APP, OFFER]) await call(name, { headers });
  await call(PASSKEY, json({ passkey: { id: "x" } }));
  world.clock.advance(660_000);
  await call(PASSKEY, json({ passkey: { id: "x" } }));
  await call(CONFIRM, { id: UNKNOWN, ...json({ code: "123456" }) });
  await call(PROTECT, json({ when: "off" }));
  for (const name of [APP, OFFER, CODES, REMOVE]) await call(name, { id: UNKNOWN, headers });
  await tourTooMany(world, call);
  return await tourSecondStep(world, call, phone);
}

/** Asks for recovery codes and the options of passkeys more often than one user may, on a device of theirs and as a stranger. */
async function tourTooMany(world: World, call: Call): Promise<void> {
  const phone = phoneNo(62);
  const headers = {
    "content-type": "application/json",
    ...bearer((await world.signIn(phone)).accessToken),
  };
  const json = (body: unknown) => ({ body: JSON.stringify(body), headers });
  await addPasskey(call, json);
  for (let n = 0; n < 30; n += 1) await call(RAISE, { headers });
  await call(OFFER, { headers });
  for (let n = 0; n < 11; n += 1) await call(CODES, { headers });
  await call(PROTECT, json({ when: "always" }));
  const challenge = await tourSecondStep(world, call, phone);
  for (let n = 0; n < 30; n += 1) await call(ASK, json({ challenge }));
}

type Json = (body: unknown) => RequestInit;

async function addPasskey(call: Call, json: Json): Promise<void> {
  const { challenge } = await call<{ challenge: string }>(OFFER, json({}));
  const passkey = createAuthenticator().create({ origin: ORIGIN, challenge });
  await call(PASSKEY, json({ passkey }));
}

async function tourSecondStep(world: World, call: Call, phone: string): Promise<string> {
  const json = (body: unknown) => ({
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  world.clock.advance(60_000);
  const { id: verificationId } = await call<VerificationBody>("POST /v1/verifications", json({ phone }));
  const code = world.sms.lastCode(phone);
  const { challenge } = await call<Challenged>(OPEN, json({ verificationId, code }));
  await call(ASK, json({ challenge }));
  await call<OpenedSession>(OPEN, json({ challenge: "x", totp: "123456" }));
  for (const asked of ["x", 1]) await call(ASK, json({ challenge: asked }));
  await call(ASK, { body: "{}" });
  await call(ASK, { body: "x".repeat(17_000), headers: { "content-length": "17000" } });
  await call("POST /v1/verifications", json({ purpose: "second_factor", challenge: "x" }));
  return challenge;
}
