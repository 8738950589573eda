import type { Context } from "hono";
import type { z } from "zod";
import type { Backend } from "../../core/backend/api-key.ts";
import type { Locale } from "../../core/locale.ts";
import type { Phonekey } from "../../core/phonekey.ts";
import type { RefusalCode, Result } from "../../core/refusals.ts";
import type { Principal } from "../../core/session/session.ts";
import type { Client } from "../../core/verification/client.ts";
import type { ClientIdempotency } from "../../core/verification/idempotency.ts";
import type { Env, HttpDeps } from "../context.ts";

/** One call of the native API: its schemas, its refusals and its handler, from which everything else follows. */
export interface Operation {
  /** Its name in the documents; client generators name a method after it. */
  readonly id: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** With parameters as `{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /**
   * The credentials it takes: an access token or an API key (`backend`), which must be shown; an optional API key
   * (`backend_if_shown`); or an optional API key or access token (`any_if_shown`).
   */
  readonly auth: "none" | "access_token" | "backend" | "backend_if_shown" | "any_if_shown";
  /** Whether a session that a temporary password opened may call it before its user has chosen a password. */
  readonly beforePassword: boolean;
  /** Whether it takes an `Idempotency-Key`, as every call that sends a message does. */
  readonly sends: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** If the schema accepts `undefined`, the body may be left out. */
  readonly body?: z.ZodType;
  readonly answer: Answer;
  readonly refusals: readonly RefusalCode[];
  /** An example body for the documents. */
  readonly example?: object;
  /**
   * Takes the output of its schemas. `operation()` checks that, because the type of a list of operations cannot express
   * it.
   */
  readonly handle: (request: never, deps: HttpDeps) => Promise<Result<unknown, RefusalCode>>;
}

export interface Answer {
  readonly status: 200 | 201 | 204;
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that passed the checks of its credentials and schemas. */
export interface OperationRequest<Params, Query, Body, Who> extends Pick<Client, "addressKey" | "address"> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Who;
  readonly idempotency: ClientIdempotency | undefined;
  readonly locale: Locale;
  readonly userAgent: string;
  readonly c: Context<Env>;
}

/** Who calls, for each kind of `auth`. */
export interface PrincipalOf {
  readonly none: undefined;
  readonly access_token: Principal;
  readonly backend: Backend;
  readonly backend_if_shown: Backend | undefined;
  readonly any_if_shown: { readonly backend?: Backend; readonly person?: Principal };
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
/** The result of a handler: nothing if the answer has no body. */
type Handled<Schema, C extends RefusalCode> = Schema extends z.ZodType
  ? Result<z.input<Schema>, C>
  : Result<void, C>;

/** An operation before `index.ts` gives it its name and place. */
export type Unplaced = Omit<Operation, "id" | "method" | "path">;

interface Definition<Params, Query, Body, Schema, Codes extends readonly RefusalCode[], Auth>
  extends Omit<Unplaced, "handle" | "sends" | "beforePassword"> {
  readonly auth: Auth & Operation["auth"];
  readonly sends?: boolean;
  readonly beforePassword?: boolean;
  readonly params?: Params & z.ZodObject;
  readonly query?: Query & z.ZodObject;
  readonly body?: Body & z.ZodType;
  readonly answer: Omit<Answer, "schema"> & { readonly schema?: Schema & z.ZodType };
  readonly refusals: Codes;
  readonly handle: (
    request: OperationRequest<
      Parsed<Params>,
      Parsed<Query>,
      Parsed<Body>,
      Auth extends keyof PrincipalOf ? PrincipalOf[Auth] : never
    >,
    phonekey: Phonekey,
    deps: HttpDeps,
  ) => Promise<Handled<Schema, Codes[number]>>;
}

/**
 * Defines a call. The compiler refuses a handler whose answer does not match `answer.schema`, or whose refusal has a
 * code that `refusals` does not list.
 */
export function operation<
  const Codes extends readonly RefusalCode[],
  const Auth,
  Params = undefined,
  Query = undefined,
  Body = undefined,
  Schema = undefined,
>(definition: Definition<Params, Query, Body, Schema, Codes, Auth>): Unplaced {
  const { handle, ...rest } = definition;
  return {
    sends: false,
    beforePassword: false,
    ...(rest as Omit<Unplaced, "handle" | "sends" | "beforePassword">),
    handle: (request, deps) => handle(request, deps.phonekey, deps),
  };
}

/**
 * Every code that a call may be refused with: those that its operation declares, and those that follow from its parts.
 */
export function allRefusals(operation: Operation): RefusalCode[] {
  const codes = new Set<RefusalCode>(operation.refusals);
  if (operation.body ?? operation.params ?? operation.query) codes.add("invalid_request");
  if (operation.body) codes.add("unsupported_media_type");
  if (operation.method !== "get") codes.add("request_too_large");
  if (operation.auth === "access_token") codes.add("invalid_token");
  if (operation.auth === "access_token" && !operation.beforePassword) codes.add("password_required");
  if (["backend", "backend_if_shown", "any_if_shown"].includes(operation.auth)) codes.add("invalid_api_key");
  if (operation.sends) codes.add("invalid_request");
  return [...codes, "internal_error", "unavailable"];
}
