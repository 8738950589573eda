import { decodeJwt } from "jose";
import { expect } from "vitest";
import { createSqlStores } from "../../src/adapters/sql/stores.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { openDatabase } from "../../src/compose/database.ts";
import { type ApiKeyTerms, newApiKey } from "../../src/core/backend/api-key.ts";
import { bodyOf, PHONE, type VerificationBody } from "../http/support.ts";
import { bearer, type World } from "../support/world.ts";

export const DAY = 86_400_000;

/** Makes an API key in the world's database, as the command does; resolves with the key itself. */
export async function apiKey(world: World, over: Partial<ApiKeyTerms> = {}): Promise<string> {
  const terms = {
    client: "shop",
    purposes: ["verify_identity"],
    networks: [],
    tells: "phone",
    sends: [],
    spend: {},
    returnTo: [],
    expiresAt: world.clock.now() + DAY,
    ...over,
  } as const;
  const made = newApiKey({ clock: world.clock, random: systemRandom }, terms);
  await withApiKeys(world, async (apiKeys) => {
    const isFirst = (await apiKeys.findLive(terms.client, world.clock.now())) === undefined;
    await (isFirst ? apiKeys.create(made.kept) : apiKeys.replace(made.kept, made.kept.expiresAt));
  });
  return made.secret;
}

export async function revoke(world: World, client = "shop"): Promise<void> {
  await withApiKeys(world, (apiKeys) => apiKeys.revoke(client, world.clock.now()));
}

async function withApiKeys(
  { config, clock }: World,
  act: (apiKeys: ReturnType<typeof createSqlStores>["apiKeys"]) => Promise<unknown>,
): Promise<void> {
  const database = await openDatabase(config);
  try {
    await act(createSqlStores(database, { clock, onStaleKey: () => {} }).apiKeys);
  } finally {
    await database.close();
  }
}

/** The record of messages, oldest first. */
export async function messagesOf({ config }: World) {
  const database = await openDatabase(config);
  try {
    return await database.db.selectFrom("messages").selectAll().orderBy("id").execute();
  } finally {
    await database.close();
  }
}

/** Starts a verification by a backend. */
export async function startedBy(
  backend: ReturnType<typeof backendOf>,
  more: object = {},
): Promise<VerificationBody> {
  const response = await backend.start({ phone: PHONE, purpose: "verify_identity", ...more });
  expect(response.status).toBe(201);
  return await bodyOf<VerificationBody>(response);
}

/** Starts a verification by a backend, and checks its code; resolves with the proof. */
export async function provenBy(
  world: World,
  backend: ReturnType<typeof backendOf>,
  more: object = {},
): Promise<{ readonly id: string; readonly proof: string }> {
  const { id } = await startedBy(backend, more);
  const response = await check(world, id, world.sms.lastCode());
  expect(response.status).toBe(200);
  const { status, proof } = await bodyOf<Proof>(response);
  expect(status).toBe("approved");
  return { id, proof };
}

/** The calls of a backend with its key. */
export function backendOf(world: World, key: string) {
  const headers = bearer(key);
  return {
    start: (body: object, more: Record<string, string> = {}) =>
      world.post("/v1/verifications", body, { ...headers, ...more }),
    check: (id: string, body: object) => world.post(`/v1/verifications/${id}/check`, body, headers),
    read: (id: string) => Promise.resolve(world.request(`/v1/verifications/${id}`, { headers })),
    redeem: (proof: string) => world.post("/v1/proofs/redeem", { proof }, headers),
  };
}

export function check(world: World, id: string, code: string, more: object = {}) {
  return Promise.resolve(world.post(`/v1/verifications/${id}/check`, { code, ...more }));
}

export interface Proof {
  readonly status: string;
  readonly proof: string;
}

export function claimsOf(proof: string): Record<string, unknown> {
  return decodeJwt(proof);
}
