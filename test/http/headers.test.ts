import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Assets } from "../../src/http/context.ts";
import { createWorld, type World } from "../support/world.ts";
import { expectSecured, PHONE, refused } from "./support.ts";

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
  world = await createWorld({
    inbox: true,
    env: { ALLOWED_ORIGINS: "https://app.example" },
    parts: { assets },
  });
  secure = await createWorld({ env: { PUBLIC_URL: "https://id.example" }, parts: { assets } });
});
afterAll(async () => {
  await world.close();
  await secure.close();
});

/** Every route, as name, method and path. */
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

  it("has Strict-Transport-Security if PUBLIC_URL is https", async () => {
    for (const [name, method, path] of ways(secure)) {
      const response = await secure.request(path, { method });
      expect([name, response.headers.get("strict-transport-security")]).toEqual([name, "max-age=31536000"]);
    }
  });

  it("is kept by no cache, except what is the same for everybody", async () => {
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

  it("may be embedded by other origins only if it is public", async () => {
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
    "from %s is made with all its headers at once: to set them one by one takes longer",
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

describe("an answer to a request that no route takes", () => {
  const html = { accept: "text/html,application/xhtml+xml" };

  it.each([
    ["GET", "/v1/nothing", "not_found"],
    ["POST", "/v1", "not_found"],
    ["GET", "/v1/me/", "not_found"],
    ["GET", "/nothing", "not_found"],
    ["GET", "/%2e%2e/%2e%2e/etc/passwd", "not_found"],
    ["PUT", "/v1/me", "method_not_allowed"],
    ["TRACE", "/v1/me", "method_not_allowed"],
  ] as const)("is a problem document: %s %s", async (method, path, code) => {
    // The fetch standard forbids TRACE.
    const request = method === "TRACE" ? { method: "BREW" } : { method };
    const response = await world.request(path, request);
    await refused(response.clone(), code);
    expectSecured(response);
  });

  it.each([
    ["en", "There is nothing here."],
    ["zh-CN", "未找到。"],
  ])("is in %s if Accept-Language asks for it, as a problem and as a page", async (language, text) => {
    const headers = { "accept-language": language };
    const problem = await refused(await world.request("/v1/nothing", { headers }), "not_found");
    expect(problem).toMatchObject({ title: text, detail: text });
    const page = await world.request("/nothing", { headers: { ...html, ...headers } });
    expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=UTF-8"]);
    const content = await page.text();
    // The link to the same address in the other language.
    for (const part of [text, `lang="${language}"`, 'href="?lang=zh-CN"']) expect(content).toContain(part);
    expectSecured(page);
  });

  it("is no page under /v1, even if the client accepts HTML", async () => {
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
  ])("is 405 and names the methods that the path takes: %s %s", async (method, path, allowed) => {
    for (const headers of [{}, html]) {
      const response = await world.request(path, { method, headers });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")?.split(", ").sort()).toEqual(allowed);
      expectSecured(response);
    }
  });

  it("is 404 for the development inbox if the request is not from this machine", async () => {
    for (const path of ["/dev/inbox", "/dev/inbox.json", "/dev/x"]) {
      for (const method of ["GET", "POST"]) {
        const response = await world.request(path, { method, headers: { host: "localhost" } });
        expect(response.status).toBe(404);
      }
    }
  });
});
