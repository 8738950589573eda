import { z } from "zod";
import { ok } from "../../../core/refusals.ts";
import { originOf } from "../../origin.ts";
import { operation } from "../operation.ts";

export const readHealth = operation({
  summary: "Is the process alive",
  description: "Answers as long as the process does; asks no store.",
  auth: "none",
  answer: { status: 200, description: "It is.", schema: z.object({ status: z.literal("ok") }) },
  refusals: [],
  handle: async () => ok({ status: "ok" as const }),
});

export const readReadiness = operation({
  summary: "Can it serve",
  description: "Asks every store; 503 while one of them does not answer, or the database takes no writes.",
  auth: "none",
  answer: { status: 200, description: "It can.", schema: z.object({ status: z.literal("ready") }) },
  refusals: [],
  handle: async (_request, _phonekey, deps) => {
    await deps.ready();
    return ok({ status: "ready" as const });
  },
});

/** Answers that are the same for everybody, and that every web page may read. */
const PUBLIC = {
  "cache-control": "public, max-age=600",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

const Jwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  alg: z.literal("ES256"),
  use: z.literal("sig"),
});

const Jwks = z.object({ keys: z.array(Jwk) }).meta({ id: "Jwks" });

export const readJwks = operation({
  summary: "Public signing keys",
  description:
    "The keys that access tokens and proofs verify by (RFC 7517). New ones are here before they are used.",
  auth: "none",
  answer: {
    status: 200,
    description: "The key set.",
    schema: Jwks,
    headers: PUBLIC,
  },
  refusals: [],
  handle: async (_request, _phonekey, deps) => ok(Jwks.parse(await deps.jwks())),
});

/** Libraries look for an issuer's keys under the name of RFC 8414, or under that of OpenID Connect. */
export const readIssuer = operation({
  summary: "Who issues the tokens",
  description:
    "The issuer of access tokens and where its keys are (RFC 8414), for libraries that are told an issuer alone. Nobody signs in by OAuth or OpenID Connect here.",
  auth: "none",
  answer: {
    status: 200,
    description: "The issuer.",
    schema: z.object({
      issuer: z.url().meta({ description: "The `iss` and the `aud` of access tokens." }),
      jwks_uri: z.url().meta({ description: "Where the public keys are." }),
      service_documentation: z.url().meta({ description: "These documents." }),
    }),
    headers: PUBLIC,
  },
  refusals: [],
  handle: async ({ c }, _phonekey, { issuer, settings }) => {
    const origin = originOf(c, settings);
    return ok({
      issuer,
      jwks_uri: `${origin}/.well-known/jwks.json`,
      service_documentation: `${origin}/docs`,
    });
  },
});

export const readOpenIdIssuer = { ...readIssuer, summary: "The same, where OpenID Connect has it" };
