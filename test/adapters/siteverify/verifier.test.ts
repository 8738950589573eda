import { describe, expect, onTestFinished, test } from "vitest";
import { HCAPTCHA, type Service, TURNSTILE } from "../../../src/adapters/siteverify/services.ts";
import { createSiteverifyVerifier } from "../../../src/adapters/siteverify/verifier.ts";
import type { Captcha } from "../../../src/core/protection/challenges/ports.ts";
import { createTestClock } from "../../support/clock.ts";
import { startSiteverify, type Trouble } from "../../support/siteverify.ts";

const KEYS = { siteKey: "site-key", secretKey: "the-secret" };
const REQUEST = { phoneTag: "t1.tag", purpose: "sign_in", address: "203.0.113.7" };
const [INVALID, UNAVAILABLE] = [{ status: "invalid" }, { status: "unavailable" }];

async function start(service: Service, keys = KEYS, deadlineMs = 2_000) {
  const clock = createTestClock();
  const standIn = await startSiteverify({ kind: service.kind, ...KEYS }, clock);
  onTestFinished(standIn.close);
  const reported: string[] = [];
  const verifier = createSiteverifyVerifier(service, {
    ...keys,
    hosts: ["auth.example.com"],
    endpoint: standIn.url,
    deadline: () => AbortSignal.timeout(deadlineMs),
    report: (problem) => reported.push(problem),
  });
  const verify = (token: string, request: typeof REQUEST | Omit<typeof REQUEST, "address"> = REQUEST) =>
    verifier.verify({ kind: service.kind, token }, request, clock.now());
  return { ...standIn, clock, reported, verifier, verify };
}

describe.each([TURNSTILE, HCAPTCHA])("$kind", (service) => {
  test("asks with the secret, the token and the address, and accepts what was solved", async () => {
    const { seen, solve, verify, verifier } = await start(service);
    const token = solve("auth.example.com");
    expect(await verify(token)).toEqual({
      status: "solved",
      id: expect.stringMatching(/^[\w-]{43}$/),
      livesMs: service.livesMs,
    });
    expect(seen[0]).toMatchObject({ secret: KEYS.secretKey, response: token, remoteip: REQUEST.address });
    expect(verifier).toMatchObject({ kind: service.kind, isThirdParty: true, siteKey: KEYS.siteKey });
  });

  test("leaves the address out if it is unknown", async () => {
    const { seen, solve, verify } = await start(service);
    const { address: _, ...request } = REQUEST;
    await verify(solve("auth.example.com"), request);
    expect(seen[0]).not.toHaveProperty("remoteip");
  });

  test("refuses forged and expired tokens, and does not ask about tokens of another kind", async () => {
    const { clock, reported, seen, solve, verify, verifier } = await start(service);
    expect(await verify("forged")).toEqual(INVALID);
    const token = solve("auth.example.com");
    clock.advance(service.livesMs);
    expect(await verify(token)).toEqual(INVALID);
    const foreign: Captcha = { kind: "altcha", payload: "x" };
    expect(await verifier.verify(foreign, REQUEST, clock.now())).toEqual(INVALID);
    expect(seen).toHaveLength(2);
    expect(reported).toEqual([]);
  });

  test.each<[string, Trouble]>([
    ["answers 500", { status: 500 }],
    ["breaks the connection", "cut"],
    ["answers garbage", "garbage"],
    ["never answers", "hang"],
    ["reports an internal error", { codes: ["internal-error"] }],
    ["reports an unknown error code", { codes: ["what-is-this-<script>"] }],
  ])("is unavailable when the service %s, and reports it in Phonekey's own words", async (_, trouble) => {
    const { reported, troubles, verify, solve } = await start(service, KEYS, 300);
    troubles.push(trouble);
    const token = solve("auth.example.com");
    expect(await verify(token)).toEqual(UNAVAILABLE);
    expect(reported).toHaveLength(1);
    expect(reported.join()).not.toMatch(/<|script|the-secret/);
    expect(await verify(token)).toMatchObject({ status: "solved" });
  });

  test("is unavailable if the secret is wrong, since the client cannot correct that", async () => {
    const { reported, solve, verify } = await start(service, { ...KEYS, secretKey: "old" });
    expect(await verify(solve("auth.example.com"))).toEqual(UNAVAILABLE);
    expect(reported).toEqual(["invalid-input-secret"]);
  });
});

test("Turnstile: a token of another host is refused", async () => {
  const { solve, verify } = await start(TURNSTILE);
  expect(await verify(solve("evil.example"))).toEqual(INVALID);
});

test("Turnstile: a token may be judged again, for a start that was refused for another reason", async () => {
  const { seen, solve, verify } = await start(TURNSTILE);
  const [one, other] = [solve("auth.example.com"), solve("auth.example.com")];
  for (const token of [one, one, other]) expect(await verify(token)).toMatchObject({ status: "solved" });
  const keys = seen.map(({ idempotency_key }) => idempotency_key);
  expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[0]).not.toBe(keys[2]);
});

test("hCaptcha: a token of another site key is a fault in the settings; a used token is refused", async () => {
  const { reported, solve, verify } = await start(HCAPTCHA, { ...KEYS, siteKey: "other" });
  expect(await verify(solve())).toEqual(UNAVAILABLE);
  expect(reported).toEqual(["sitekey-secret-mismatch"]);
  const right = await start(HCAPTCHA);
  const token = right.solve();
  expect(await right.verify(token)).toMatchObject({ status: "solved" });
  expect(await right.verify(token)).toEqual(INVALID);
});
