/** The parts of an OpenAPI 3.1 document that these tests read, and a check of values by its schemas without Zod. */
export interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Call>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

export interface Call {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly operationId?: string;
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly example?: unknown;
}

export type Json = Readonly<Record<string, unknown>>;

const KEYWORDS = new Set([
  ..."$ref type const enum properties required additionalProperties items allOf anyOf".split(" "),
  ..."pattern format minLength maxLength minimum maximum default description example".split(" "),
]);
const METHODS = ["get", "post", "put", "patch", "delete"];

/** Everything that is wrong with the form of the document. */
export function checkDocument(document: OpenApi): string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, what: string) => holds || wrong.push(what);
  must(/^3\.1\.\d+$/.test(document.openapi), "openapi");
  must(Boolean(document.info.title && document.info.version), "info");
  for (const { path, method, call } of callsOf(document)) {
    const name = `${method} ${path}`;
    must(path.startsWith("/") && METHODS.includes(method), name);
    must(Boolean(call.summary && call.description), `${name}: says nothing`);
    must(
      Object.keys(call.responses).every((status) => /^[1-5]\d\d$/.test(status)),
      `${name}: statuses`,
    );
    must(
      Object.values(call.responses).every(({ description }) => description),
      `${name}: silent answer`,
    );
    for (const scheme of (call.security ?? []).flatMap(Object.keys)) {
      must(scheme in document.components.securitySchemes, `${name}: ${scheme}`);
    }
    for (const { name: parameter, in: where, required } of call.parameters ?? []) {
      must(["path", "query", "header"].includes(where), `${name}: ${parameter}`);
      must(where !== "path" || required, `${name}: ${parameter} in the path must be required`);
    }
  }
  for (const { path, schema } of schemasOf(document)) {
    const unknown = Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword));
    must(unknown.length === 0, `${path}: ${unknown.join(", ")}`);
    must(!schema.$ref || resolve(document, schema) !== undefined, `${path}: ${schema.$ref}`);
    must(
      (schema.required ?? []).every((key) => key in (schema.properties ?? {})),
      `${path}: required`,
    );
  }
  return wrong;
}

function callsOf({ paths }: OpenApi) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ path, method, call })),
  );
}

interface Placed {
  readonly path: string;
  readonly schema: Schema;
}

function schemasOf(document: OpenApi): Placed[] {
  const components = Object.entries(document.components.schemas).map(([path, schema]) => ({ path, schema }));
  const inCalls = callsOf(document).flatMap(({ path, method, call }) => {
    const contents = [
      call.requestBody?.content,
      ...Object.values(call.responses).map(({ content }) => content),
    ];
    const bodies = contents.flatMap((content) => Object.values(content ?? {})).map(({ schema }) => schema);
    const parameters = (call.parameters ?? []).map(({ schema }) => schema);
    return [...bodies, ...parameters].map((schema) => ({ path: `${method} ${path}`, schema }));
  });
  return [...components, ...inCalls].flatMap(within);
}

function within({ path, schema }: Placed): Placed[] {
  const properties = Object.entries(schema.properties ?? {}).map(([name, one]) => ({
    path: `${path}.${name}`,
    schema: one,
  }));
  const others = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])];
  const inside = [...properties, ...others.map((one) => ({ path, schema: one }))];
  return [{ path, schema }, ...inside.flatMap(within)];
}

/** Every field of a body or an answer and every parameter, with its schema. */
export function propertiesOf(document: OpenApi): Placed[] {
  const fields = schemasOf(document).flatMap(({ path, schema }) =>
    // A schema that only narrows another one has no descriptions.
    schema.type === "object"
      ? Object.entries(schema.properties ?? {}).map(([name, one]) => ({
          path: `${path}.${name}`,
          schema: one,
        }))
      : [],
  );
  const parameters = callsOf(document).flatMap(({ path, method, call }) =>
    (call.parameters ?? []).map(({ name, description, schema }) => ({
      path: `${method} ${path} ${name}`,
      schema: { ...schema, ...(description && { description }) },
    })),
  );
  return [...fields, ...parameters];
}

function resolve({ components }: OpenApi, { $ref = "" }: Schema): Schema | undefined {
  return components.schemas[$ref.replace("#/components/schemas/", "")];
}

/** Where and how a value breaks a schema (JSON Schema 2020-12, as far as the document uses it). */
export function violations(document: OpenApi, schema: Schema, value: unknown, at = "answer"): string[] {
  const { allOf = [], anyOf, $ref } = schema;
  const inner = [...allOf, ...($ref ? [resolve(document, schema) ?? { type: "nothing" }] : [])];
  const found = inner.flatMap((one) => violations(document, one, value, at));
  if (anyOf && !anyOf.some((one) => violations(document, one, value, at).length === 0))
    found.push(`${at}: anyOf`);
  if (!hasType(schema, value)) found.push(`${at}: is no ${schema.type}`);
  if ("const" in schema && value !== schema.const) found.push(`${at}: const`);
  if (schema.enum && !schema.enum.includes(value)) found.push(`${at}: enum`);
  if (typeof value === "string") found.push(...textViolations(schema, value, at));
  if (typeof value === "number" && outside(schema, value)) found.push(`${at}: range`);
  if (Array.isArray(value) && schema.items) {
    const { items } = schema;
    found.push(...value.flatMap((one, n) => violations(document, items, one, `${at}[${n}]`)));
  }
  if (isObject(value)) found.push(...objectViolations(document, schema, value, at));
  return found;
}

function objectViolations(document: OpenApi, schema: Schema, value: Json, at: string): string[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required.filter((key) => !(key in value)).map((key) => `${at}.${key}: is missing`);
  const known = Object.entries(value).flatMap(([key, one]) => {
    const property = properties[key];
    if (property) return violations(document, property, one, `${at}.${key}`);
    return additionalProperties === false ? [`${at}.${key}: is not declared`] : [];
  });
  return [...missing, ...known];
}

function textViolations(
  { pattern, format, minLength = 0, maxLength = Infinity }: Schema,
  value: string,
  at: string,
): string[] {
  const found: string[] = [];
  if (pattern && !new RegExp(pattern, "u").test(value)) found.push(`${at}: pattern`);
  if (format === "date-time" && Number.isNaN(Date.parse(value))) found.push(`${at}: date-time`);
  if (format === "uri" && !URL.canParse(value)) found.push(`${at}: uri`);
  const length = [...value].length;
  if (length < minLength || length > maxLength) found.push(`${at}: length`);
  return found;
}

function outside({ minimum = -Infinity, maximum = Infinity }: Schema, value: number): boolean {
  return value < minimum || value > maximum;
}

function hasType({ type }: Schema, value: unknown): boolean {
  if (type === undefined) return true;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  return typeof value === type;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
