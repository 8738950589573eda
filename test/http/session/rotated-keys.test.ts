import { afterEach, beforeEach, expect, test } from "vitest";
import { keyTools } from "../../../src/compose/tools/keys.ts";
import { KEY_KINDS } from "../../../src/core/keys.ts";
import { MAX_LIFE_MS } from "../../../src/core/protection/limits/members.ts";
import { DAY_MS, HOUR_MS } from "../../../src/core/time.ts";
import { createVisitor } from "../../support/visitor.ts";
import { createTestClock, createWorld, type World } from "../../support/world.ts";
import { PHONE } from "../support.ts";

/** The longest lives that the settings allow. */
const LONGEST = {
  ACCESS_TOKEN_MINUTES: "60",
  SESSION_DAYS: "365",
  SESSION_IDLE_DAYS: "365",
  CODE_TTL_SECONDS: "600",
};
const SENDS = { RESEND_SECONDS: "1", GUARD_MODE: "off" };

let world: World;
let start: number;
beforeEach(async () => {
  // Keys are made by the clock of this machine.
  start = Date.now();
  world = await createWorld({ env: { ...LONGEST, ...SENDS }, clock: createTestClock(start) });
});
afterEach(() => world.close());

async function rotateAll(): Promise<void> {
  const tools = await keyTools(world.config);
  for (const kind of tools.kinds) await tools.rotate(kind);
  await tools.close();
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

async function demo(fields: Record<string, string>) {
  const answer = await world.request(`/functions/sms?${new URLSearchParams(fields)}`);
  return (await answer.json()) as { errorCode: number; data: { sessionId: string; token: string } };
}

/** Advances to the last second of what was made at the start and lives so long. */
const toTheEndOf = (lifeMs: number) => world.clock.advance(start + lifeMs - 1_000 - world.clock.now());

test("new keys of every kind sign nobody out: what was made before them is valid to its end", async () => {
  const session = await world.signIn();
  const visitor = createVisitor(world);
  await visitor.enter("13900139000");
  const begun = createVisitor(world);
  await begun.go("/sign-in");
  const phone = "13700137000";
  const { data } = await demo({ method: "getSms", phone });
  const login = { method: "login", phone, sessionId: data.sessionId, code: world.sms.lastCode() };
  const { token } = (await demo(login)).data;
  const started = await world.post("/v1/verifications", { phone: "13600136000" });
  const { id: verificationId } = (await started.json()) as { id: string };
  const code = world.sms.lastCode();
  await rotateAll();

  toTheEndOf(600_000);
  expect((await world.post("/v1/sessions", { verificationId, code })).status).toBe(201);
  toTheEndOf(HOUR_MS);
  expect((await world.request("/v1/me", bearer(session.accessToken))).status).toBe(200);
  expect(await begun.go("/sign-in", { phone: "13500135000", country: "CN" })).toMatchObject({
    location: "/sign-in/code",
  });
  toTheEndOf(365 * DAY_MS);
  expect((await visitor.go("/account")).status).toBe(200);
  expect(await demo({ method: "login", phone, token })).toMatchObject({ errorCode: 0 });
  const refreshed = await world.post("/v1/sessions/refresh", { refreshToken: session.refreshToken });
  expect(refreshed.status).toBe(200);
});

test("new keys of every kind leave device tokens valid to their end, and old keys are kept longer than anything lives", async () => {
  const { deviceToken } = await world.signIn();
  await rotateAll();
  toTheEndOf(180 * DAY_MS);
  expect((await world.post("/v1/verifications", { phone: PHONE, deviceToken })).status).toBe(201);
  const metrics = await world.request("/metrics", { headers: { host: "localhost" }, from: "127.0.0.1" });
  expect(await metrics.text()).not.toContain("phonekey_device_tokens_refused_total{");
  for (const { keptMs } of Object.values(KEY_KINDS)) expect(keptMs).toBeGreaterThan(2 * MAX_LIFE_MS);
});

test("a new signing key signs nothing before all cached key sets have expired", async () => {
  const jwks = await world.request("/.well-known/jwks.json");
  const { keys } = (await jwks.json()) as { keys: { kid: string }[] };
  const known = keys.map(({ kid }) => kid);
  const keptMs = Number(/max-age=(\d+)/.exec(jwks.headers.get("cache-control") ?? "")?.[1]) * 1_000;
  await rotateAll();
  // For so long this process may have the former keys, and publish them.
  world.clock.advance(30_000);
  await world.request("/.well-known/jwks.json");
  world.clock.advance(keptMs);
  expect(known).toContain(kidOf((await world.signIn()).accessToken));
  world.clock.advance(HOUR_MS);
  expect(known).not.toContain(kidOf((await world.signIn()).accessToken));
});

function kidOf(token: string): string {
  const [header = ""] = token.split(".");
  return (JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string }).kid;
}
