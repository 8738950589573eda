import { describe, expect, it } from "vitest";
import { ALL_TRIES_MS } from "../../../src/core/delivery/deliver.ts";
import { ok, type Result, refuse } from "../../../src/core/refusals.ts";
import { sentOnce } from "../../../src/http/pages/forms/once.ts";

const FORM = { flow: { pre: "browser" }, fields: new Map([["once", "a".repeat(22)]]) };
type Answer = Result<string, "idempotency_in_progress" | "too_many_requests">;

/** Sends a form a second time, while the first is answered after so many milliseconds. */
async function second(firstTakesMs: number): Promise<Answer> {
  let waitedMs = 0;
  const pause = async (ms: number) => {
    waitedMs += ms;
  };
  const send = async (): Promise<Answer> =>
    waitedMs < firstTakesMs ? refuse("idempotency_in_progress", { retryAfterSeconds: 1 }) : ok("sent");
  return await sentOnce({ pause }, FORM, send);
}

describe("a form that was sent twice", () => {
  it("gets the answer to the first sending, however long that takes", async () => {
    expect(await second(ALL_TRIES_MS)).toEqual(ok("sent"));
  });

  it("has another idempotency key in another browser", async () => {
    const keys: (string | undefined)[] = [];
    for (const pre of ["browser", "another"])
      await sentOnce({ pause: async () => {} }, { ...FORM, flow: { pre } }, async (idempotency) => {
        keys.push(idempotency?.key);
        return ok("sent");
      });
    expect(new Set(keys).size).toBe(2);
  });

  it("is refused with too_many_requests if the first sending is never answered", async () => {
    expect(await second(Number.POSITIVE_INFINITY)).toEqual(
      refuse("too_many_requests", { retryAfterSeconds: 1 }),
    );
  });
});
