import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../src/adapters/system/log.ts";
import { UnavailableError } from "../../src/core/refusals.ts";
import { bearer, createWorld, type OpenedSession, type World } from "../support/world.ts";
import { bodyOf, type ProblemBody, refused, start, wrongCode } from "./support.ts";

const PHONE = "+8613987654321";
const NAME = "Canary Kanarienvogel";
const AGENT = "CanaryAgent/1.0 \u001b[31m(phone 13987654321)";

/** Lines of the real log, as in the file. */
const lines: string[] = [];
const answers: { route: string; status: number; head: string; body: string }[] = [];
const codes = new Set<string>();
const tokens = new Set<string>();

let world: World;
let failure: Error | undefined;

async function call(
  method: string,
  path: string,
  init: { body?: unknown; headers?: Record<string, string> } = {},
) {
  const headers = {
    "user-agent": AGENT,
    "x-forwarded-for": "198.51.100.77\u001b[2J",
    referer: `http://localhost/?phone=${PHONE}`,
    ...(init.body !== undefined && { "content-type": "application/json" }),
    ...init.headers,
  };
  const body = init.body === undefined ? undefined : JSON.stringify(init.body);
  const response = await world.request(path, { method, headers, ...(body !== undefined && { body }) });
  answers.push({
    route: `${method} ${path.split("?")[0]}`,
    status: response.status,
    head: JSON.stringify([...response.headers]),
    body: await response.clone().text(),
  });
  return response;
}

/** Notes the tokens of an answer as canaries. */
async function tokensOf(response: Response): Promise<OpenedSession> {
  const session = await bodyOf<OpenedSession>(response);
  const { accessToken, refreshToken, deviceToken } = session;
  for (const token of [accessToken, refreshToken, deviceToken]) tokens.add(token);
  return session;
}

beforeAll(async () => {
  const log = createLog("trace", { write: (line) => void lines.push(line) });
  const onStatement = () => {
    if (failure) throw failure;
  };
  world = await createWorld({ parts: { log, onStatement } });
  await tourOfFaults(await tour());
  for (const { code } of world.sms.sent) codes.add(code);
});
afterAll(() => world.close());

/** A start, a sign-in and calls of the user, with mistakes. */
async function tour(): Promise<OpenedSession> {
  const key = { "idempotency-key": "canary-key-0123456789" };
  tokens.add(key["idempotency-key"]);
  const started = await call("POST", "/v1/verifications", { body: { phone: PHONE }, headers: key });
  const { id } = await bodyOf<{ id: string }>(started);
  await call("POST", "/v1/verifications", { body: { phone: `${PHONE}x` } });
  await call("POST", "/v1/verifications", { body: { [PHONE]: PHONE } });
  await call("GET", `/v1/verifications/${PHONE}`);
  await call("GET", `/${PHONE}?code=${world.sms.lastCode()}%0d%0aX-Injected:%201`);
  await call("PROPFIND", `/v1/me?phone=${PHONE}`);
  const code = world.sms.lastCode();
  await call("POST", "/v1/sessions", { body: { verificationId: id, code: wrongCode(code) } });
  await call("POST", "/v1/sessions", { body: { verificationId: id, code: `${code}\r\n${PHONE}` } });
  const session = await tokensOf(await call("POST", "/v1/sessions", { body: { verificationId: id, code } }));
  const headers = bearer(session.accessToken);
  await call("PATCH", "/v1/me", { body: { name: NAME }, headers });
  await call("PATCH", "/v1/me", { body: { name: `${NAME}\u2028` }, headers });
  await call("GET", "/v1/me", { headers });
  await call("GET", "/v1/sessions", { headers });
  const { refreshToken } = session;
  await call("POST", "/v1/sessions/refresh", { body: { refreshToken: `${refreshToken}x` } });
  await call("GET", "/v1/me", { headers: bearer(`${session.accessToken}x`) });
  return await tokensOf(await call("POST", "/v1/sessions/refresh", { body: { refreshToken } }));
}

/** The same calls while a store throws errors with secrets in them. */
async function tourOfFaults({ accessToken, refreshToken }: OpenedSession): Promise<void> {
  const { id } = await start(world, "+8613987654322");
  const talkative = `row (${PHONE}, ${world.sms.lastCode()}, ${refreshToken}) and Bearer ${accessToken}`;
  const cause = new Error(talkative, { cause: talkative });
  const failures = [
    Object.assign(new Error(talkative, { cause }), { parameters: [PHONE, NAME], sql: `SELECT '${NAME}'` }),
    new UnavailableError("the database", { cause }),
  ];
  for (failure of failures) {
    const body = { verificationId: id, code: world.sms.lastCode() };
    await call("POST", "/v1/sessions", { body });
    await call("POST", "/v1/verifications", { body: { phone: PHONE } });
    await call("POST", "/v1/sessions/refresh", { body: { refreshToken } });
    await call("GET", "/v1/me", { headers: bearer(accessToken) });
    await call("GET", "/readyz");
  }
  failure = undefined;
}

/** The forms in which the phone could be found. */
const PHONE_FORMS = [PHONE, PHONE.slice(1), PHONE.slice(3), "139 8765 4321", encodeURIComponent(PHONE)];

function expectNoCanary(text: string): void {
  for (const form of PHONE_FORMS) expect(text).not.toContain(form);
  for (const code of codes) expect(text).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`));
  for (const token of tokens) {
    expect(text).not.toContain(token);
    // A part of a token can be as bad as the whole: the signature, or the claims.
    for (const part of token.split(".").slice(1)) expect(text).not.toContain(part);
  }
  expect(text).not.toContain(NAME);
}

describe("the log (T33, T34)", () => {
  it("holds no phone, code, token, key or name, whatever was thrown", () => {
    expect(codes.size).toBeGreaterThan(1);
    expect(tokens.size).toBeGreaterThan(5);
    expect(lines.length).toBeGreaterThan(20);
    expectNoCanary(lines.join(""));
  });

  it("holds no User-Agent or Referer and no claimed address of a client", () => {
    expect(lines.join("")).not.toMatch(/CanaryAgent|198\.51\.100\.77|Injected/);
  });

  it("is one JSON object a line, without control characters", () => {
    for (const line of lines) {
      expect(line.endsWith("\n")).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(JSON.parse(line)).toBeTypeOf("object");
    }
  });

  it("has the request, the route and the scrubbed cause of each fault", () => {
    const entries = lines.map((line) => JSON.parse(line));
    const faults = entries.filter(({ msg }) => msg === "fault");
    const outages = entries.filter(({ msg }) => msg === "unavailable");
    expect([faults.length, outages.length]).toEqual([5, 5]);
    for (const entry of [...faults, ...outages]) {
      expect(entry.requestId).toMatch(/^[\da-f-]{36}$/);
      expect(entry.route).toMatch(/^\/[a-z\d/:]+$/);
      expect(entry.err.stack).toContain("at ");
      expect(JSON.stringify(entry.err)).toContain("row ([number], [number], [secret]) and Bearer [secret]");
    }
  });

  it("names routes by their pattern, never by the path that was asked for", () => {
    const requests = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "request");
    expect(requests.length).toBe(answers.length + 1);
    const served = new Set([...world.app.routes.map(({ path }) => path)]);
    for (const { route } of requests) expect(served).toContain(route);
  });
});

describe("the answers to the same calls", () => {
  const OWN = /^(POST \/v1\/sessions|POST \/v1\/sessions\/refresh|GET \/v1\/me|PATCH \/v1\/me)$/;

  it("have phone, name and tokens only where they belong to the caller", () => {
    expect(answers.length).toBeGreaterThan(20);
    for (const { route, status, head, body } of answers) {
      expectNoCanary(head);
      if (!(status < 300 && OWN.test(route))) expectNoCanary(body);
    }
  });

  it("hold no code, and nothing of the cause of a fault", () => {
    for (const { body } of answers) {
      for (const code of codes) expect(body).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`));
      expect(body).not.toMatch(/SELECT|at .*\.ts|node_modules|Kysely/);
    }
    const faults = answers.filter(({ status }) => status >= 500);
    expect(faults.map(({ status }) => status)).toEqual([500, 500, 500, 500, 500, 503, 503, 503, 503, 503]);
    for (const { body, head } of faults) {
      const problem = JSON.parse(body) as ProblemBody;
      expect(problem.detail).toBe(problem.title);
      expect(head.includes('["retry-after"')).toBe(problem.code === "unavailable");
    }
  });

  it("do not repeat a header that was forged", async () => {
    await refused(await call("GET", "/v1/me"), "invalid_token");
    expect(answers.at(-1)?.head).not.toMatch(/Canary|Injected|\\u001b/);
  });
});
