import { createSqlStores } from "../../adapters/sql/stores.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemRandom } from "../../adapters/system/random.ts";
import type { Config } from "../../config.ts";
import { type ApiKeyTerms, newApiKey } from "../../core/backend/api-key.ts";
import type { ApiKey } from "../../core/backend/ports.ts";
import { DAY_MS } from "../../core/time.ts";
import { openMigrated } from "../database.ts";

/** What an operator chooses for the keys of a backend; times in days from now. */
export interface ApiKeyWishes extends Omit<ApiKeyTerms, "expiresAt"> {
  readonly days: number;
}

/** The tools of `phonekey keys api`. Secrets are returned once and stored nowhere. */
export interface ApiKeyTools {
  list(): Promise<readonly ApiKey[]>;
  /** Undefined where its backend has a live key. */
  create(wishes: ApiKeyWishes): Promise<Made | undefined>;
  /** Makes a key like the backend's newest one, which ends after `overlapMs`; undefined if the backend has none. */
  rotate(
    backend: string,
    wishes: { readonly days: number; readonly overlapMs: number },
  ): Promise<Made | undefined>;
  revoke(backend: string): Promise<number>;
  close(): Promise<void>;
}

export interface Made {
  readonly secret: string;
  readonly kept: ApiKey;
}

/** Opens the database for work on API keys; the server may run beside it. Rejects if it is not up to date. */
export async function apiKeyTools(config: Config): Promise<ApiKeyTools> {
  const parts = { clock: systemClock, random: systemRandom };
  const database = await openMigrated(config);
  const { apiKeys } = createSqlStores(database, { ...parts, onStaleKey: () => {} });
  const until = (days: number) => parts.clock.now() + days * DAY_MS;
  return {
    list: () => apiKeys.list(),
    async create({ days, ...terms }) {
      const made = newApiKey(parts, { ...terms, expiresAt: until(days) });
      return (await apiKeys.create(made.kept)) ? made : undefined;
    },
    async rotate(backend, { days, overlapMs }) {
      const now = parts.clock.now();
      const old = await apiKeys.findLive(backend, now);
      if (!old) return undefined;
      const { id: _, hash: __, createdAt: ___, ...terms } = old;
      const made = newApiKey(parts, { ...terms, expiresAt: until(days) });
      return (await apiKeys.replace(made.kept, now + overlapMs)) ? made : undefined;
    },
    revoke: (backend) => apiKeys.revoke(backend, parts.clock.now()),
    close: () => database.close(),
  };
}
