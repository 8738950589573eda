import type { Handler } from "hono";
import { z } from "zod";
import { REFUSALS, type RefusalCode } from "../../core/refusals.ts";
import type { Env, HttpSettings } from "../context.ts";
import { originOf } from "../origin.ts";
import { allRefusals, type Operation } from "./operation.ts";
import { Problem } from "./schemas/problem.ts";

/** A JSON Schema (draft 2020-12), which is what OpenAPI 3.1 takes. */
type JsonSchema = Readonly<Record<string, unknown>>;

export const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "16 to 128 characters, random like a UUID. The same key gives the same answer for 24 hours and sends nothing again, also where the sender refused: another try takes a new key.",
  schema: { type: "string", minLength: 16, maxLength: 128 },
};

/** GET /openapi.json: the document of these operations, for the server that was asked. */
export function createOpenApi(settings: HttpSettings, operations: readonly Operation[]): Handler<Env> {
  const document = openApiDocument(operations, settings.version);
  return (c) => c.json({ ...document, servers: [{ url: originOf(c, settings) }] });
}

/** The OpenAPI 3.1 document of these operations, made from the same definitions that validate requests. */
function openApiDocument(operations: readonly Operation[], version: string) {
  const schemas: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describeOperation(operation, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Phonekey",
      version,
      description: "Phone sign-in that you run yourself. Errors are RFC 9457 problem documents.",
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        apiKey: { type: "http", scheme: "bearer", description: "A backend's API key, `pk_…`." },
      },
    },
  };
}

function describeOperation(operation: Operation, schemas: Record<string, JsonSchema>): object {
  const { summary, description, body, answer, example } = operation;
  const parameters = parametersOf(operation);
  const bodyContent = body && { schema: schemaOf(body, "input", schemas), ...(example && { example }) };
  return {
    operationId: operation.id,
    summary,
    description,
    ...SECURITY[operation.auth],
    ...(parameters.length > 0 && { parameters }),
    ...(bodyContent && {
      requestBody: {
        required: !body?.safeParse(undefined).success,
        content: { "application/json": bodyContent },
      },
    }),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.schema && {
          content: { "application/json": { schema: schemaOf(answer.schema, "output", schemas) } },
        }),
      },
      ...problemsOf(operation, schemas),
    },
  };
}

const SECURITY: Readonly<Record<Operation["auth"], object>> = {
  none: { security: [] },
  access_token: { security: [{ accessToken: [] }] },
  backend: { security: [{ apiKey: [] }] },
  backend_if_shown: { security: [{}, { apiKey: [] }] },
  any_if_shown: { security: [{}, { apiKey: [] }, { accessToken: [] }] },
};

function parametersOf({ params, query, sends }: Operation): object[] {
  const named = (schema: z.ZodObject | undefined, where: "path" | "query") =>
    Object.entries(schema?.shape ?? {}).map(([name, field]) => {
      const { description, ...rest } = plainSchema(field, "input");
      return { name, in: where, required: true, description, schema: rest };
    });
  return [...named(params, "path"), ...named(query, "query"), ...(sends ? [IDEMPOTENCY_KEY] : [])];
}

/** One answer a status, with the codes it may carry. */
function problemsOf(operation: Operation, schemas: Record<string, JsonSchema>): object {
  const problem = schemaOf(Problem, "output", schemas);
  const all = allRefusals(operation);
  const statuses = new Set(all.map((code) => REFUSALS[code].status));
  const withStatus = (status: number) => all.filter((code) => REFUSALS[code].status === status);
  return Object.fromEntries(
    [...statuses].map((status) => [status, problemAnswer(problem, withStatus(status))]),
  );
}

function problemAnswer(problem: JsonSchema, codes: readonly RefusalCode[]): object {
  const schema = { allOf: [problem, { properties: { code: { enum: codes } } }] };
  return {
    description: codes.map((code) => `\`${code}\`: ${REFUSALS[code].en}`).join(" "),
    content: { "application/problem+json": { schema } },
  };
}

/** A schema in the document. A named schema goes into its components, and a reference stands in its place. */
function schemaOf(
  schema: z.ZodType,
  io: "input" | "output",
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  const { $defs = {}, ...root } = JSON.parse(
    JSON.stringify(plainSchema(schema, io)).replaceAll('"#/$defs/', '"#/components/schemas/'),
  );
  Object.assign(schemas, $defs);
  const { id, ...unnamed } = root;
  if (!id) return root;
  schemas[id] = unnamed;
  return { $ref: `#/components/schemas/${id}` };
}

/** @param io whether the schema describes a value in a request or in an answer */
export function plainSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema, "~standard": _, ...plain } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return plain;
}
