import type { Context } from "hono";
import type { z } from "zod";
import type { Backend } from "../../core/backend/api-key.ts";
import { ok, type RefusalCode, type Result, refuse } from "../../core/refusals.ts";
import type { Principal } from "../../core/session/session.ts";
import { answerWith } from "../answer-with.ts";
import { bearerToken } from "../bearer.ts";
import type { Env, HttpDeps } from "../context.ts";
import { mediaTypeOf } from "../media-type.ts";
import { fromOf } from "../middleware/request-context.ts";
import { problem } from "../problem.ts";
import { parse, readJson } from "../schema.ts";
import { allRefusals, type Operation, type PrincipalOf } from "./operation.ts";

/**
 * Runs a call: checks the credentials, then the request by its schemas; calls the handler; shapes the answer by its
 * schema.
 */
export async function runOperation(operation: Operation, deps: HttpDeps, c: Context<Env>): Promise<Response> {
  const request = await readRequest(operation, deps, c);
  if (!request.ok) return problem(c, request.refusal);
  const result = await operation.handle(request.value as never, deps);
  if (!result.ok) {
    assertDeclared(operation, result.refusal.code);
    return problem(c, result.refusal);
  }
  const { status, schema } = operation.answer;
  if (status === 204 || !schema) return c.body(null, 204);
  const headers = { "content-type": "application/json", ...operation.answer.headers };
  return answerWith(c, JSON.stringify(schema.parse(result.value)), status, headers);
}

/** Throws if the operation does not declare the refusal: callers would not find it in the documents. */
function assertDeclared(operation: Operation, code: RefusalCode): void {
  if (allRefusals(operation).includes(code)) return;
  throw new Error(`${operation.method} ${operation.path} refused with ${code}, which it does not declare`);
}

async function readRequest(
  operation: Operation,
  deps: HttpDeps,
  c: Context<Env>,
): Promise<Result<object, RefusalCode>> {
  // The body is received first, because it may come slowly. Credentials are then judged as they are once all of it is
  // here.
  if (operation.body) await c.req.arrayBuffer();
  const principal = await authenticate(operation, deps, c);
  if (!principal.ok) return principal;
  const key = operation.sends ? readIdempotencyKey(c) : ok(undefined);
  if (!key.ok) return key;
  const parts = await readParts(operation, c);
  if (!parts.ok) return parts;
  const { params, query, body } = parts.value;
  const idempotency =
    key.value === undefined
      ? undefined
      : { key: key.value, request: JSON.stringify([operation.method, operation.path, params, body]) };
  return ok({
    c,
    principal: principal.value,
    params,
    query,
    body,
    locale: c.get("locale"),
    userAgent: c.req.header("user-agent") ?? "",
    idempotency,
    ...fromOf(c),
  });
}

/** The path, the query and the body as the schemas output them. */
async function readParts(
  operation: Operation,
  c: Context<Env>,
): Promise<
  Result<
    { readonly params: unknown; readonly query: unknown; readonly body: unknown },
    "invalid_request" | "unsupported_media_type"
  >
> {
  const params = operation.params ? parse(operation.params, c.req.param()) : ok(undefined);
  if (!params.ok) return params;
  const query = operation.query ? parse(operation.query, singleQuery(c)) : ok(undefined);
  if (!query.ok) return query;
  const body = operation.body ? await readBody(operation.body, c) : ok(undefined);
  if (!body.ok) return body;
  return ok({ params: params.value, query: query.value, body: body.value });
}

/** Reads who calls from the credentials that the operation takes. */
async function authenticate(
  operation: Operation,
  deps: HttpDeps,
  c: Context<Env>,
): Promise<
  Result<PrincipalOf[Operation["auth"]], "invalid_token" | "password_required" | "invalid_api_key">
> {
  const { auth } = operation;
  if (auth === "none") return ok(undefined);
  const token = bearerToken(c) ?? "";
  switch (auth) {
    case "access_token":
      return await readOwner(operation, deps, token);
    case "backend":
      return await readBackend(deps, c, token);
    case "backend_if_shown":
      return isApiKey(token) ? await readBackend(deps, c, token) : ok(undefined);
    case "any_if_shown": {
      if (isApiKey(token)) {
        const backend = await readBackend(deps, c, token);
        return backend.ok ? ok({ backend: backend.value }) : backend;
      }
      if (!token) return ok({});
      // Here an invalid access token counts as none.
      const person = await readPerson(deps, token);
      return ok(person.ok ? { person: person.value } : {});
    }
  }
}

function isApiKey(token: string): boolean {
  return token.startsWith("pk_");
}

async function readOwner(
  { beforePassword }: Operation,
  deps: HttpDeps,
  token: string,
): Promise<Result<Principal, "invalid_token" | "password_required">> {
  const person = await readPerson(deps, token);
  if (!person.ok || beforePassword) return person;
  const own = deps.phonekey.sessions.requireOwnPassword(person.value);
  return own.ok ? person : own;
}

async function readPerson(deps: HttpDeps, token: string): Promise<Result<Principal, "invalid_token">> {
  return token ? await deps.phonekey.sessions.authenticate(token) : refuse("invalid_token");
}

async function readBackend(
  deps: HttpDeps,
  c: Context<Env>,
  secret: string,
): Promise<Result<Backend, "invalid_api_key">> {
  const backend = await deps.phonekey.backend.authenticate(secret, c.get("address") || undefined);
  if (backend.ok) c.set("backend", backend.value.client);
  return backend;
}

function readIdempotencyKey(c: Context<Env>): Result<string | undefined, "invalid_request"> {
  const key = c.req.header("idempotency-key");
  if (key === undefined || /^[\x21-\x7e]{16,128}$/.test(key)) return ok(key);
  return refuse("invalid_request", {
    field: "Idempotency-Key",
    detail: "must be 16 to 128 printable ASCII characters, random like a UUID",
  });
}

/** The query parameters. A parameter that is given twice stays a list, which every schema refuses. */
function singleQuery(c: Context<Env>): Record<string, string | string[]> {
  const entries = Object.entries(c.req.queries());
  return Object.fromEntries(
    entries.map(([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values]),
  );
}

async function readBody(
  schema: z.ZodType,
  c: Context<Env>,
): Promise<Result<unknown, "invalid_request" | "unsupported_media_type">> {
  const type = mediaTypeOf(c);
  if (type === undefined && schema.safeParse(undefined).success && (await isEmpty(c))) return ok(undefined);
  if (type !== "application/json") return refuse("unsupported_media_type", { field: "Content-Type" });
  const body = readJson(await c.req.arrayBuffer());
  return body.ok ? parse(schema, body.value) : body;
}

async function isEmpty(c: Context<Env>): Promise<boolean> {
  return (await c.req.arrayBuffer()).byteLength === 0;
}
