import { describe, expect, test } from "vitest";
import type { Backend } from "../../../src/core/backend/api-key.ts";
import { type AskedStart, judgeAsk } from "../../../src/core/verification/ask.ts";
import { PURPOSES, type Purpose } from "../../../src/core/verification/purpose.ts";
import type { Self } from "../../../src/core/verification/self.ts";
import { aUser } from "../../contracts/samples.ts";

const self: Self = { user: aUser("key.tag") };
const backend = { client: "shop", purposes: PURPOSES } as unknown as Backend;
const transaction = { amount: "10.00", currency: "CNY", payee: "Shop" };

/** The code of the refusal of a start; undefined if it is allowed. */
function judged(purpose: Purpose, more: Partial<AskedStart> = {}) {
  const judgement = judgeAsk({
    purpose,
    client: {},
    ...(purpose === "confirm_transaction" && { transaction }),
    ...more,
  });
  return judgement.ok ? undefined : judgement.refusal.code;
}

/** The refusals of: somebody without credentials, a signed-in user, a backend. */
test.each([
  ["sign_in", undefined, undefined, undefined],
  ["temporary_password", undefined, undefined, undefined],
  ["reset_password", undefined, undefined, undefined],
  ["verify_identity", "invalid_api_key", "invalid_api_key", undefined],
  ["confirm_transaction", "invalid_api_key", "invalid_api_key", undefined],
  ["second_factor", "invalid_token", undefined, "invalid_token"],
  ["change_phone", "invalid_token", undefined, "invalid_token"],
  ["delete_account", "invalid_token", undefined, "invalid_token"],
] as const)("%s is started only by those who may", (purpose, byAnybody, byUser, byBackend) => {
  expect(judged(purpose)).toBe(byAnybody);
  expect(judged(purpose, { self })).toBe(byUser);
  expect(judged(purpose, { backend })).toBe(byBackend);
});

test.each(PURPOSES)("%s is refused to a backend whose API key does not allow it", (purpose) => {
  const others = { ...backend, purposes: PURPOSES.filter((one) => one !== purpose) };
  expect(judged(purpose, { self, backend: others })).toBe("purpose_not_allowed");
});

test.each([
  ["change_phone", "password_required", "invalid_request"],
  ["delete_account", "password_required", undefined],
  ["second_factor", undefined, undefined],
  ["sign_in", undefined, undefined],
] as const)(
  "%s is judged for a session that must set a password, and for one of a test number",
  (purpose, before, test) => {
    expect(judged(purpose, { self: { ...self, mustSetPassword: true } })).toBe(before);
    expect(judged(purpose, { self: { ...self, isTest: true } })).toBe(test);
  },
);

describe("a device token", () => {
  test.each(PURPOSES)("is refused only for purposes of proofs: %s", (purpose) => {
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
  ])("is taken if it is 1 to 128 visible characters: %j", (reference, code) => {
    expect(judged("verify_identity", { backend, reference })).toBe(code);
  });

  test("is refused for sign_in", () => {
    expect(judged("sign_in", { backend, reference: "x" })).toBe("invalid_request");
  });
});

describe("a transaction", () => {
  test.each(PURPOSES)("is refused for all purposes but confirm_transaction: %s", (purpose) => {
    const isNeeded = purpose === "confirm_transaction";
    expect(judged(purpose, { self, backend, transaction })).toBe(isNeeded ? undefined : "invalid_request");
  });

  test("is required for confirm_transaction", () => {
    expect(judgeAsk({ purpose: "confirm_transaction", client: {}, backend })).toMatchObject({
      ok: false,
      refusal: { code: "invalid_request", field: "transaction" },
    });
  });
});
