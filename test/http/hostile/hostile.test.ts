import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOperations } from "../../../src/http/api/index.ts";
import type { Operation } from "../../../src/http/api/operation.ts";
import { deviceLabel } from "../../../src/http/device-label.ts";
import { apiKey } from "../../backend/support.ts";
import { bearer, createWorld, type World } from "../../support/world.ts";
import { bodyOf, PHONE, type ProblemBody, refused } from "../support.ts";
import { fieldsOf, pathOf, validBody } from "./calls.ts";
import { BAD_TEXTS, CANARY, chunks, NO_JSON_OBJECT, WRONG_TYPES } from "./input.ts";

const OPERATIONS = await loadOperations();

const ECHO = "ECHO-5b21";
const PROTOTYPE = Object.getOwnPropertyNames(Object.prototype);

let world: World;
let token: string;
let key: string;

beforeAll(async () => {
  const LIMIT_ADDRESS_CHECKS = "unlimited";
  world = await createWorld({ env: { LIMIT_ADDRESS_CHECKS, LIMIT_ADDRESS_SENDS: "unlimited" } });
  token = (await world.signIn()).accessToken;
  key = await apiKey(world);
});
afterAll(() => world.close());

const withBody = OPERATIONS.filter(({ body }) => body);
const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;
const named = (operations: readonly Operation[]) =>
  operations.map((operation) => [nameOf(operation), operation] as const);

const credentials = ({ auth }: Operation) => bearer(auth === "backend" ? key : token);

interface Sent {
  readonly body?: RequestInit["body"];
  readonly headers?: Readonly<Record<string, string>>;
}

function send(operation: Operation, { body, headers = {} }: Sent, path = pathOf(operation)) {
  const type = operation.body ? { "content-type": "application/json" } : {};
  return world.request(path, {
    method: operation.method.toUpperCase(),
    headers: { ...credentials(operation), ...type, ...headers },
    ...(body !== undefined && { body, duplex: "half" as const }),
  });
}

/** Expects a problem document of a client error that repeats nothing of the request. */
async function expectClientError(response: Response): Promise<ProblemBody> {
  const text = await response.text();
  expect(response.status, text).toBeGreaterThanOrEqual(400);
  expect(response.status, text).toBeLessThan(500);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(text).not.toContain(CANARY);
  expect(JSON.stringify([...response.headers])).not.toContain(CANARY);
  return JSON.parse(text) as ProblemBody;
}

describe.each(named(withBody))("%s", (_, operation) => {
  it.each(NO_JSON_OBJECT)("refuses a body that is %s", async (_name, body) => {
    const problem = await expectClientError(await send(operation, { body }));
    expect(problem).toMatchObject({ code: "invalid_request" });
    expect(problem.field).toBeTypeOf("string");
  });

  it("refuses a field that is given twice, even if one name is escaped", async () => {
    const valid = JSON.stringify(validBody(operation, ""));
    const [, key = ""] = /^\{"(\w+)"/.exec(valid) ?? [];
    const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, "0")}${key.slice(1)}`;
    for (const twin of [key, escaped]) {
      const response = await send(operation, { body: `{"${twin}":"${CANARY}",${valid.slice(1)}` });
      expect(await expectClientError(response)).toMatchObject({ code: "invalid_request", field: "body" });
    }
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
  ])("refuses a body of type %s (T36)", async (type) => {
    const body = JSON.stringify(validBody(operation, ""));
    await refused(
      await send(operation, { body, headers: { "content-type": type } }),
      "unsupported_media_type",
      "Content-Type",
    );
  });

  it("refuses a request without a body", async () => {
    await expectClientError(await send(operation, {}));
    if (operation.body?.safeParse(undefined).success) return;
    const bare = { method: operation.method.toUpperCase(), headers: credentials(operation) };
    await refused(await world.request(pathOf(operation), bare), "unsupported_media_type", "Content-Type");
  });

  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then"])(
    "refuses the key %s by its name, and Object.prototype stays unchanged (T38)",
    async (key) => {
      const valid = JSON.stringify(validBody(operation, ""));
      const body = `{"${key}":{"polluted":"${CANARY}"},${valid.slice(1)}`;
      const problem = await expectClientError(await send(operation, { body }));
      expect(problem).toMatchObject({ code: "invalid_request", field: key });
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(PROTOTYPE);
    },
  );

  describe.each(fieldsOf(operation))("with %s", (field) => {
    it.each(WRONG_TYPES)("as %s is refused, naming the field", async (_name, value) => {
      const body = JSON.stringify({ ...validBody(operation, field), [field]: value });
      const problem = await expectClientError(await send(operation, { body }));
      // If the field holds an object, the refusal may name a field of that.
      expect(problem.code).toBe("invalid_request");
      expect(problem.field?.split(".")[0]).toBe(field);
      expect(problem.detail).toContain(`\`${problem.field}\``);
    });

    it.each(BAD_TEXTS)("as a text with %s is no fault and comes back nowhere", async (_name, value) => {
      const body = JSON.stringify({ ...validBody(operation, field), [field]: value });
      const response = await send(operation, { body });
      const text = await response.text();
      expect(response.status, text).toBeLessThan(500);
      // An invalid device token makes the client a stranger; a name, a label and a password may be almost anything.
      const taken = ["deviceToken", "name", "label", "newPassword"].includes(field);
      if (response.status < 400) expect(taken).toBe(true);
      if (response.status >= 400) expect(text).not.toContain(CANARY);
    });
  });
});

describe.each(named(OPERATIONS.filter(({ method }) => method !== "get")))("%s", (_, operation) => {
  it.each([
    ["with its length", () => "x".repeat(17 * 1024), { "content-length": String(17 * 1024) }],
    ["in chunks", () => chunks(17), {}],
    [
      "in chunks with a Content-Length that is too small",
      () => chunks(17),
      { "transfer-encoding": "chunked", "content-length": "10" },
    ],
  ] as const)("refuses a body of 17 KB %s before it is parsed (T44)", async (_name, body, headers) => {
    await refused(await send(operation, { body: body(), headers }), "request_too_large");
  });
});

describe.each(named(OPERATIONS.filter(({ method }) => method === "get")))("%s", (_, operation) => {
  it("ignores the length of a body, since it reads none", async () => {
    const plain = await send(operation, {});
    const long = await send(operation, { headers: { "content-length": String(17 * 1024) } });
    expect(long.status).toBe(plain.status);
  });
});

describe.each(named(OPERATIONS.filter(({ auth }) => auth === "access_token")))("%s", (_, operation) => {
  it("judges the credentials before anything else", async () => {
    const init = { method: operation.method.toUpperCase(), ...(operation.body && { body: "{" }) };
    await refused(await world.request(operation.path.replace("{id}", "%00"), init), "invalid_token");
  });
});

describe.each(named(OPERATIONS.filter(({ params }) => params)))("%s", (_, operation) => {
  it.each([
    ["NUL", "%00"],
    ["no UTF-8", "%ff"],
    ["a path", "..%2f..%2fetc"],
    ["SQL", "1'--"],
    ["an emoji", "%F0%9F%98%80"],
    ["5000 characters", "a".repeat(5000)],
    ["other text", CANARY],
  ])("refuses an id that is %s by the name of its field", async (_name, id) => {
    const problem = await expectClientError(await send(operation, {}, operation.path.replace("{id}", id)));
    expect(problem).toMatchObject({ code: "invalid_request", field: "id" });
  });
});

describe.each(named(OPERATIONS))("%s", (_, operation) => {
  it("answers without a fault or an echo to 500 unknown query parameters", async () => {
    const extra = Array.from({ length: 500 }, (_value, n) => `a${n % 7}=${ECHO}`).join("&");
    const path = `${pathOf(operation)}${operation.query ? "&" : "?"}__proto__=1&constructor=2&${extra}`;
    const response = await send(operation, operation.body ? { body: "{}" } : {}, path);
    expect(response.status).toBeLessThan(500);
    expect(await response.text()).not.toContain(ECHO);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(PROTOTYPE);
    token = (await newToken()) ?? token;
  });
});

/** A new token, if the operation ended the session of the last one. */
async function newToken(): Promise<string | undefined> {
  if ((await world.request("/v1/me", { headers: bearer(token) })).status === 200) return undefined;
  world.clock.advance(3_600_000);
  return (await world.signIn()).accessToken;
}

describe("any request", () => {
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));
  const keys = fc.constantFrom(
    "phone",
    "code",
    "verificationId",
    "name",
    "avatar",
    "refreshToken",
    "__proto__",
  );
  const almost = fc
    .dictionary(keys, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
    .map((value) => JSON.stringify(value));
  const headerValue = fc
    .string({ unit: "binary-ascii", maxLength: 60 })
    .map((text) => text.replace(/[^\x20-\x7e]/g, ""));
  const headers = fc.dictionary(
    fc.constantFrom(
      "authorization",
      "idempotency-key",
      "accept-language",
      "user-agent",
      "x-forwarded-for",
      "forwarded",
      "origin",
      "cookie",
      "content-length",
      "accept",
    ),
    headerValue,
    { maxKeys: 5 },
  );

  it("is answered without a fault", { timeout: 60_000 }, async () => {
    const request = fc.record({
      operation: fc.constantFrom(...OPERATIONS),
      body: fc.oneof(json, almost, fc.string()),
      headers,
      path: fc.option(fc.webPath(), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ operation, body, headers, path }) => {
        const sent = { headers, ...(operation.method !== "get" && { body }) };
        const response = await send(operation, sent, path === undefined ? undefined : `/v1${path}`);
        expect(response.status).toBeLessThan(500);
      }),
      { numRuns: 600 },
    );
  });

  it("is answered without a fault at any path", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.webPath(),
        fc.webQueryParameters(),
        fc.constantFrom("GET", "POST", "PUT", "BREW"),
        async (path, query, method) => {
          const response = await world.request(`/${path.replace(/^\/+/, "")}?${query}`, { method });
          expect(response.status).toBeLessThan(500);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("gets a device label of 64 characters at most from any User-Agent", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 256 }), async (agent) => {
        expect((await deviceLabel(agent)).length).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe("after the requests above", () => {
  it("the log holds no canary, echo, phone or fault", () => {
    const text = JSON.stringify(world.logged);
    expect(world.logged.length).toBeGreaterThan(500);
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(ECHO);
    expect(text).not.toContain(PHONE.slice(1));
    expect(world.logged.filter((line) => "err" in line)).toEqual([]);
  });

  it("the server is healthy", async () => {
    const response = await world.request("/healthz");
    expect(await bodyOf(response)).toEqual({ status: "ok" });
  });
});
