import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ok, REFUSALS, type RefusalCode, refuse } from "../../../src/core/refusals.ts";
import { loadOperations } from "../../../src/http/api/index.ts";
import { allRefusals, type Operation, operation } from "../../../src/http/api/operation.ts";
import { Verification } from "../../../src/http/api/schemas/verifications.ts";
import { createWorld, ORIGIN, type World } from "../../support/world.ts";
import { bodyOf } from "../support.ts";
import { checkDocument, type Json, type OpenApi, propertiesOf, violations } from "./document.ts";

const OPERATIONS = await loadOperations();

let world: World;
let document: OpenApi;

beforeAll(async () => {
  world = await createWorld();
  document = await bodyOf<OpenApi>(await world.request("/openapi.json"));
});
afterAll(() => world.close());

const describedBy = ({ path, method }: Operation) => document.paths[path]?.[method];
const named = OPERATIONS.map((each) => [`${each.method.toUpperCase()} ${each.path}`, each] as const);

describe("/openapi.json", () => {
  it("is a valid OpenAPI 3.1 document without dangling references", () => {
    expect(checkDocument(document)).toEqual([]);
    expect(document.openapi).toBe("3.1.0");
    expect(document.servers).toEqual([{ url: ORIGIN }]);
  });

  it("describes all routes of the native API and no others", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = world.app.routes
      .filter(({ method, path }) => method !== "ALL" && /^\/(v1\/|\.well-known|healthz|readyz)/.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    expect(described.sort()).toEqual(served.sort());
  });

  it("gives every operation a unique operationId", () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    );
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id ?? ""))).toBe(true);
    expect(new Set(ids).size).toBe(OPERATIONS.length);
  });

  it("describes every field and parameter", () => {
    const mute = propertiesOf(document).filter(({ schema }) => !schema.description);
    const plain = mute.filter(({ path }) => !/Jwks|healthz|readyz/.test(path));
    expect(plain.map(({ path }) => path)).toEqual([]);
  });

  it("has examples that match its own schemas", () => {
    const examples = OPERATIONS.filter(({ body }) => body).map((each) => {
      const { schema, example } = describedBy(each)?.requestBody?.content["application/json"] ?? {};
      return example === undefined ? [] : violations(document, schema ?? {}, example);
    });
    expect(examples.flat()).toEqual([]);
    const shown = propertiesOf(document).filter(({ schema }) => schema.example !== undefined);
    expect(shown.length).toBeGreaterThan(5);
    for (const { path, schema } of shown) {
      expect([path, ...violations(document, schema, schema.example)]).toEqual([path]);
    }
  });
});

describe.each(named)("%s", (_, each) => {
  it("declares every status that it may answer with, and the codes of each", () => {
    const responses = describedBy(each)?.responses ?? {};
    const codes = Object.entries(responses).flatMap(([status, { content }]) => {
      const schema = content?.["application/problem+json"]?.schema;
      const listed = (schema?.allOf?.[1]?.properties?.code?.enum ?? []) as RefusalCode[];
      return listed.map((code) => [status, code]);
    });
    expect(codes.sort()).toEqual(
      allRefusals(each)
        .map((code) => [String(REFUSALS[code].status), code])
        .sort(),
    );
    expect(responses).toHaveProperty(String(each.answer.status));
  });

  it("declares the credentials that it needs", () => {
    const security = {
      none: [],
      access_token: [{ accessToken: [] }],
      backend: [{ apiKey: [] }],
      backend_if_shown: [{}, { apiKey: [] }],
      any_if_shown: [{}, { apiKey: [] }, { accessToken: [] }],
    };
    expect(describedBy(each)?.security).toEqual(security[each.auth]);
  });

  it("declares its path parameters, and Idempotency-Key if it sends messages", () => {
    const parameters = describedBy(each)?.parameters ?? [];
    const inPath = [...each.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(parameters.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(inPath);
    expect(parameters.some(({ name }) => name === "Idempotency-Key")).toBe(each.sends);
  });
});

describe("/docs", () => {
  it.each(["en", "zh-CN"])("in %s has all descriptions of the document and all refusals", async (locale) => {
    const page = await (await world.request(`/docs?lang=${locale}`)).text();
    const text = plainText(page);
    const sentences = propertiesOf(document).flatMap(({ schema }) =>
      schema.description ? [schema.description] : [],
    );
    for (const { method, path, summary, description } of OPERATIONS) {
      sentences.push(`${method.toUpperCase()} ${path}`, summary, description);
    }
    for (const { en, zh } of Object.values(REFUSALS)) sentences.push(en, zh);
    const missing = sentences.filter((sentence) => !text.includes(plainText(sentence)));
    expect(missing).toEqual([]);
  });

  it("names the credentials of every operation that takes them", async () => {
    const page = await (await world.request("/docs")).text();
    const taking = OPERATIONS.filter(({ auth }) => auth !== "none");
    expect(page.match(/<\/strong> <span lang="en">Authorization: Bearer/g)).toHaveLength(taking.length);
    expect(plainText(page)).toContain("Authorization: Bearer <API key, pk_…>");
  });

  it.each(named.filter(([, { body }]) => body))("shows the variants of the body of %s", async (_, each) => {
    const { schema } = describedBy(each)?.requestBody?.content["application/json"] ?? {};
    const shown = formsShown(await (await world.request("/docs")).text(), each);
    for (const { properties, required = [] } of schema?.anyOf ?? [schema ?? {}]) {
      expect(shown).toContainEqual({ fields: Object.keys(properties ?? {}), required: [...required].sort() });
    }
  });

  it("names the formats of a field that takes several", async () => {
    const page = plainText(await (await world.request("/docs")).text());
    expect(page).toContain("clientAddress ipv4 | ipv6 optional");
  });

  it("marks English text by lang=en on the Chinese page", async () => {
    const page = await (await world.request("/docs?lang=zh-CN")).text();
    expect(page).toMatch(/<h2 [^>]*lang="en"[^>]*>Start a verification</);
    expect(page).toMatch(/<span lang="en">Stays the same for ever/);
    expect(page).not.toMatch(/<p>(?:<code>|[A-Z][a-z])/);
  });

  it("has an anchor for every refusal", async () => {
    const page = await (await world.request("/docs")).text();
    for (const code of Object.keys(REFUSALS)) expect(page).toContain(`id="error-${code}"`);
  });
});

/** The lists of fields in the section of an operation: the fields of each, and which are required. */
function formsShown(page: string, { method, path }: Operation) {
  const part = page
    .split('<section class="operation"')
    .slice(1)
    .find((one) => plainText(one).includes(`${method.toUpperCase()} ${path} `));
  return (part ?? "").split('<dl class="fields"').map((list) => {
    const fields = [...list.matchAll(/<dt><code>(\w+)<\/code>(.*?)<\/dt>/g)];
    const required = fields.filter(([, , marks]) => marks?.includes("is-required"));
    return { fields: fields.map(([, name]) => name), required: required.map(([, name]) => name).sort() };
  });
}

/** The visible text, with white space and backticks as single spaces. */
function plainText(html: string): string {
  const entities: Json = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  const text = html
    .replace(/<[^>]+>/g, " ")
    .replace(/&\w+;|&#39;/g, (entity) => String(entities[entity] ?? entity));
  return text.replace(/[`\s]+/g, " ").trim();
}

/** What must not compile: `tsc` fails if an expected error is missing. */
describe("an operation", () => {
  const parts = {
    id: "madeUp",
    method: "get",
    path: "/v1/made-up",
    summary: "",
    description: "",
    auth: "none",
    answer: { status: 200, description: "", schema: Verification },
    refusals: ["not_found"],
  } as const;

  it("does not compile with an answer that does not match its schema", () => {
    operation({
      ...parts,
      // @ts-expect-error the answer lacks every field of a verification
      handle: async () => ok({ status: "pending" as const }),
    });
    expect(operation).toBeTypeOf("function");
  });

  it("does not compile with a refusal that it does not declare", () => {
    operation({
      ...parts,
      // @ts-expect-error `invalid_code` is not among its refusals
      handle: async () => refuse("invalid_code"),
    });
    operation({ ...parts, handle: async () => refuse("not_found") });
    expect(operation).toBeTypeOf("function");
  });

  it("does not compile with a refusal that is not in the catalogue", () => {
    // @ts-expect-error there is no such code
    expect(refuse("no_such_refusal").ok).toBe(false);
  });

  it("does not compile if it reads a user without requiring an access token", () => {
    operation({
      ...parts,
      // @ts-expect-error without an access token there is no principal
      handle: async ({ principal }) => (principal.user ? refuse("not_found") : refuse("not_found")),
    });
    operation({
      ...parts,
      auth: "access_token",
      handle: async ({ principal }) => (principal.user ? refuse("not_found") : refuse("not_found")),
    });
    expect(operation).toBeTypeOf("function");
  });
});
