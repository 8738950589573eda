import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PURPOSE_RULES, PURPOSES, type Purpose } from "../../src/core/verification/purpose.ts";
import { bodyOf, MINUTE_MS, open, phoneNo, read, type VerificationBody } from "../http/support.ts";
import { bearer, createWorld, type World } from "../support/world.ts";
import { apiKey, check } from "./support.ts";

const TRANSACTION = { amount: "1", currency: "CNY", payee: "Shop" };

/** An operation that takes a code; it is named by what it gives. */
type Door = (id: string, code: string) => Promise<Response>;

let world: World;
let user: Record<string, string>;
let backend: Record<string, string>;
beforeAll(async () => {
  const env = { GUARD_MODE: "off", CAPTCHA: "off", LIMIT_PHONE_SENDS: "unlimited", RESEND_SECONDS: "1" };
  world = await createWorld({
    env: { ...env, LIMIT_ADDRESS_SENDS: "unlimited", ACCESS_TOKEN_MINUTES: "60" },
  });
  user = bearer((await world.signIn()).accessToken);
  const purposes = ["verify_identity", "confirm_transaction"] as const;
  backend = bearer(await apiKey(world, { purposes }));
});
afterAll(() => world.close());

const DOORS: Readonly<Record<string, Door>> = {
  session: (id, code) => open(world, id, code),
  proof: (id, code) => check(world, id, code),
  "proof of a transaction": (id, code) => check(world, id, code, { transaction: TRANSACTION }),
  factor: async (verificationId, code) =>
    await world.post("/v1/sessions/current/step-up", { verificationId, code }, user),
  password: async (verificationId, code) =>
    await world.post("/v1/password-resets", { verificationId, code, newPassword: "lantern orchard vessel" }),
  erasure: async (verificationId, code) =>
    await world.request("/v1/me", {
      method: "DELETE",
      headers: { "content-type": "application/json", ...user },
      body: JSON.stringify({ verificationId, code }),
    }),
};

/** Which doors a code of this purpose opens; every other one refuses it. */
function opens(purpose: Purpose): readonly string[] {
  if (purpose === "confirm_transaction") return ["proof of a transaction"];
  return [PURPOSE_RULES[purpose].gives];
}

let phones = 0;

async function start(purpose: Purpose): Promise<VerificationBody> {
  world.clock.advance(MINUTE_MS);
  const { startedBy } = PURPOSE_RULES[purpose];
  const phone = phoneNo(10_007 * ++phones);
  if (startedBy === "self") {
    // Wrong guesses stay in the ledger of a number: each try has its own.
    user = bearer((await world.signIn(phone)).accessToken);
    world.clock.advance(MINUTE_MS);
  }
  const transaction = purpose === "confirm_transaction" && { transaction: TRANSACTION };
  const headers = { anybody: {}, backend, self: user, user }[startedBy];
  const response = await world.post("/v1/verifications", { phone, purpose, ...transaction }, headers);
  expect(response.status).toBe(201);
  return await bodyOf<VerificationBody>(response);
}

const pairs = PURPOSES.flatMap((purpose) =>
  Object.keys(DOORS).flatMap((door) => (opens(purpose).includes(door) ? [] : [[purpose, door] as const])),
);

describe("T5: a code opens the door of its purpose and no other", () => {
  it.each(pairs)("%s: not the door of a %s", async (purpose, door) => {
    const { id } = await start(purpose);
    const response = await DOORS[door]?.(id, world.sms.lastCode());
    expect([400, 401, 403]).toContain(response?.status);
    expect((await read(world, id)).status).toBe("pending");
  });

  it("and every purpose is given by one of the doors here", () => {
    const given = new Set(PURPOSES.flatMap(opens));
    // A new number is given by PUT /v1/me/phone, which takes the codes of two phones at once.
    given.delete("number");
    expect([...given].filter((door) => !(door in DOORS))).toEqual([]);
  });
});
