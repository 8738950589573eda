import type { Handler } from "hono";
import type { z } from "zod";
import type { Locale } from "../../core/locale.ts";
import { REFUSALS, type RefusalCode } from "../../core/refusals.ts";
import { IDEMPOTENCY_KEY, plainSchema } from "../api/openapi.ts";
import { allRefusals, type Operation } from "../api/operation.ts";
import { Problem } from "../api/schemas/problem.ts";
import type { Env, HttpDeps } from "../context.ts";
import { refusalText } from "../problem.ts";
import { pageContext, sendPage } from "./context.ts";
import { apiDocsPage, type DocsField, type DocsOperation } from "./views/docs.tsx";

/**
 * GET /docs: the API for readers, from the same definitions as the OpenAPI document. It is made once for each language.
 */
export function createDocs(deps: HttpDeps, operations: readonly Operation[]): Handler<Env> {
  const described = new Map<Locale, readonly DocsOperation[]>();
  return async (c) => {
    const context = pageContext(c, deps, { path: "/docs" });
    const { locale } = context;
    const known = described.get(locale) ?? operations.map((operation) => docsOf(operation, locale));
    described.set(locale, known);
    const page = apiDocsPage({
      context,
      title: "Phonekey API",
      version: deps.settings.version,
      operations: known,
      problemFields: fieldsOf(Problem, "output"),
      refusals: Object.entries(REFUSALS).map(([code, { status, en, zh }]) => ({ code, status, en, zh })),
    });
    return await sendPage(c, deps, page);
  };
}

const AUTH: Readonly<Record<Operation["auth"], string>> = {
  none: "",
  access_token: "Authorization: Bearer <access token>",
  backend: "Authorization: Bearer <API key, pk_…>",
  backend_if_shown: "Authorization: Bearer <API key, pk_…> (optional)",
  any_if_shown: "Authorization: Bearer <access token, or API key, pk_…> (optional)",
};

function docsOf(operation: Operation, locale: Locale): DocsOperation {
  const { method, path, summary, description, answer, example } = operation;
  return {
    method: method.toUpperCase(),
    path,
    summary,
    description,
    auth: AUTH[operation.auth],
    parameters: parametersOf(operation),
    bodies: bodiesOf(operation.body),
    answer: {
      status: answer.status,
      description: answer.description,
      fields: fieldsOf(answer.schema, "output"),
    },
    refusals: allRefusals(operation).map((code) => refusalOf(code, locale)),
    ...(example && { example: JSON.stringify(example, null, 2) }),
  };
}

function refusalOf(code: RefusalCode, locale: Locale) {
  return { code, status: REFUSALS[code].status, text: refusalText({ code }, locale) };
}

function parametersOf(operation: Operation): DocsOperation["parameters"] {
  const named = (schema: z.ZodType | undefined, where: string) =>
    fieldsOf(schema).map(({ name, description, required = false }) => ({
      name,
      in: where,
      required,
      description,
    }));
  return [
    ...named(operation.params, "path"),
    ...named(operation.query, "query"),
    ...(operation.sends ? [IDEMPOTENCY_KEY] : []),
  ];
}

/** What of a JSON Schema the page shows. */
interface Shape {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly $ref?: string;
  readonly $defs?: Definitions;
}

type Definitions = Readonly<Record<string, Shape>>;

/** The fields of each form that a body may have. */
function bodiesOf(body: z.ZodType | undefined): readonly (readonly DocsField[])[] {
  if (!body) return [];
  const root: Shape = plainSchema(body, "input");
  return (root.anyOf ?? [root]).map((form) => shapeFields(form, root.$defs ?? {}, false));
}

function fieldsOf(schema: z.ZodType | undefined, io: "input" | "output" = "input"): DocsField[] {
  if (!schema) return [];
  const root: Shape = plainSchema(schema, io);
  const definitions = root.$defs ?? {};
  return shapeFields(resolve(root, definitions), definitions, false);
}

/** The fields of every form that an object in a field may have. */
function formFields(shape: Shape, definitions: Definitions, oneOfSeveral: boolean): DocsField[] {
  const forms = shape.anyOf ?? [shape];
  return forms.flatMap((form) => shapeFields(form, definitions, oneOfSeveral || forms.length > 1));
}

/**
 * The fields of an object. Each field that holds objects is followed by theirs, as `user.id` or `sessions[].id`.
 *
 * @param oneOfSeveral the body has several forms, so a field that only one of them has is not marked as required
 */
function shapeFields(
  { properties = {}, required = [] }: Shape,
  definitions: Definitions,
  oneOfSeveral: boolean,
): DocsField[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const field = resolve(property, definitions);
    const inside = field.items ? resolve(field.items, definitions) : field;
    const prefix = field.items ? `${name}[]` : name;
    const nested = formFields(inside, definitions, oneOfSeveral);
    return [
      {
        name,
        type: typeOf(field.items ? { ...field, items: inside } : field),
        required: !oneOfSeveral && required.includes(name),
        description: field.description ?? "",
      },
      ...nested.map((one) => ({ ...one, name: `${prefix}.${one.name}` })),
    ];
  });
}

/** A named schema is in the definitions. In its place stands a reference, perhaps with a text of its own. */
function resolve(shape: Shape, definitions: Definitions): Shape {
  const { $ref, ...own } = shape;
  return $ref ? { ...definitions[$ref.replace("#/$defs/", "")], ...own } : shape;
}

function typeOf(field: Shape): string {
  if (field.enum) return field.enum.join(" | ");
  if (field.const) return JSON.stringify(field.const);
  if (field.type === "array") return `${typeOf(field.items ?? {})}[]`;
  if (field.anyOf) return [...new Set(field.anyOf.map(typeOf))].join(" | ");
  return field.format ?? field.type ?? "object";
}
