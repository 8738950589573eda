import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Assets } from "../../src/http/context.ts";
import { createWorld, type World } from "../support/world.ts";
import { PHONE, refused } from "./support.ts";

const APP = "https://app.example";

const assets: Assets = {
  script: "/assets/test.js",
  style: "/assets/test.css",
  read: (path) => ({
    body: new TextEncoder().encode("<svg/>"),
    type: "image/svg+xml",
    immutable: path.startsWith("/assets/"),
  }),
};

let world: World;
let secure: World;

beforeAll(async () => {
  world = await createWorld({ inbox: true, env: { ALLOWED_ORIGINS: APP }, parts: { assets } });
  secure = await createWorld({ env: { PUBLIC_URL: "https://id.example" }, parts: { assets } });
});
afterAll(async () => {
  await world.close();
  await secure.close();
});

const FIXED = {
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Every way in, as a request of this very machine: the development inbox answers no other. */
function ways(of: World): [name: string, method: string, path: string][] {
  return of.app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => [
      `${method} ${path}`,
      method,
      path.replace(":id", "A".repeat(22)).replace(":file", "1.svg"),
    ]);
}

const local = (of: World, path: string, init: RequestInit = {}) =>
  of.request(path, { ...init, from: "127.0.0.1", headers: { host: "localhost:8080", ...init.headers } });

function expectSecured(response: Response): void {
  expect(Object.fromEntries(response.headers)).toMatchObject(FIXED);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
  expect(response.headers.get("permissions-policy")).toContain("camera=()");
  expect(response.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  expect(response.headers.has("server")).toBe(false);
  expect(response.headers.has("x-powered-by")).toBe(false);
}

describe("every route", () => {
  it("answers with the security headers (T47)", async () => {
    expect(ways(world).length).toBeGreaterThan(30);
    for (const [name, method, path] of ways(world)) {
      const response = await local(world, path, { method });
      expectSecured(response);
      expect([name, response.status < 500]).toEqual([name, true]);
      expect([name, response.headers.has("strict-transport-security")]).toEqual([name, false]);
    }
  });

  it("asks browsers to come back by https, where there is https", async () => {
    for (const [name, method, path] of ways(secure)) {
      const response = await secure.request(path, { method });
      expect([name, response.headers.get("strict-transport-security")]).toEqual([name, "max-age=31536000"]);
    }
  });

  it("is kept by no cache, but what is the same for everybody", async () => {
    for (const [name, method, path] of ways(world)) {
      const expected = {
        "GET /.well-known/jwks.json": "public, max-age=600",
        "GET /.well-known/oauth-authorization-server": "public, max-age=600",
        "GET /.well-known/openid-configuration": "public, max-age=600",
        "GET /assets/:file": "public, max-age=31536000, immutable",
        "GET /avatars/:file": "public, max-age=86400",
        "GET /favicon.svg": "public, max-age=86400",
      }[name];
      const response = await local(world, path, { method });
      expect([name, response.headers.get("cache-control")]).toEqual([name, expected ?? "no-store"]);
    }
  });

  it("may be embedded by other origins only where it is public", async () => {
    for (const [name, method, path] of ways(world)) {
      const open = /well-known|\/assets|\/avatars|favicon/.test(name);
      const response = await local(world, path, { method });
      const policy = open ? "cross-origin" : "same-origin";
      expect([name, response.headers.get("cross-origin-resource-policy")]).toEqual([name, policy]);
    }
  });

  it("answers HEAD like GET, without a body", async () => {
    for (const [name, , path] of ways(world).filter(([, method]) => method === "GET")) {
      const get = await local(world, path);
      const head = await local(world, path, { method: "HEAD" });
      expect([name, head.status, await head.text()]).toEqual([name, get.status, ""]);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
      expectSecured(head);
    }
  });
});

describe("an answer of the native API", () => {
  it.each([
    ["/v1/verifications", { method: "POST", body: JSON.stringify({ phone: PHONE }) }, 201],
    ["/v1/me", {}, 401],
  ])(
    "%s is made with all its headers: to set them on it one by one takes longer",
    async (path, init, status) => {
      const set = vi.spyOn(Headers.prototype, "set");
      const response = await world.request(path, {
        ...init,
        headers: { "content-type": "application/json" },
      });
      const wasSet = set.mock.calls.map(([name]) => name);
      set.mockRestore();
      expectSecured(response);
      expect([response.status, response.headers.get("vary")]).toEqual([status, "Origin"]);
      expect(wasSet).not.toContain("x-frame-options");
    },
  );
});

describe("an answer that no route gives", () => {
  const html = { accept: "text/html,application/xhtml+xml" };

  it.each([
    ["GET", "/v1/nothing", "not_found"],
    ["POST", "/v1", "not_found"],
    ["GET", "/v1/me/", "not_found"],
    ["GET", "/nothing", "not_found"],
    ["GET", "/%2e%2e/%2e%2e/etc/passwd", "not_found"],
    ["PUT", "/v1/me", "method_not_allowed"],
    ["TRACE", "/v1/me", "method_not_allowed"],
  ] as const)("%s %s is a problem document", async (method, path, code) => {
    // The fetch standard keeps TRACE to itself.
    const request = method === "TRACE" ? { method: "BREW" } : { method };
    const response = await world.request(path, request);
    await refused(response.clone(), code);
    expectSecured(response);
  });

  it.each([
    ["en", "There is nothing here."],
    ["zh-CN", "未找到。"],
  ])("is in %s if that is asked for, as a document and as a page", async (language, text) => {
    const headers = { "accept-language": language };
    const problem = await refused(await world.request("/v1/nothing", { headers }), "not_found");
    expect(problem).toMatchObject({ title: text, detail: text });
    const page = await world.request("/nothing", { headers: { ...html, ...headers } });
    expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=UTF-8"]);
    const content = await page.text();
    expect(content).toContain(text);
    expect(content).toContain(`lang="${language}"`);
    // It stays what it is in the other one.
    expect(content).toContain('href="?lang=zh-CN"');
    expectSecured(page);
  });

  it("is never a page for the native API", async () => {
    await refused(await world.request("/v1/nothing", { headers: html }), "not_found");
    await refused(await world.request("/v1/me", { headers: html }), "invalid_token");
  });

  it.each([
    ["PUT", "/v1/me", ["DELETE", "GET", "HEAD", "PATCH"]],
    ["GET", "/v1/verifications", ["POST"]],
    ["HEAD", "/v1/verifications", ["POST"]],
    ["GET", `/v1/verifications/${"A".repeat(22)}/resend`, ["POST"]],
    ["PATCH", "/v1/sessions", ["DELETE", "GET", "HEAD", "POST"]],
    ["POST", "/openapi.json", ["GET", "HEAD"]],
    ["DELETE", "/sign-in", ["GET", "HEAD", "POST"]],
    ["GET", "/sign-out", ["POST"]],
    ["OPTIONS", "/sign-in", ["GET", "HEAD", "POST"]],
  ])("to %s %s is 405 and names the methods that it takes", async (method, path, allowed) => {
    for (const headers of [{}, html]) {
      const response = await world.request(path, { method, headers });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")?.split(", ").sort()).toEqual(allowed);
      expectSecured(response);
    }
  });

  it("does not tell that there is an inbox to anybody but this machine", async () => {
    for (const path of ["/dev/inbox", "/dev/inbox.json", "/dev/x"]) {
      for (const method of ["GET", "POST"]) {
        const response = await world.request(path, { method, headers: { host: "localhost" } });
        expect(response.status).toBe(404);
      }
    }
  });
});

describe("CORS (T46)", () => {
  const from = (origin: string, path = "/v1/me", init: RequestInit = {}) =>
    world.request(path, { ...init, headers: { origin, ...init.headers } });
  const preflight = (origin: string) =>
    from(origin, "/v1/sessions", {
      method: "OPTIONS",
      headers: {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-evil",
      },
    });

  it.each([
    "https://evil.example",
    "null",
    "https://app.example.evil.example",
    "https://evilapp.example",
    "https://sub.app.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example/",
    "https://APP.example",
    "*",
    "",
  ])("lets no script of %j read an answer", async (origin) => {
    for (const response of [await from(origin), await preflight(origin), await from(origin, "/v1/nothing")]) {
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      expect(response.headers.get("vary")).toContain("Origin");
    }
  });

  it("lets the scripts of an allowed origin read every answer, without cookies", async () => {
    const headers = { "content-type": "application/json" };
    const large = { method: "POST", headers, body: "x".repeat(17_000) };
    const answers = [
      await from(APP),
      await from(APP, "/v1/verifications", { method: "POST", headers, body: "{}" }),
      await from(APP, "/v1/verifications", { ...large, headers: { ...headers, "content-length": "17000" } }),
      await from(APP, "/v1/nothing"),
      await from(APP, "/v1/me", { method: "PUT" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 400, 413, 404, 405]);
    for (const response of answers) {
      expect(response.headers.get("access-control-allow-origin")).toBe(APP);
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      expect(response.headers.get("access-control-expose-headers")).toContain("retry-after");
      expect(response.headers.get("vary")).toContain("Origin");
    }
  });

  it("answers the preflight of an allowed origin with what the API takes, and no more", async () => {
    const response = await preflight(APP);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(APP);
    expect(response.headers.get("access-control-allow-methods")).toBe("GET,POST,PUT,PATCH,DELETE");
    const allowed = response.headers.get("access-control-allow-headers") ?? "";
    expect(allowed).toContain("idempotency-key");
    expect(allowed).not.toContain("x-evil");
    expectSecured(response);
  });

  it("opens no page to other origins", async () => {
    for (const path of ["/sign-in", "/account", "/openapi.json", "/healthz", "/dev/inbox.json"]) {
      const response = await from(APP, path);
      expect([path, response.headers.get("access-control-allow-origin")]).toEqual([path, null]);
    }
  });

  it("opens the public keys and the way to them to everybody, without credentials", async () => {
    for (const name of ["jwks.json", "oauth-authorization-server", "openid-configuration"]) {
      const response = await from("https://evil.example", `/.well-known/${name}`);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      expect(response.headers.get("content-type")).toBe("application/json");
    }
  });

  it("lets a foreign page send nothing that a form could send (T36)", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const headers = { "content-type": type };
      const body = JSON.stringify({ phone: PHONE });
      const response = await from("https://evil.example", "/v1/verifications", {
        method: "POST",
        headers,
        body,
      });
      await refused(response, "unsupported_media_type", "Content-Type");
    }
  });
});
