import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSqlStores } from "../../../src/adapters/sql/stores.ts";
import { newApiKey } from "../../../src/core/backend/api-key.ts";
import { checkCode } from "../../../src/core/verification/check.ts";
import type { Client } from "../../../src/core/verification/client.ts";
import { codeOf } from "../../../src/core/verification/message.ts";
import { createRules, DAY, HOUR, isShort, MINUTE, PHONE, type Rules, SECOND, wrongCode } from "../rules.ts";

const DEFAULT_LIMITS = {
  phoneSends: [
    { max: 5, windowMs: HOUR },
    { max: 10, windowMs: DAY },
  ],
  addressSends: [{ max: 10, windowMs: HOUR }],
  addressChecks: [{ max: 300, windowMs: 5 * MINUTE }],
  resendMs: 30 * SECOND,
};
const OTHER_PHONE = "+8613900139000";
const SHOP = {
  client: "shop",
  purposes: ["confirm_transaction"],
  networks: [],
  tells: "phone",
  sends: [],
  spend: {},
  returnTo: [],
} as const;
const PAYMENT = {
  purpose: "confirm_transaction",
  transaction: { amount: "1.00", currency: "EUR", payee: "Shop" },
} as const;

let rules: Rules;
afterEach(() => rules.close());

const attemptsUsed = async (id: string) => (await rules.deps().verifications.find(id))?.attemptsUsed;

describe.each(["database", "memory"] as const)(
  "T5: a code is valid only for its own verification (%s)",
  (state) => {
    beforeEach(async () => {
      rules = await createRules({ state });
    });

    test("not for another one of the same phone: refused and counted, there and in the ledger", async () => {
      const [mine, other] = [await rules.started(), await rules.started()];
      expect(await rules.guess(other.id, mine.code)).toBe("invalid_code");
      expect(await attemptsUsed(other.id)).toBe(1);
      expect(await attemptsUsed(mine.id)).toBe(0);
      expect(await rules.ledger()).toHaveLength(1);
      expect(await rules.guess(mine.id, mine.code)).toBe("approved");
    });

    test("not for another phone: refused and counted, in the ledger of that phone", async () => {
      const [mine, other] = [await rules.started(), await rules.started({}, OTHER_PHONE)];
      expect(await rules.guess(other.id, mine.code)).toBe("invalid_code");
      expect(await attemptsUsed(other.id)).toBe(1);
      expect(await rules.ledger("stranger", OTHER_PHONE)).toHaveLength(1);
      expect(await rules.ledger()).toEqual([]);
    });

    test("not for another purpose", async () => {
      const { id, code } = await rules.started();
      expect(await rules.guess(id, code, {}, "delete_account")).toBe("invalid_code");
      expect(await attemptsUsed(id)).toBe(1);
      expect(await rules.ledger()).toHaveLength(1);
      expect(await rules.guess(id, code)).toBe("approved");
    });

    test("not for another transaction, even if both have the same code", async () => {
      rules = await createRules({ state, settings: { codeLengths: { usual: 4, most: 8 } } });
      const deps = rules.deps();
      const { apiKeys } = createSqlStores(rules.database, { clock: deps.clock, onStaleKey: () => {} });
      const shop = newApiKey(deps, { ...SHOP, expiresAt: deps.clock.now() + DAY }).kept;
      await apiKeys.create(shop);
      const asked = { phone: PHONE, locale: "en", client: {}, backend: shop, ...PAYMENT } as const;
      const started = await rules.phonekey().verifications.start(asked);
      if (!started.ok) throw new Error(started.refusal.code);
      const verification = await deps.verifications.find(started.value.id);
      if (!verification) throw new Error("there is no such verification");
      const codeFor = (amount: number) => {
        const transaction = { ...PAYMENT.transaction, amount: `${amount}.00` };
        return codeOf(deps, { verification, testNumber: undefined }, transaction);
      };
      const code = await codeFor(1);
      let amount = 2;
      while ((await codeFor(amount)) !== code) amount += 1;
      const guess = (paid: number) => {
        const transaction = { ...PAYMENT.transaction, amount: `${paid}.00` };
        const purposes = ["confirm_transaction"] as const;
        return checkCode(deps, { verificationId: verification.id, code, client: {}, purposes, transaction });
      };
      expect(await guess(amount)).toMatchObject({ refusal: { code: "invalid_code" } });
      expect(await guess(1)).toMatchObject({ ok: true });
    });

    test.each([
      ["from another browser", { browser: "another" }],
      ["from no browser", {}],
    ] as const)("T25: not %s, which can neither read nor resend it", async (_, client: Client) => {
      const { id, code } = await rules.started({ browser: "mine" });
      expect(await rules.guess(id, code, client)).toBe("invalid_code");
      expect(await attemptsUsed(id)).toBe(1);
      const { read, resend, resendOrStart } = rules.phonekey().verifications;
      const notFound = { refusal: { code: "not_found" } };
      expect([await read({ id, client }), await resend({ id, client })]).toMatchObject([notFound, notFound]);
      expect(await resendOrStart({ id, client, locale: "en" })).toMatchObject(notFound);
      expect(rules.sms.sent).toHaveLength(1);
      expect(await rules.guess(id, code, { browser: "mine" })).toBe("approved");
      expect(await resendOrStart({ id, client, locale: "en" })).toMatchObject(notFound);
      expect(rules.sms.sent).toHaveLength(1);
    });

    test("only once: used again it is refused, but is not a wrong guess", async () => {
      const { id, code } = await rules.started();
      expect(await rules.guess(id, code)).toBe("approved");
      expect(await rules.guess(id, code)).toBe("invalid_code");
      expect(await rules.ledger()).toEqual([]);
    });
  },
);

test("a right code ends the wait before the next message even if sign-up is closed", async () => {
  rules = await createRules({
    state: "memory",
    settings: { signUp: "closed", limits: { resendMs: 30 * SECOND } },
  });
  const { id: verificationId, code } = await rules.started();
  const signIn = await rules.phonekey().signIn.byCode({ verificationId, code, client: {}, userAgent: "" });
  expect(signIn).toMatchObject({ refusal: { code: "sign_up_closed" } });
  await rules.restart();
  expect(await rules.start()).toHaveProperty("id");
});

describe.each(["database", "memory"] as const)("T8: a stranger cannot lock the owner out (%s)", (state) => {
  beforeEach(async () => {
    rules = await createRules({ state, settings: { limits: DEFAULT_LIMITS } });
  });

  /** A stranger starts and guesses wrong as often as is allowed, for so many days. */
  async function besiege(days: number): Promise<void> {
    for (let hour = 0; hour < 24 * days; hour++) {
      for (;;) {
        const started = await rules.start({ addressKey: `198.51.100.${hour % 250}` });
        if (typeof started === "string") break;
        const wrong = wrongCode(await rules.codeOf(started.id));
        for (let n = 0; n < 4; n++) await rules.guess(started.id, wrong);
      }
      rules.clock.advance(HOUR);
    }
  }

  test("an owner who is on a known device still gets a short code and in, every day", async () => {
    const owner = (await rules.knownDevice()).client;
    for (let day = 0; day < 4; day++) {
      await besiege(1);
      const { id, code, codeLength } = await rules.started(owner);
      expect(codeLength).toBe(6);
      expect(await rules.guess(id, wrongCode(code), owner)).toBe("invalid_code");
      expect(await rules.guess(id, code, owner)).toBe("approved");
    }
    expect((await rules.ledger()).filter(isShort)).toHaveLength(9);
    expect(await rules.ledger("device")).toHaveLength(4);
  });

  test("an owner who is on a new device gets in too, with a longer code, when the stranger pauses", async () => {
    await besiege(2);
    rules.clock.advance(DAY);
    const { id, code, codeLength } = await rules.started();
    expect(codeLength).toBe(8);
    expect(await rules.guess(id, code)).toBe("approved");
  });

  test("nor use up the guesses of its known devices with a session of another phone", async () => {
    const { signedIn } = await rules.knownDevice(OTHER_PHONE);
    const { user, session } = signedIn;
    const started = await rules.phonekey().verifications.start({
      phone: PHONE,
      purpose: "change_phone",
      locale: "en",
      client: {},
      self: { user, deviceId: session.deviceId },
    });
    if (!started.ok) throw new Error(started.refusal.code);
    const { id } = started.value;
    await rules.guess(id, wrongCode(await rules.codeOf(id)), {}, "change_phone");
    expect(await rules.ledger("device")).toEqual([]);
    expect(await rules.ledger()).toHaveLength(1);
  });

  test("nor void the code that the owner is waiting for", async () => {
    const owner = (await rules.knownDevice()).client;
    rules.clock.advance(HOUR);
    const waiting = await rules.started(owner);
    const newDevice = await rules.started();
    rules.clock.advance(30 * SECOND);
    const stranger = await rules.started();
    for (let n = 0; n < 5; n++) await rules.guess(stranger.id, wrongCode(stranger.code));
    expect(await rules.guess(waiting.id, waiting.code, owner)).toBe("approved");
    expect(await rules.guess(newDevice.id, newDevice.code)).toBe("approved");
  });

  test("a forged, foreign or outdated device token is treated as a stranger's, and the answer does not tell", async () => {
    const { client: owner, signedIn } = await rules.knownDevice();
    const foreign = (await rules.knownDevice(OTHER_PHONE)).client;
    await besiege(1);
    for (const deviceToken of ["x", `${owner.deviceToken}x`, foreign.deviceToken ?? ""]) {
      expect(await rules.start({ deviceToken })).toBe("too_many_requests");
    }
    await rules.phonekey().sessions.endAll(signedIn);
    expect(await rules.start(owner)).toBe("too_many_requests");
  });
});

test("T8: the limit of guesses per address counts strangers and the known devices of each phone apart", async () => {
  rules = await createRules({ settings: { limits: { addressChecks: [{ max: 2, windowMs: HOUR }] } } });
  const [mine, theirs] = [await rules.knownDevice(), await rules.knownDevice(OTHER_PHONE)];
  const guesses = async (by: Client, phone = PHONE) => {
    const client = { ...by, addressKey: "203.0.113.7" };
    const { id, code } = await rules.started(client, phone);
    const guess = () => rules.guess(id, wrongCode(code), client);
    return [await guess(), await guess(), await guess()];
  };
  const two = ["invalid_code", "invalid_code", "too_many_requests"];
  expect(await guesses({})).toEqual(two);
  expect(await guesses(theirs.client, OTHER_PHONE)).toEqual(two);
  expect(await guesses(mine.client)).toEqual(two);
});

describe.each(["database", "memory"] as const)(
  "starting again while holding a live verification (%s)",
  (state) => {
    let owner: Client;
    beforeEach(async () => {
      rules = await createRules({ state });
      owner = (await rules.knownDevice()).client;
      rules.sms.sent.length = 0;
    });

    test("by device token sends the same one again, with the same code and no new guesses", async () => {
      const first = await rules.started(owner);
      for (let n = 0; n < 2; n++) await rules.guess(first.id, wrongCode(first.code), owner);
      for (let n = 0; n < 10; n++) {
        rules.clock.advance(SECOND);
        expect((await rules.started(owner)).id).toBe(first.id);
      }
      expect(new Set(rules.sms.sent.map(({ code }) => code)).size).toBe(1);
      expect(rules.sms.sent).toHaveLength(11);
      expect(await rules.guess(first.id, wrongCode(first.code), owner)).toBe("invalid_code");
      expect(await rules.guess(first.id, first.code, owner)).toBe("invalid_code");
      expect(await rules.ledger("device")).toHaveLength(3);
      expect((await rules.started(owner)).id).not.toBe(first.id);
    });

    test("by the pages' cookie sends the same one again, only for its browser, phone and purpose while it lives", async () => {
      const browser = { browser: "mine" };
      const first = await rules.started(browser);
      const input = { phone: "138 0013 8000", purpose: "sign_in", locale: "en", heldId: first.id } as const;
      const { start } = rules.phonekey().verifications;
      expect(await start({ ...input, client: browser })).toMatchObject({ value: { id: first.id } });
      const other = await start({ ...input, client: { browser: "another" } });
      expect(other.ok && other.value.id !== first.id).toBe(true);
      const otherPhone = await start({ ...input, phone: OTHER_PHONE, client: browser });
      expect(otherPhone.ok && otherPhone.value.id !== first.id).toBe(true);
      const otherPurpose = await start({ ...input, purpose: "reset_password", client: browser });
      expect(otherPurpose.ok && otherPurpose.value.id !== first.id).toBe(true);
      rules.clock.advance(11 * MINUTE);
      const later = await start({ ...input, client: browser });
      expect(later.ok && later.value.id !== first.id).toBe(true);
    });

    test("by device token starts a new one if the live one is bound to a browser", async () => {
      const first = await rules.started({ ...owner, browser: "mine" });
      expect((await rules.started(owner)).id).not.toBe(first.id);
      expect((await rules.started({ ...owner, browser: "mine" })).id).not.toBe(first.id);
    });

    test("does not concern strangers: each start of theirs is a new one", async () => {
      const [first, second] = [await rules.started(), await rules.started()];
      expect(first.id).not.toBe(second.id);
      expect(first.code).not.toBe(second.code);
    });

    test("never makes it live longer than ten minutes after its start", async () => {
      const first = await rules.started(owner);
      const startedAt = rules.clock.now();
      for (let minute = 1; minute < 10; minute++) {
        rules.clock.advance(MINUTE);
        const again = await rules.started(owner);
        expect(again.id).toBe(first.id);
        expect(again.expiresAt).toBe(Math.min(startedAt + 10 * MINUTE, rules.clock.now() + 5 * MINUTE));
      }
      rules.clock.advance(MINUTE - 1);
      expect((await rules.started(owner)).id).toBe(first.id);
      rules.clock.advance(1);
      expect(await rules.guess(first.id, first.code, owner)).toBe("invalid_code");
      expect((await rules.started(owner)).id).not.toBe(first.id);
    });
  },
);
