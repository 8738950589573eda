import type { Clock, Random } from "../ports.ts";
import { ok, type Result, refuse } from "../refusals.ts";
import { sha256 } from "../secrets.ts";
import type { ApiKey, ApiKeyStore } from "./ports.ts";

/** A backend that showed a good API key. */
export type Backend = Pick<ApiKey, "client" | "purposes" | "tells" | "sends" | "spend" | "returnTo">;

/** What an operator chooses for a key. */
export type ApiKeyTerms = Omit<ApiKey, "id" | "hash" | "createdAt" | "revokedAt">;

/** Why a key that there is was refused, for the operator; the caller is not told. */
export interface ApiKeyProblem {
  readonly client: string;
  readonly reason: "expired" | "revoked" | "foreign_network";
}

const KEY_BYTES = 32;
const KEY = /^pk_[\w-]{43}$/;

/** A name that can be the audience of proofs: no URL and no URN, which are those of other tokens. */
export const BACKEND_NAME = /^[a-z][a-z0-9-]{1,62}$/;

/** Makes a key: what is shown once, and what is kept of it. */
export function newApiKey(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  terms: ApiKeyTerms,
): { readonly secret: string; readonly kept: ApiKey } {
  const now = clock.now();
  const secret = `pk_${Buffer.from(random.bytes(KEY_BYTES)).toString("base64url")}`;
  return { secret, kept: { ...terms, id: random.uuid(now), hash: sha256(secret), createdAt: now } };
}

export interface AuthenticateBackendDeps {
  readonly apiKeys: Pick<ApiKeyStore, "findByHash">;
  readonly clock: Clock;
  /** Whether an address lies in one of these networks. */
  readonly isWithin: (address: string, networks: readonly string[]) => boolean;
  readonly reportApiKey: (problem: ApiKeyProblem) => void;
}

/**
 * Reads an API key. Unknown, expired, revoked and shown from a foreign network are one refusal, so that a thief learns
 * nothing of what was stolen. It is looked up by its hash: what the lookup's duration tells is of no use to anybody.
 *
 * @param address where the request came from; absent where no source can be trusted, and then no network fits
 */
export async function authenticateBackend(
  { apiKeys, clock, isWithin, reportApiKey }: AuthenticateBackendDeps,
  secret: string,
  address: string | undefined,
): Promise<Result<Backend, "invalid_api_key">> {
  const key = KEY.test(secret) ? await apiKeys.findByHash(sha256(secret)) : undefined;
  if (!key) return refuse("invalid_api_key");
  const isAtHome = key.networks.length === 0 || (address !== undefined && isWithin(address, key.networks));
  const reason = whyOver(key, clock.now()) ?? (isAtHome ? undefined : "foreign_network");
  if (!reason) return ok(key);
  reportApiKey({ client: key.client, reason });
  return refuse("invalid_api_key");
}

/** Why a key is over; undefined while it is good. */
export function whyOver(
  { revokedAt, expiresAt }: Pick<ApiKey, "revokedAt" | "expiresAt">,
  now: number,
): "revoked" | "expired" | undefined {
  if (revokedAt !== undefined) return "revoked";
  return now < expiresAt ? undefined : "expired";
}
