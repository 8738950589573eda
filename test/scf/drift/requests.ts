import fc from "fast-check";
import type { EventForm } from "./wire.ts";

/**
 * A request with places to fill in, since each deployment makes its own ids, codes and tokens: `{{code:PHONE}}`,
 * `{{id:PHONE}}`, `{{access}}` and so on, see `visitor.ts`.
 */
export interface Script {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly form: EventForm;
  /** Whether the visitor's cookies go with it. */
  readonly hasCookies: boolean;
}

const phone = fc.integer({ min: 0, max: 40 }).map((number) => `1380013${String(number).padStart(4, "0")}`);
const badPhone = fc.constantFrom(
  "",
  "123",
  "+1 202 555 0100",
  "abc",
  "+8613800138000x",
  "12345678901",
  "１３８００１３８０００",
);
const anyPhone = fc.oneof({ weight: 6, arbitrary: phone }, { weight: 1, arbitrary: badPhone });
const name = fc.oneof(
  fc.constantFrom("Wei", "", "x".repeat(65), "a\u202eb", "李雷 😀", " "),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);
const right = phone.map((of) => ({ of, code: `{{code:${of}}}` }));
const wrong = phone.map((of) => ({ of, code: "000000" }));
const guess = fc.oneof({ weight: 4, arbitrary: right }, { weight: 1, arbitrary: wrong });

interface Part {
  readonly method: string;
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded", origin: "https://auth.example.com" };
const BEARER = { authorization: "Bearer {{access}}" };

const json = (method: string, path: string, body: unknown, headers: object = {}): Part => ({
  method,
  path,
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(body),
});
/** A form whose places to fill in are not encoded. */
const form = (path: string, fields: Readonly<Record<string, string>>): Part => ({
  method: "POST",
  path,
  headers: FORM_TYPE,
  body: Object.entries(fields)
    .map(([field, value]) => `${field}=${value.includes("{{") ? value : encodeURIComponent(value)}`)
    .join("&"),
});

const api = fc.oneof(
  anyPhone.map((to) => json("POST", "/v1/verifications", { phone: to })),
  phone.map((of) => json("POST", `/v1/verifications/{{id:${of}}}/resend`, {})),
  phone.map((of) => ({ method: "GET", path: `/v1/verifications/{{id:${of}}}` })),
  guess.map(({ of, code }) => json("POST", "/v1/sessions", { verificationId: `{{id:${of}}}`, code })),
  fc
    .constantFrom("{{refresh}}", "{{spent}}", "nonsense")
    .map((token) => json("POST", "/v1/sessions/refresh", { refreshToken: token })),
  fc.constantFrom<Part>(
    { method: "GET", path: "/v1/me", headers: BEARER },
    { method: "GET", path: "/v1/me" },
    { method: "GET", path: "/v1/me", headers: { authorization: "Bearer nonsense" } },
    { method: "GET", path: "/v1/sessions", headers: BEARER },
    { method: "DELETE", path: "/v1/sessions", headers: BEARER, query: [["scope", "others"]] },
    { method: "DELETE", path: "/v1/sessions/current", headers: BEARER },
    { method: "DELETE", path: "/v1/sessions/nonsense", headers: BEARER },
  ),
  name.map((to) => json("PATCH", "/v1/me", { name: to }, BEARER)),
);

const page = fc.oneof(
  fc
    .constantFrom("/sign-in", "/sign-in/code", "/account", "/", "/docs")
    .map((path) => ({ method: "GET", path })),
  fc.constantFrom("en", "zh-CN", "xx").map((lang) => ({
    method: "GET",
    path: "/sign-in",
    query: [
      ["lang", lang],
      ["lang", "en"],
    ] as const,
  })),
  anyPhone.map((to) => form("/sign-in", { phone: to, country: "CN", csrf: "{{csrf}}" })),
  fc
    .constantFrom("{{pageCode}}", "000000", "")
    .map((code) => form("/sign-in/code", { code, csrf: "{{csrf}}" })),
  fc.constantFrom(
    form("/sign-in/resend", { csrf: "{{csrf}}" }),
    form("/sign-in", { phone: "13800138000", csrf: "forged" }),
  ),
  name.map((to) => form("/account/profile", { name: to, avatar: "3", csrf: "{{csrf}}" })),
  fc
    .constantFrom("/sign-out", "/account/sessions/end-others")
    .map((path) => form(path, { csrf: "{{csrf}}" })),
);

/** A call of the demo's functions: in the query, as a form or as JSON. */
const functions = fc
  .tuple(
    fc.oneof(
      anyPhone.map((to) => ["sms", { method: "getSms", phone: to }] as const),
      guess.map(
        ({ of, code }) => ["sms", { method: "login", phone: of, code, sessionId: `{{sid:${of}}}` }] as const,
      ),
      phone.map((of) => ["sms", { method: "login", phone: of, token: "{{token}}" }] as const),
      fc
        .constantFrom("{{user}}", "1")
        .map((userId) => ["getUserInfo", { userId, token: "{{token}}" }] as const),
      name.map((to) => ["setNickname", { userId: "{{user}}", token: "{{token}}", name: to }] as const),
      fc.constantFrom(["sms", {}], ["sms", { method: "x", phone: "1" }], [
        "getUserInfo",
        { token: "x" },
      ] as const),
    ),
    fc.constantFrom("query", "form", "json"),
  )
  .map(([[fn, parameters], way]): Part => {
    const path = `/functions/${fn}`;
    const entries = Object.entries(parameters as Record<string, string>).map(
      ([key, value]) => [key, value] as const,
    );
    if (way === "query") return { method: "GET", path, query: entries };
    return way === "json"
      ? json("POST", path, Object.fromEntries(entries))
      : form(path, Object.fromEntries(entries));
  });

const file = fc
  .constantFrom(
    "/avatars/1.svg",
    "/avatars/99.svg",
    "/favicon.svg",
    "/assets/none.js",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/metrics",
  )
  .map((path) => ({ method: "GET", path }));

/** Malformed and unusual requests. */
const odd = fc.oneof(
  fc.constantFrom<Part>(
    { method: "POST", path: "/v1/verifications", headers: JSON_TYPE, body: "{" },
    { method: "POST", path: "/v1/verifications", headers: JSON_TYPE, body: "[]" },
    { method: "POST", path: "/v1/verifications", headers: JSON_TYPE },
    { method: "POST", path: "/v1/verifications", body: '{"phone":"13800138000"}' },
    {
      method: "POST",
      path: "/v1/verifications",
      headers: JSON_TYPE,
      body: JSON.stringify({ phone: "1".repeat(20_000) }),
    },
    { method: "POST", path: "/functions/sms", headers: FORM_TYPE, body: "phone=%zz" },
    { method: "POST", path: "/functions/sms", headers: FORM_TYPE, body: `name=${"x".repeat(20_000)}` },
    {
      method: "GET",
      path: "/functions/sms",
      query: [
        ["phone", "1"],
        ["phone", "2"],
        ["method", "getSms"],
      ],
    },
    { method: "GET", path: "/functions/nothing" },
    { method: "GET", path: "/sign-in", headers: { cookie: "=;;a=b; phonekey=%zz" } },
    {
      method: "OPTIONS",
      path: "/v1/verifications",
      headers: { origin: "https://app.example.com", "access-control-request-method": "POST" },
    },
    { method: "GET", path: "/a/../healthz" },
    { method: "GET", path: "//healthz" },
    { method: "GET", path: "/%2e%2e/%zz" },
    { method: "GET", path: "/dev/inbox" },
    { method: "GET", path: "/sign-in", headers: { "x-long": "x".repeat(17_000) } },
    { method: "GET", path: "/sign-in", query: [["lang", "x".repeat(17_000)]] },
    { method: "GET", path: `/${"x".repeat(17_000)}` },
  ),
  fc
    .tuple(fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), fc.webPath())
    .map(([method, path]) => ({ method, path: `/${path}`.replace(/^\/+/, "/") })),
  fc
    .tuple(
      fc.constantFrom("HEAD", "PUT", "DELETE", "POST"),
      fc.constantFrom("/sign-in", "/v1/me", "/healthz", "/functions/sms"),
    )
    .map(([method, path]) => ({ method, path })),
);

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 5, arbitrary: api },
  { weight: 4, arbitrary: page },
  { weight: 4, arbitrary: functions },
  { weight: 1, arbitrary: file },
  { weight: 2, arbitrary: odd },
);

/** The same requests for the same seed. */
export function scripts(count: number, seed: number): readonly Script[] {
  const form = fc.record({ isGateway: fc.boolean(), isBase64: fc.boolean(), isUpperCase: fc.boolean() });
  const language = fc.constantFrom(undefined, "zh-CN,zh;q=0.9", "en", "fr");
  const script = fc.tuple(part, form, language, fc.boolean()).map(
    ([each, as, accepted, isBrowser]): Script => ({
      query: [],
      ...each,
      form: as,
      headers: {
        ...(accepted && { "accept-language": accepted }),
        ...(isBrowser && { accept: "text/html" }),
        ...each.headers,
      },
      hasCookies: !each.headers?.cookie && !each.path.startsWith("/v1"),
    }),
  );
  return fc.sample(script, { numRuns: count, seed });
}
