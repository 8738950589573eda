import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ok, type RefusalCode, refuse, UnavailableError } from "../../../src/core/refusals.ts";
import { operation, type Unplaced } from "../../../src/http/api/operation.ts";
import { runOperation } from "../../../src/http/api/run.ts";
import type { Env, HttpDeps } from "../../../src/http/context.ts";
import { answerFault } from "../../../src/http/middleware/errors.ts";
import { bodyOf, type ProblemBody } from "../support.ts";

const SECRET = "+8613800138000 code 004217";

const place = { id: "madeUp", method: "post", path: "/made-up" } as const;
const parts = {
  summary: "A call that only this test knows",
  description: "It does what a programmer should not.",
  auth: "none",
  refusals: ["not_found"],
} as const;

/** Runs a made-up call, and resolves with its answer and with what was logged. */
async function run(made: Unplaced, body: unknown = {}) {
  const logged: { level: string; fields: Record<string, unknown> }[] = [];
  const at = (level: string) => (fields: object) => void logged.push({ level, fields: { ...fields } });
  const log = { info: at("info"), warn: at("warn"), error: at("error") };
  // The made-up operations ask for no user and touch no store: they need only the log.
  const deps = { log } as unknown as HttpDeps;
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    c.set("requestId", "the-request");
    c.set("locale", "en");
    c.set("addressKey", "");
    await next();
  });
  app.post("/made-up", (c) => runOperation({ ...place, ...made }, deps, c));
  app.onError(answerFault(deps));
  const headers = { "content-type": "application/json" };
  const response = await app.request("/made-up", { method: "POST", headers, body: JSON.stringify(body) });
  return { response, logged };
}

async function expectFault(made: Unplaced): Promise<void> {
  const { response, logged } = await run(made);
  const text = await response.clone().text();
  expect(await bodyOf<ProblemBody>(response)).toEqual({
    type: "/docs#error-internal_error",
    title: "Something went wrong on our side. Please try again later.",
    status: 500,
    detail: "Something went wrong on our side. Please try again later.",
    code: "internal_error",
    requestId: "the-request",
  });
  expect(text).not.toContain("004217");
  expect(logged).toEqual([
    { level: "error", fields: { requestId: "the-request", route: "/made-up", err: expect.any(Error) } },
  ]);
}

const answer = { status: 200, description: "", schema: z.object({ name: z.string() }) } as const;

describe("an operation", () => {
  it("answers only with the fields of its schema", async () => {
    const made = operation({
      ...parts,
      answer,
      handle: async () => {
        const value = { name: "Lin", phoneTag: SECRET };
        return ok(value);
      },
    });
    const { response } = await run(made);
    expect([response.status, await response.text()]).toEqual([200, '{"name":"Lin"}']);
  });

  it("answers with the status of a refusal that it declares, and logs nothing", async () => {
    const made = operation({ ...parts, answer, handle: async () => refuse("not_found") });
    const { response, logged } = await run(made);
    expect([response.status, logged]).toEqual([404, []]);
  });

  it("that refuses with a code that it does not declare is a fault of ours", async () => {
    const undeclared: RefusalCode = "invalid_code";
    const made = operation({ ...parts, answer, handle: async () => refuse(undeclared as "not_found") });
    await expectFault(made);
  });

  it("whose answer does not match its schema is a fault of ours", async () => {
    const wrong: unknown = { name: 42 };
    const made = operation({ ...parts, answer, handle: async () => ok(wrong as { name: string }) });
    await expectFault(made);
  });

  it("that throws is a fault of ours, and its message reaches nobody outside", async () => {
    const made = operation({
      ...parts,
      answer,
      handle: async () => {
        throw new Error(SECRET);
      },
    });
    await expectFault(made);
  });

  it("that throws UnavailableError is answered 503 with its Retry-After, and logged as a warning", async () => {
    const made = operation({
      ...parts,
      answer,
      handle: async () => {
        throw new UnavailableError("the database", { cause: new Error(SECRET), retryAfterSeconds: 7 });
      },
    });
    const { response, logged } = await run(made);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await bodyOf<ProblemBody>(response)).toMatchObject({
      status: 503,
      code: "unavailable",
      retryAfter: 7,
    });
    expect(logged.map(({ level }) => level)).toEqual(["warn"]);
  });

  it("gets the body as its schema parsed it, with defaults", async () => {
    const body = z.strictObject({ name: z.string().default("nobody") });
    const made = operation({ ...parts, body, answer, handle: async (request) => ok(request.body) });
    expect(await (await run(made)).response.json()).toEqual({ name: "nobody" });
  });

  it("names the wrong field by the variant of the schema that the body is nearest to", async () => {
    const body = z.union(
      [z.strictObject({ a: z.string(), b: z.string() }), z.strictObject({ c: z.string(), d: z.string() })],
      { error: "must hold a and b, or c and d" },
    );
    const made = operation({ ...parts, body, answer, handle: async () => ok({ name: "" }) });
    const fieldOf = async (sent: unknown) =>
      (await bodyOf<ProblemBody>((await run(made, sent)).response)).detail;
    expect(await fieldOf({ a: "x", b: 1 })).toBe("`b` is missing or has the wrong type.");
    expect(await fieldOf({ c: "x" })).toBe("`d` is missing or has the wrong type.");
    expect(await fieldOf({ c: "x", d: "y", e: "z" })).toBe("`e` is not a known field.");
    // The name of a field that may hold a code is not repeated.
    expect(await fieldOf({ c: "x", d: "y", e204060: "z" })).toBe("`body` is not a known field.");
    expect(await fieldOf({})).toBe("`body` must hold a and b, or c and d.");
    expect(await fieldOf([])).toBe("`body` must hold a and b, or c and d.");
  });
});
