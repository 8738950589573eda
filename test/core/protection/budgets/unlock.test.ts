import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPhoneVault } from "../../../../src/adapters/keyring/vault.ts";
import { createSqlStores } from "../../../../src/adapters/sql/stores.ts";
import { systemRandom } from "../../../../src/adapters/system/random.ts";
import { eraseAccount } from "../../../../src/core/life/erase.ts";
import type { Phone } from "../../../../src/core/phone.ts";
import { unlockPhone } from "../../../../src/core/protection/budgets/unlock.ts";
import type { Client } from "../../../../src/core/verification/client.ts";
import { createRules, DAY, HOUR, PHONE, type Rules, wrongCode } from "../../rules.ts";

const CODES_OF_SIX = { usual: 6, most: 6 };

let rules: Rules;
beforeEach(async () => {
  rules = await createRules({ maxCodeLength: 6, settings: { codeLengths: CODES_OF_SIX } });
});
afterEach(() => rules.close());

/** What the command does, in a process of its own beside the server. */
function unlock(phone = PHONE) {
  const { keyring, clock, random } = rules.deps();
  const { ledger, unlocks } = createSqlStores(rules.database, { clock, onStaleKey: () => {} });
  const vault = createPhoneVault({ keyring, random: systemRandom });
  const deps = { ledger, unlocks, vault, clock, random, codeLengths: CODES_OF_SIX };
  return unlockPhone(deps, phone as Phone, "shown their passport");
}

/** Guesses wrong as often as is allowed; resolves with how often that was. */
async function guessAll(client: Client = {}): Promise<number> {
  const before = (await rules.ledger(client.deviceToken ? "device" : "stranger")).length;
  for (;;) {
    const started = await rules.start(client);
    if (typeof started === "string") break;
    const wrong = wrongCode(await rules.codeOf(started.id));
    for (let tries = 0; tries < 4; tries++) await rules.guess(started.id, wrong, client);
  }
  return (await rules.ledger(client.deviceToken ? "device" : "stranger")).length - before;
}

describe("unlocking a number whose guesses are used up", () => {
  test("gives three guesses, and a right one among them is approved", async () => {
    expect(await guessAll()).toBe(10);
    expect(await unlock()).toEqual({ status: "unlocked" });
    const { id, code } = await rules.started();
    expect(await rules.guess(id, wrongCode(code))).toBe("invalid_code");
    expect(await rules.guess(id, code)).toBe("approved");
    expect(await guessAll()).toBe(2);
    expect(await rules.start()).toBe("too_many_requests");
  });

  test("is done once a day, and three times in 30 days", async () => {
    const given = [];
    for (let day = 0; day < 30; day++) {
      await guessAll();
      given.push(await unlock());
      expect(await unlock()).toMatchObject({ status: "too_soon" });
      rules.clock.advance(DAY);
    }
    expect(given.filter(({ status }) => status === "unlocked")).toHaveLength(3);
    await guessAll();
    expect(await unlock()).toEqual({ status: "unlocked" });
  });

  test("is not done while strangers have guesses left", async () => {
    expect(await unlock()).toEqual({ status: "not_spent" });
    const { id, code } = await rules.started();
    await rules.guess(id, wrongCode(code));
    expect(await unlock()).toEqual({ status: "not_spent" });
  });

  test("is done once if three operators try at once", async () => {
    await guessAll();
    const outcomes = await Promise.all([unlock(), unlock(), unlock()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["too_soon", "too_soon", "unlocked"]);
    expect(await guessAll()).toBe(3);
  });

  test("gives nothing to known devices, which have a ledger of their own", async () => {
    const { client } = await rules.knownDevice();
    await guessAll(client);
    await guessAll();
    expect(await rules.start(client)).toBe("too_many_requests");
    expect(await unlock()).toEqual({ status: "unlocked" });
    expect(await rules.start(client)).toBe("too_many_requests");
  });

  test("survives a restart, and ends after a day", async () => {
    await guessAll();
    await unlock();
    await rules.restart();
    rules.clock.advance(DAY - HOUR);
    const { id, code } = await rules.started();
    await rules.guess(id, wrongCode(code));
    rules.clock.advance(HOUR);
    // The one guess of that day.
    expect(await guessAll()).toBe(1);
  });

  test("finds guesses from before an erasure, even after a retag", async () => {
    const { user } = (await rules.knownDevice()).signedIn;
    await guessAll();
    expect(await eraseAccount(rules.deps(), user, { by: "operator" })).toBe(true);
    await rules.retag();
    await rules.restart();
    expect(await unlock()).toEqual({ status: "unlocked" });
  });

  test("does not concern another number", async () => {
    await guessAll();
    await unlock();
    expect(await unlock("+8613800138001")).toEqual({ status: "not_spent" });
  });
});
