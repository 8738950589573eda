import { describe, expect, test } from "vitest";
import type { Limit, LimitStore } from "../../src/core/protection/limits/ports.ts";
import { aLimit, request } from "./limit-requests.ts";
import { fresh, MINUTE, NOW } from "./samples.ts";

/** The part of the contract of `LimitStore` about the time that a refusal tells to wait. */
export function waitSuite(store: () => LimitStore): void {
  const fill = (key: string) => store().take(request([aLimit(key, 1)]), NOW);

  describe("retryAt of a refused take", () => {
    test("is the longest wait of all limits that refuse, so that nobody waits twice", async () => {
      const [short, long, empty] = [fresh("short"), fresh("long"), fresh("empty")];
      await fill(short);
      await fill(long);
      const first = aLimit(short, 1, MINUTE, "first");
      const later = aLimit(long, 1, 60 * MINUTE, "later");
      const refused = (retryAt: number) => ({ ok: false, refusedBy: "first", retryAt });
      const take = (limits: readonly Limit[], more = {}) => store().take(request(limits, more), NOW);
      expect(await take([aLimit(empty, 1), first, later])).toEqual(refused(NOW + 60 * MINUTE));
      expect(await take([first, { ...later, advisory: true }])).toEqual(refused(NOW + MINUTE));
      const amount = { name: "spend", key: fresh("spend"), windows: [{ max: 1, windowMs: 90 * MINUTE }] };
      expect(await take([first, { ...amount, amount: 2 }])).toEqual(refused(NOW + 90 * MINUTE));
      const backoff = { baseMs: 5 * MINUTE, windowMs: 60 * MINUTE };
      const resend = { name: "resend", key: long, windows: [], backoff };
      expect(await take([first, resend])).toEqual(refused(NOW + 5 * MINUTE));
    });

    test("includes the wait for a lease only if the lease has no room", async () => {
      const full = fresh("full");
      await fill(full);
      const key = fresh("guesses");
      const lease = { key, wanted: 2, cap: 2, expiresAt: NOW + 10 * MINUTE };
      const take = () => store().take(request([aLimit(full, 1)], { lease }), NOW);
      expect(await take()).toMatchObject({ refusedBy: "sends", retryAt: NOW + MINUTE });
      const before = { ...lease, expiresAt: NOW + 9 * MINUTE };
      await store().take(request([], { lease: before }), NOW);
      expect(await take()).toMatchObject({ refusedBy: "sends", retryAt: NOW + 9 * MINUTE });
    });

    test("leaves out limits that are `untold`", async () => {
      const [own, others] = [fresh("own"), fresh("others")];
      await fill(own);
      await fill(others);
      const shared = { ...aLimit(others, 1, 60 * MINUTE, "shared"), untold: true };
      const mine = aLimit(own, 1, MINUTE, "mine");
      const take = (limits: readonly Limit[]) => store().take(request(limits), NOW);
      expect(await take([mine, shared])).toEqual({ ok: false, refusedBy: "mine", retryAt: NOW + MINUTE });
      expect(await take([shared, mine])).toEqual({ ok: false, refusedBy: "shared", retryAt: NOW + MINUTE });
      expect(await take([shared])).toEqual({ ok: false, refusedBy: "shared", retryAt: NOW });
    });
  });
}
