import { describe, expect, test } from "vitest";
import type { Backend } from "../../../src/core/backend/api-key.ts";
import { type AskedStart, judgeAsk } from "../../../src/core/verification/ask.ts";
import { PURPOSES, type Purpose } from "../../../src/core/verification/purpose.ts";
import type { Self } from "../../../src/core/verification/self.ts";
import { aUser } from "../../contracts/samples.ts";

const self: Self = { user: aUser("key.tag") };
const backend = { client: "shop", purposes: PURPOSES } as unknown as Backend;
const transaction = { amount: "10.00", currency: "CNY", payee: "Shop" };

/** What comes of a start: the refusal's code, or nothing. */
function judged(purpose: Purpose, more: Partial<AskedStart> = {}) {
  const judgement = judgeAsk({
    purpose,
    client: {},
    ...(purpose === "confirm_transaction" && { transaction }),
    ...more,
  });
  return judgement.ok ? undefined : judgement.refusal.code;
}

/** Who may start what: nobody in particular, somebody signed in, a backend. */
test.each([
  ["sign_in", undefined, undefined, undefined],
  ["temporary_password", undefined, undefined, undefined],
  ["reset_password", undefined, undefined, undefined],
  ["verify_identity", "invalid_api_key", "invalid_api_key", undefined],
  ["confirm_transaction", "invalid_api_key", "invalid_api_key", undefined],
  ["second_factor", "invalid_token", undefined, "invalid_token"],
  ["change_phone", "invalid_token", undefined, "invalid_token"],
  ["delete_account", "invalid_token", undefined, "invalid_token"],
] as const)("%s", (purpose, byAnybody, byUser, byBackend) => {
  expect(judged(purpose)).toBe(byAnybody);
  expect(judged(purpose, { self })).toBe(byUser);
  expect(judged(purpose, { backend })).toBe(byBackend);
});

test.each(PURPOSES)("%s is not started by a backend that may not", (purpose) => {
  const others = { ...backend, purposes: PURPOSES.filter((one) => one !== purpose) };
  expect(judged(purpose, { self, backend: others })).toBe("purpose_not_allowed");
});

test.each([
  ["change_phone", "password_required", "invalid_request"],
  ["delete_account", "password_required", undefined],
  ["second_factor", undefined, undefined],
  ["sign_in", undefined, undefined],
] as const)(
  "%s, by a session of a temporary password and by one of a test number",
  (purpose, before, test) => {
    expect(judged(purpose, { self: { ...self, mustSetPassword: true } })).toBe(before);
    expect(judged(purpose, { self: { ...self, isTest: true } })).toBe(test);
  },
);

describe("a device token", () => {
  test.each(PURPOSES)("with %s", (purpose) => {
    const isProof = purpose === "verify_identity" || purpose === "confirm_transaction";
    const started = judged(purpose, { self, backend, client: { deviceToken: "device" } });
    expect(started).toBe(isProof ? "invalid_request" : undefined);
  });
});

describe("a reference", () => {
  test.each([
    ["x", undefined],
    ["x".repeat(128), undefined],
    ["契约 4711", undefined],
    ["", "invalid_request"],
    ["x".repeat(129), "invalid_request"],
    ["a\nb", "invalid_request"],
    ["a\u202eb", "invalid_request"],
    ["a\u2028b", "invalid_request"],
  ])("%j", (reference, code) => {
    expect(judged("verify_identity", { backend, reference })).toBe(code);
  });

  test("is for proofs alone", () => {
    expect(judged("sign_in", { backend, reference: "x" })).toBe("invalid_request");
  });
});

describe("a transaction", () => {
  test.each(PURPOSES)("with %s", (purpose) => {
    const isNeeded = purpose === "confirm_transaction";
    expect(judged(purpose, { self, backend, transaction })).toBe(isNeeded ? undefined : "invalid_request");
  });

  test("is needed where one is confirmed", () => {
    expect(judgeAsk({ purpose: "confirm_transaction", client: {}, backend })).toMatchObject({
      ok: false,
      refusal: { code: "invalid_request", field: "transaction" },
    });
  });
});
