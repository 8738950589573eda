import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiKey, ApiKeyStore, ProofStore } from "../../src/core/backend/ports.ts";
import { DAY, fresh, MINUTE, NOW, parallel } from "./samples.ts";

export interface OpenBackendStores {
  readonly apiKeys: ApiKeyStore;
  readonly proofs: ProofStore;
  close(): Promise<void>;
}

function anApiKey(over: Partial<ApiKey> = {}): ApiKey {
  return {
    id: fresh("key"),
    client: fresh("c"),
    hash: fresh("hash"),
    purposes: ["verify_identity"],
    networks: ["192.0.2.0/24", "2001:db8::/32"],
    tells: "tag",
    sends: [{ max: 5, windowMs: DAY }],
    spend: { hour: 5_000_000 },
    returnTo: ["https://shop.example.com/back?a=1,2"],
    createdAt: NOW,
    expiresAt: NOW + DAY,
    ...over,
  };
}

/** The promises of `ApiKeyStore` and `ProofStore`, for every store. */
export function backendStoresContract(name: string, open: () => Promise<OpenBackendStores>): void {
  describe(`${name}: API keys and proofs`, () => {
    let opened: OpenBackendStores;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    const created = async (over: Partial<ApiKey> = {}) => {
      const key = anApiKey(over);
      expect(await opened.apiKeys.create(key)).toBe(true);
      return key;
    };

    test("finds a key by its hash as it was added, even after it was revoked", async () => {
      const key = await created({ networks: [], sends: [] });
      expect(await opened.apiKeys.findByHash(key.hash)).toStrictEqual(key);
      expect(await opened.apiKeys.revoke(key.client, NOW + 1)).toBe(1);
      expect(await opened.apiKeys.findByHash(key.hash)).toStrictEqual({ ...key, revokedAt: NOW + 1 });
      expect(await opened.apiKeys.findByHash(`${key.hash}x`)).toBeUndefined();
      expect(await opened.apiKeys.list()).toContainEqual({ ...key, revokedAt: NOW + 1 });
    });

    test("creates no second key of a client until the last one has expired", async () => {
      const { client } = await created();
      expect(await opened.apiKeys.create(anApiKey({ client, createdAt: NOW + 1 }))).toBe(false);
      const later = anApiKey({ client, createdAt: NOW + DAY, expiresAt: NOW + 2 * DAY });
      expect(await opened.apiKeys.findLive(client, NOW + DAY)).toBeUndefined();
      expect(await opened.apiKeys.create(later)).toBe(true);
      expect(await opened.apiKeys.findLive(client, NOW + DAY)).toStrictEqual(later);
    });

    test("replaces a key: older ones expire at the end of the overlap, and none later than before", async () => {
      const old = await created();
      const { client } = old;
      const next = anApiKey({ client, createdAt: NOW + 1, expiresAt: NOW + 9 * DAY });
      expect(await opened.apiKeys.replace(next, NOW + MINUTE)).toBe(true);
      expect(await opened.apiKeys.findByHash(old.hash)).toStrictEqual({ ...old, expiresAt: NOW + MINUTE });
      expect(await opened.apiKeys.findLive(client, NOW + 2)).toStrictEqual(next);
      const third = anApiKey({ client, createdAt: NOW + 2 });
      expect(await opened.apiKeys.replace(third, NOW + DAY)).toBe(true);
      expect(await opened.apiKeys.findByHash(old.hash)).toMatchObject({ expiresAt: NOW + MINUTE });
      expect(await opened.apiKeys.revoke(client, NOW + 3)).toBe(3);
      expect(await opened.apiKeys.revoke(client, NOW + 4)).toBe(0);
      expect(await opened.apiKeys.replace(anApiKey({ client, createdAt: NOW + 5 }), NOW)).toBe(false);
    });

    test("revokes no key that has expired", async () => {
      const key = await created();
      expect(await opened.apiKeys.revoke(key.client, key.expiresAt)).toBe(0);
      expect(await opened.apiKeys.findByHash(key.hash)).toStrictEqual(key);
    });

    test("creates one key of a client if eight are created at once", async () => {
      const client = fresh("c");
      const made = await parallel(8, () => opened.apiKeys.create(anApiKey({ client })));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await opened.apiKeys.revoke(client, NOW + 1)).toBe(1);
    });

    test("leaves no live key if one is replaced while all are revoked", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { client } = await created();
        const next = anApiKey({ client, createdAt: NOW + 1 });
        await Promise.all([
          opened.apiKeys.replace(next, NOW + MINUTE),
          opened.apiKeys.revoke(client, NOW + 2),
        ]);
        expect(await opened.apiKeys.findLive(client, NOW + 3)).toBeUndefined();
      }
    });

    test("lets one of 20 redeem a proof", async () => {
      const id = fresh("proof");
      const redeemed = await parallel(20, () =>
        opened.proofs.redeem({ id, redemption: fresh("redemption"), at: NOW }),
      );
      expect(redeemed.filter(Boolean)).toHaveLength(1);
    });
  });
}
