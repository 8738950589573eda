import { z } from "zod";
import { ok } from "../../core/refusals.ts";
import { operation } from "./operation.ts";

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
  description:
    "Asks every store; 503 while one of them does not answer, or the database is read-only (MySQL, MariaDB).",
  auth: "none",
  answer: { status: 200, description: "It can.", schema: z.object({ status: z.literal("ready") }) },
  refusals: [],
  handle: async (_request, _phonekey, deps) => {
    await deps.ready();
    return ok({ status: "ready" as const });
  },
});

const Jwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  alg: z.literal("ES256"),
  use: z.literal("sig"),
});

export const readJwks = operation({
  summary: "Public signing keys",
  description:
    "The keys that access tokens and proofs verify by (RFC 7517). New ones are here before they are used.",
  auth: "none",
  answer: {
    status: 200,
    description: "The key set.",
    schema: z.object({ keys: z.array(Jwk) }).meta({ id: "Jwks" }),
    headers: {
      "cache-control": "public, max-age=600",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    },
  },
  refusals: [],
  handle: async (_request, _phonekey, deps) => ok(z.object({ keys: z.array(Jwk) }).parse(await deps.jwks())),
});
