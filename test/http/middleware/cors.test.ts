import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../support/world.ts";
import { expectSecured, PHONE, refused } from "../support.ts";

const APP = "https://app.example";

let world: World;
beforeAll(async () => {
  world = await createWorld({ inbox: true, env: { ALLOWED_ORIGINS: APP } });
});
afterAll(() => world.close());

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

  it("answers the preflight of an allowed origin with the methods and headers of the API only", async () => {
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

  it("lets every origin read the public keys and the discovery documents, without credentials", async () => {
    for (const name of ["jwks.json", "oauth-authorization-server", "openid-configuration"]) {
      const response = await from("https://evil.example", `/.well-known/${name}`);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      expect(response.headers.get("content-type")).toBe("application/json");
    }
  });

  it("refuses a body of a type that a foreign page can send without a preflight (T36)", async () => {
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
