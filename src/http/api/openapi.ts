import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type RefusalCode, REFUSALS } from "../../core/refusals.ts";
import { allRefusals, type Operation } from "./operation.ts";

const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: "Stable; see the list of refusals." }),
    field: z.string().optional().openapi({ description: "Which part of the request is wrong." }),
    requestId: z.string(),
    retryAfter: z.int().optional().openapi({ description: "Seconds; the same as `Retry-After`." }),
  })
  .openapi("Problem");

const IdempotencyKey = z
  .string()
  .min(16)
  .max(128)
  .optional()
  .openapi({
    param: { name: "Idempotency-Key", in: "header" },
    description: "Random, like a UUID. The same key gives the same answer for 24 hours and sends nothing again.",
  });

/** The OpenAPI 3.1 document of these operations, from the very definitions that validate. */
export function openApiDocument(operations: readonly Operation[], version: string, origin: string) {
  const hono = new OpenAPIHono();
  const registry = hono.openAPIRegistry;
  registry.registerComponent("securitySchemes", "accessToken", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  for (const operation of operations) registerOperation(registry, operation);
  return hono.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Phonekey",
      version,
      description: "Phone sign-in that you run yourself. Errors are RFC 9457 problem documents.",
    },
    servers: [{ url: origin }],
  });
}

function registerOperation(registry: OpenAPIHono["openAPIRegistry"], operation: Operation): void {
  const { method, path, summary, description, params, query, body } = operation;
  registry.registerPath({
    method,
    path,
    summary,
    description,
    ...(operation.auth === "access_token" && { security: [{ accessToken: [] }] }),
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(operation.sends && { headers: z.object({ "Idempotency-Key": IdempotencyKey }) }),
      ...(body && { body: { required: true, content: { "application/json": { schema: body } } } }),
    },
    responses: { ...answerOf(operation), ...problemsOf(operation) },
  });
}

function answerOf({ answer }: Operation) {
  const content = answer.schema && { "application/json": { schema: answer.schema } };
  return { [answer.status]: { description: answer.description, ...(content && { content }) } };
}

/** One answer a status, with the codes it may carry. */
function problemsOf(operation: Operation) {
  const statuses = new Map<number, RefusalCode[]>();
  for (const code of allRefusals(operation)) {
    const { status } = REFUSALS[code];
    statuses.set(status, [...(statuses.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...statuses].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${REFUSALS[code].en}`).join(" "),
        content: {
          "application/problem+json": {
            schema: Problem.extend({ status: z.literal(status), code: z.enum(codes as [RefusalCode]) }),
          },
        },
      },
    ]),
  );
}
