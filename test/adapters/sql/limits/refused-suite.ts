import { expect, test } from "vitest";
import type { Limit, LimitStore, TakeRequest } from "../../../../src/core/protection/limits/ports.ts";
import { fresh, MINUTE, NOW } from "../../../contracts/samples.ts";

export interface Watched {
  readonly limits: LimitStore;
  /** The texts of the statements that were run since the last call. */
  statements(): readonly string[];
}

/** Keeps the texts of statements. */
export function createStatementLog() {
  let noted: string[] = [];
  return {
    note: (text: string) => void noted.push(text),
    /** Those since the last call. */
    taken(): readonly string[] {
      const since = noted;
      noted = [];
      return since;
    },
  };
}

const WRITES = /^(insert|update|delete|replace|begin|commit|rollback)/i;

/** Checks like those of a start, of which one may be full. */
function checksOf(full?: string): readonly Limit[] {
  const windows = [{ max: 9, windowMs: MINUTE }];
  const key = fresh("key");
  const plain: Limit[] = [
    { name: "resend", key, windows: [], backoff: { baseMs: 1, windowMs: MINUTE, from: 9 } },
    { name: "phone", key, windows },
    { name: "total", key: fresh("total"), windows: [{ max: 300, windowMs: MINUTE }] },
    { name: "spend", key: fresh("spend"), amount: 5, windows: [{ max: 1_000, windowMs: MINUTE }] },
  ];
  const backoff = { baseMs: MINUTE, windowMs: MINUTE, from: 0 };
  return plain.map((limit) => {
    if (limit.name !== full) return limit;
    if (limit.backoff) return { ...limit, backoff };
    return { ...limit, windows: limit.windows.map((each) => ({ ...each, max: 0 })) };
  });
}

/**
 * A refused take sends only reads, outside of any transaction, and no more statements than one that passes.
 *
 * @param looks how many statements a take reads with before its first write
 */
export function refusedSuite(watched: () => Watched, { looks }: { readonly looks: number }): void {
  const cost = async (request: Omit<TakeRequest, "member">) => {
    watched().statements();
    const taken = await watched().limits.take({ member: fresh("member"), ...request }, NOW);
    return { taken, statements: watched().statements() };
  };
  const lease = (cap: number) => ({ key: fresh("lease"), wanted: 1, cap, expiresAt: NOW + MINUTE });

  test.each(["phone", "total", "spend", "lease", "unseeded"])(
    "a take refused by %s writes nothing",
    async (by) => {
      const passed = await cost({ limits: checksOf(), lease: lease(3) });
      expect(passed.taken).toMatchObject({ ok: true });
      expect(passed.statements.filter((sql) => WRITES.test(sql))).not.toHaveLength(0);
      const refused = await cost({
        limits: checksOf(by),
        lease: lease(by === "lease" ? 0 : 3),
        ...(by === "unseeded" && { epoch: fresh("epoch") }),
      });
      expect(refused.taken).toMatchObject({ ok: false, refusedBy: by });
      expect(refused.statements.filter((sql) => WRITES.test(sql))).toEqual([]);
      expect(refused.statements.length).toBeLessThanOrEqual(Math.min(2, passed.statements.length));
    },
  );

  test("a take that is refused by the wait before a resend writes nothing", async () => {
    const backoff = { baseMs: MINUTE, windowMs: MINUTE };
    const limit: Limit = { name: "resend", key: fresh("key"), windows: [], backoff };
    expect((await cost({ limits: [limit] })).taken).toMatchObject({ ok: true });
    const { taken, statements } = await cost({ limits: [limit] });
    expect(taken).toMatchObject({ ok: false, refusedBy: "resend" });
    expect(statements.filter((sql) => WRITES.test(sql))).toEqual([]);
  });

  test(`a take that passes reads ${looks} times before it writes`, async () => {
    const { statements } = await cost({ limits: checksOf(), lease: lease(3) });
    const begun = statements.findIndex((sql) => WRITES.test(sql));
    expect(begun).toBe(looks);
  });
}
