import { apiKey, type Proof } from "../../backend/support.ts";
import { solved } from "../../support/challenges.ts";
import { bearer, createWorld } from "../../support/world.ts";
import { phoneNo, type VerificationBody, wrongCode } from "../support.ts";
import { ID, json, KEY, type Tour, tooLarge } from "./tour.ts";

export async function tourVerifications(tour: Tour): Promise<void> {
  const { call } = tour;
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
  await tourChallenges(tour, START, RESEND, id);
  await tourSender(tour, START, RESEND);
}

/** All answers to a start and a resend about challenges. */
async function tourChallenges(
  { call, challenge }: Tour,
  start: string,
  resend: string,
  id: string,
): Promise<void> {
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

/** All outcomes of a sender, at a start and at a resend. */
async function tourSender(tour: Tour, start: string, resend: string): Promise<void> {
  const { world, call } = tour;
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
  await together(tour, resend, { id });
  await together(tour, start, json({ phone: phoneNo(31) }));
}

/** The same request again while the first is in progress. */
async function together({ call }: Tour, name: string, init: RequestInit & { id?: string }): Promise<void> {
  const key = { "idempotency-key": `${KEY}-2` };
  const again = { ...init, headers: { ...(init.headers as Record<string, string>), ...key } };
  await Promise.all([call(name, again), call(name, again)]);
  await call(name, again);
}

/** All answers to a backend with an API key, and without one. */
export async function tourBackend({ world, call }: Tour): Promise<void> {
  const START = "POST /v1/verifications";
  const CHECK = "POST /v1/verifications/{id}/check";
  const REDEEM = "POST /v1/proofs/redeem";
  const headers = bearer(await apiKey(world));
  // After five minutes the limit of guesses by the address is free again.
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
