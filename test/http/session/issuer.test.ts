import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, expect, test } from "vitest";
import { createWorld, type World } from "../../support/world.ts";

const PATHS = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
const PUBLIC = "https://id.example.com";

interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly service_documentation: string;
}

let world: World;
afterEach(() => world.close());

async function metadata(path: string, host?: string): Promise<Metadata> {
  const response = await world.request(path, host ? { headers: { host } } : {});
  return (await response.json()) as Metadata;
}

test.each(PATHS)("a client that knows only the issuer of a token finds its keys by %s", async (path) => {
  world = await createWorld({ env: { PUBLIC_URL: PUBLIC } });
  const { accessToken } = await world.signIn();
  const { issuer, jwks_uri, ...rest } = await metadata(path);
  expect(rest).toEqual({ service_documentation: `${PUBLIC}/docs` });
  expect([issuer, decodeJwt(accessToken).iss]).toEqual([PUBLIC, PUBLIC]);
  expect(jwks_uri.startsWith(`${PUBLIC}/`)).toBe(true);
  const keys = (await (await world.request(new URL(jwks_uri).pathname)).json()) as JSONWebKeySet;
  const currentDate = new Date(world.clock.now());
  const { payload } = await jwtVerify(accessToken, createLocalJWKSet(keys), {
    issuer,
    audience: issuer,
    typ: "at+jwt",
    currentDate,
    // RFC 9068, section 2.2
    requiredClaims: ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"],
  });
  expect(payload.client_id).toBe("phonekey");
});

test.each(PATHS)("a foreign Host does not show in %s", async (path) => {
  world = await createWorld({ env: { PUBLIC_URL: PUBLIC } });
  expect(JSON.stringify(await metadata(path, "evil.example"))).not.toContain("evil");
});
