import { expect, test } from "vitest";
import { refuseOnHold } from "../../../src/core/verification/on-hold.ts";
import { NOW } from "../../contracts/samples.ts";

/** The cloud takes nothing for the phone for a while. */
const messages = {
  heldUntil: async (_: string, sender: string) => (sender === "tencent" ? NOW + 9_000 : undefined),
};
const [tencent, webhook] = [{ name: "tencent", holdsNumbers: true } as const, { name: "webhook" }];

test.each([
  ["refuses the start if it is first in the route", [tencent, webhook], false],
  ["does not refuse the start if another one, which may send, is tried before it", [webhook, tencent], true],
] as const)("a sender that holds the phone %s", async (_, route, isLet) => {
  const held = await refuseOnHold({ route, messages } as never, "k.phone", NOW);
  expect(held).toMatchObject(
    isLet ? { ok: true } : { refusal: { code: "too_many_requests", retryAfterSeconds: 9 } },
  );
});
