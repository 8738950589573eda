import { describe, expect, test } from "vitest";
import { eventsKey, leasesKey, REBUILT, sumsKey } from "../../../src/adapters/redis/limit-take.ts";
import { createRedisVerificationStore } from "../../../src/adapters/redis/verifications.ts";
import type { Sum } from "../../../src/core/protection/limits/ports.ts";
import { exemptCaller } from "../../../src/core/protection/limits/send-limit.ts";
import { sumKey } from "../../../src/core/protection/limits/sums.ts";
import { tableLimits } from "../../../src/core/protection/limits/table.ts";
import { aVerification, DAY, fresh, MINUTE, NOW } from "../../contracts/samples.ts";
import { NO_LIMITS } from "../../core/rules.ts";
import { useRedis } from "./use-redis.ts";

const HOUR = 60 * MINUTE;

/** Redis drops keys by itself, and must not drop one that a limit still looks back at: the limit would be refilled. */
describe("how long Redis keeps", () => {
  const at = useRedis();

  /** For how long at least the key is kept whenever `work` is done: on a new key, and on one that was about to expire. */
  async function leastKept(key: string, work: () => Promise<unknown>): Promise<number> {
    await work();
    const first = Number(await at.command("PTTL", key));
    await at.command("PEXPIRE", key, "5000");
    await work();
    return Math.min(first, Number(await at.command("PTTL", key)));
  }

  test.each([
    ["a window", { windows: [{ max: 9, windowMs: DAY }] }, DAY],
    [
      "the longest of several",
      {
        windows: [
          { max: 9, windowMs: DAY },
          { max: 9, windowMs: HOUR },
        ],
      },
      DAY,
    ],
    ["a backoff", { windows: [], backoff: { baseMs: 0, windowMs: HOUR } }, HOUR],
  ])("events: as long as %s reaches back", async (_, bounds, keptMs) => {
    const limit = { name: "sends", key: fresh("key"), ...bounds };
    const count = () => at.limits.take({ member: fresh("member"), limits: [limit] }, NOW);
    expect(await leastKept(eventsKey(limit.key), count)).toBeGreaterThan(keptMs);
  });

  test("events of a part of a limit: as long as that reaches back", async () => {
    const part = { key: fresh("part"), max: 9, windowMs: DAY };
    const limit = { name: "sends", key: fresh("key"), windows: [{ max: 9, windowMs: HOUR }], part };
    const count = () => at.limits.take({ member: fresh("member"), limits: [limit] }, NOW);
    expect(await leastKept(eventsKey(part.key), count)).toBeGreaterThan(DAY);
  });

  test("the messages of a backend: a day, even if its API key has no limits", async () => {
    const caller = {
      ...exemptCaller({
        phoneTag: "k.tag",
        bucket: "device",
        traffic: { country: "CN", prefixTag: "prefix" },
      }),
      backend: { client: fresh("shop"), sends: [], spend: {} },
    };
    const limits = tableLimits(NO_LIMITS, caller, () => undefined).filter(({ name }) => name === "backend");
    const count = () => at.limits.take({ member: fresh("member"), limits }, NOW);
    expect(await leastKept(eventsKey(`${limits[0]?.key}`), count)).toBeGreaterThan(DAY);
  });

  test("leases, and that some of their guesses went to the ledger: until the lease ends", async () => {
    const key = fresh("guesses");
    const lease = { key, wanted: 1, cap: 99, expiresAt: NOW + 20 * MINUTE };
    const take = (member: string) => at.limits.take({ member, limits: [], lease }, NOW);
    expect(await leastKept(leasesKey(key), () => take(fresh("member")))).toBeGreaterThan(20 * MINUTE);

    const usual = { ...lease, key: fresh("guesses"), expiresAt: NOW + 10.5 * MINUTE };
    const release = async () => {
      const member = fresh("member");
      await at.limits.take({ member, limits: [], lease: usual }, NOW);
      await at.command("PEXPIRE", leasesKey(usual.key), "5000");
      await at.limits.release(usual.key, member, 1);
    };
    expect(await leastKept(leasesKey(usual.key), release)).toBeGreaterThan(10.5 * MINUTE);
  });

  test("what was put back after a loss: as long as any window can be, and as any lease lasts", async () => {
    const [key, guesses] = [fresh("key"), fresh("guesses")];
    const expiresAt = NOW + 10.5 * MINUTE;
    const seed = () => {
      const events = [{ key, member: fresh("member"), at: NOW }];
      const leases = [{ key: guesses, member: fresh("member"), amount: 1, expiresAt }];
      return at.limits.seed(fresh("epoch"), [{ events, leases }]);
    };
    expect(await leastKept(eventsKey(key), seed)).toBeGreaterThan(30 * DAY);
    expect(await leastKept(leasesKey(guesses), seed)).toBeGreaterThan(10.5 * MINUTE);
    expect(await leastKept(REBUILT, seed)).toBeGreaterThan(10.5 * MINUTE);
  });

  test("sums that are corrected or put back: as long as their window reaches back", async () => {
    const [corrected, lost] = ["corrected", "lost"].map((name) => {
      return { key: fresh(name), windowMs: DAY, at: NOW, amount: 5 };
    }) as [Sum, Sum];
    const correct = () => at.limits.correct([corrected]);
    const seed = () => at.limits.seed(fresh("epoch"), [{ events: [], sums: [lost] }]);
    expect(await leastKept(sumsKey(sumKey(corrected)), correct)).toBeGreaterThan(DAY);
    expect(await leastKept(sumsKey(sumKey(lost)), seed)).toBeGreaterThan(DAY);
  });

  test("the verifications of one holder: only the newest ten", async () => {
    const store = createRedisVerificationStore(at.redis);
    const of = { holder: fresh("device"), phoneTag: `k.${fresh("tag")}` };
    for (let n = 0; n < 12; n++) await store.create(aVerification({ ...of, createdAt: NOW + n }));
    const held = `phonekey:held:{${of.holder}}:${of.phoneTag}:sign_in`;
    expect(await at.command("ZCARD", held)).toBe(10);
    expect(await at.command("ZCOUNT", held, String(NOW + 2), "+inf")).toBe(10);
  });

  test("verifications, and who holds them: twice as long as a code can live", async () => {
    const verification = aVerification({ holder: fresh("device") });
    await createRedisVerificationStore(at.redis).create(verification);
    const { id, holder, phoneTag, purpose } = verification;
    for (const key of [`phonekey:{${id}}`, `phonekey:held:{${holder}}:${phoneTag}:${purpose}`])
      expect(Number(await at.command("PTTL", key))).toBeGreaterThan(19 * MINUTE);
  });
});
