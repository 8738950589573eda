import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, type Client, newPhone } from "../process/client.ts";
import { hasMariadb } from "../support/services/mysql.ts";
import type { OpenedSession } from "../support/world.ts";
import { pick, type Stage, startStage } from "./stage.ts";

/** How often each race is run, so that a lucky run is unlikely. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 2);
const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
const STEP_MS = 30_000;

describe.runIf(hasMariadb())("four processes race for an account", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage("database", { CAPTCHA: "off" });
  });
  afterAll(async () => {
    await stage?.close();
  });

  test.each(rounds)("of 16 uses of an app's code one is right, five wrong (round %i)", async (round) => {
    const client = pick(stage.clients, round);
    const { accessToken } = await client.signIn(newPhone());
    const secret = await addApp(client, accessToken);
    const totp = appCode(secret, Date.now() + STEP_MS);
    const answers = await stage.race(16, (each) =>
      each.post("/v1/sessions/current/step-up", { totp }, bearer(accessToken)),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 401: 5, 429: 10 });
  });

  test.each(rounds)("of 48 wrong passwords ten are looked at (round %i)", async (round) => {
    const client = pick(stage.clients, round);
    const phone = newPhone();
    const { id } = await client.start(phone);
    const { accessToken } = (await client.open(id, await client.code(phone))).body;
    const password = "lantern orchard vessel";
    const set = await client.call("PUT", "/v1/me/password", bearer(accessToken), { newPassword: password });
    expect(set.status).toBe(204);
    const answers = await stage.race(48, (each, n) =>
      each.post("/v1/sessions", { phone, password: `${password} ${n}` }),
    );
    const codes = answers.map(({ body }) => String(body.code));
    expect(tally(codes)).toEqual({ invalid_credentials: 10, code_required: 38 });
    const kept = "select count(*) from failures where phone_tag = ? and bucket = 'password'";
    expect(await stage.count(kept, await stage.tagOf(id))).toBe(10);
    const right = await client.post("/v1/sessions", { phone, password });
    expect(right.body.code).toBe("code_required");
  });

  test.each(rounds)("no session of one factor survives login protection (round %i)", async (round) => {
    const client = pick(stage.clients, round);
    const phone = newPhone();
    const { accessToken, user } = await client.signIn(phone);
    await addApp(client, accessToken);
    const live: { readonly id: string; readonly code: string }[] = [];
    for (let n = 0; n < 12; n += 1) {
      await stage.forgetLimits();
      const { id } = await pick(stage.clients, n).start(phone);
      live.push({ id, code: await pick(stage.clients, n).code(phone) });
    }
    const answers = await stage.race(13, async (each, n) => {
      if (n === 5)
        return await each.call("PUT", "/v1/me/login-protection", bearer(accessToken), { when: "always" });
      const { id, code } = pick(live, n > 5 ? n - 1 : n);
      return await each.open(id, code);
    });
    expect(answers[5]?.status).toBe(204);
    for (const { status } of answers) expect([201, 204, 403]).toContain(status);
    const kept = "select count(*) from sessions where user_id = ? and ended_at is null";
    expect(await stage.count(kept, user.id)).toBe(1);
    for (const { status, body } of answers.filter((one) => one.status === 201)) {
      const me = await client.get("/v1/me", bearer((body as unknown as OpenedSession).accessToken));
      expect([status, me.status]).toEqual([201, 401]);
    }
    expect((await client.get("/v1/me", bearer(accessToken))).status).toBe(200);
  });

  test("no process has logged a fault or ended", () => {
    for (const server of stage.servers) expect(server.faults()).toEqual([]);
    for (const { pid } of stage.servers) expect(process.kill(pid, 0)).toBe(true);
  });
});

/** Adds an authenticator app, with the code of this step used; resolves with its secret. */
async function addApp(client: Client, accessToken: string): Promise<string> {
  const headers = bearer(accessToken);
  const { id, secret } = (
    await client.post<{ id: string; secret: string }>("/v1/me/factors/totp", {}, headers)
  ).body;
  const code = appCode(secret, Date.now());
  const confirmed = await client.post(`/v1/me/factors/totp/${id}/confirm`, { code }, headers);
  expect(confirmed.status).toBe(204);
  return secret;
}

function appCode(secret: string, timestamp: number): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: 30 });
  return totp.generate({ timestamp });
}

function tally(outcomes: readonly (string | number)[]): Record<string | number, number> {
  const counts: Record<string | number, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
