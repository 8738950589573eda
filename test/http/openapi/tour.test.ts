import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REFUSALS, UnavailableError } from "../../../src/core/refusals.ts";
import { loadOperations } from "../../../src/http/api/index.ts";
import { allRefusals, type Operation } from "../../../src/http/api/operation.ts";
import { createTestVerifier } from "../../support/challenges.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, phoneNo } from "../support.ts";
import { tourData, tourPhone, tourSessions, tourSignIn, tourStepUp, tourUser } from "./account-tour.ts";
import { type OpenApi, violations } from "./document.ts";
import { tourFactors } from "./factors-tour.ts";
import { tourBeforePassword, tourPasswords, tourTestNumber } from "./password-tour.ts";
import { asUser, createTour, ID, json, nameOf, type Seen, type Tour } from "./tour.ts";
import { tourBackend, tourVerifications } from "./verifications-tour.ts";

const OPERATIONS = await loadOperations();

/** Operations that ask no store; a challenge is kept nowhere. */
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
const seen: Seen[] = [];

beforeAll(async () => {
  const challenge = createTestVerifier();
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
  const tour = createTour(world, challenge, seen);
  const { call } = tour;
  await tourVerifications(tour);
  const session = await tourSignIn(tour);
  await tourBackend(tour);
  await tourUser(tour, session);
  await tourSessions(tour, session);
  await tourStepUp(tour);
  await tourPhone(tour);
  await tourData(tour);
  await tourPasswords(tour);
  const challenged = await tourFactors(world, call);
  for (const path of ["/readyz", ...NEED_NO_STORE.slice(0, -1)]) await call(`GET ${path}`);
  // Without the database only operations that need no store can answer.
  world.clock.advance(300_000);
  await tourBeforePassword(tour);
  await tourTestNumber(tour);
  const last = await world.signIn(phoneNo(64));
  down = true;
  for (const each of OPERATIONS) await withoutDatabase(tour, each, last, challenged);
  down = false;
  await call("GET /readyz");
}, 60_000);
afterAll(() => world.close());

async function withoutDatabase(
  { call }: Tour,
  each: Operation,
  session: OpenedSession,
  challenge: string,
): Promise<void> {
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

  it("answers as the document declares, each time", () => {
    expect(answers().length).toBeGreaterThan(1);
    for (const { status, type, text } of answers()) {
      const { content } = described()[status] ?? {};
      expect(Object.keys(content ?? {})).toEqual(type === null ? [] : [type]);
      const schema = content?.[type ?? ""]?.schema;
      if (schema) expect(violations(document, schema, JSON.parse(text))).toEqual([]);
      else expect([status, text]).toEqual([204, ""]);
    }
  });

  it("was seen with its success and with every refusal that it declares", () => {
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

describe("violations, by which answers are checked,", () => {
  const schema = () => ({ $ref: "#/components/schemas/User" });
  const user = {
    id: "x",
    phone: "+86",
    name: "",
    avatar: "https://a.example/1.svg",
    hasPassword: false,
    createdAt: "2026-01-01T00:00:00Z",
  };

  it("finds nothing in a correct answer", () => expect(violations(document, schema(), user)).toEqual([]));

  it.each([
    [{ ...user, phoneTag: "x" }, "answer.phoneTag: is not declared"],
    [{ ...user, name: 1 }, "answer.name: is no string"],
    [{ ...user, avatar: "3" }, "answer.avatar: uri"],
    [{ id: "x" }, "answer.phone: is missing"],
    [[], "answer: is no object"],
  ])("finds the error in %j", (value, violation) => {
    expect(violations(document, schema(), value)).toContain(violation);
  });
});
