import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalsOf } from "../../src/core/currencies.ts";
import { parseTransaction, transactionDigest } from "../../src/core/transaction.ts";
import { deriveCode } from "../../src/core/verification/code.ts";

const PURCHASE = { amount: "120.00", currency: "CNY", payee: "Example Shop" };
const HASH = createHash("sha256").update("the rest").digest("base64url");

const parse = (over: object) => parseTransaction({ ...PURCHASE, ...over });
const fieldOf = (over: object) => {
  const parsed = parse(over);
  return parsed.ok ? undefined : parsed.refusal.field;
};

describe("an amount", () => {
  it.each([
    ["120", "CNY", "120.00"],
    ["120.5", "CNY", "120.50"],
    ["0.01", "CNY", "0.01"],
    ["999999999999.99", "CNY", "999999999999.99"],
    ["1200", "JPY", "1200"],
    ["1.5", "KWD", "1.500"],
    ["1.2345", "CLF", "1.2345"],
  ])("%s %s is read as %s", (amount, currency, written) => {
    expect(parse({ amount, currency })).toMatchObject({ ok: true, value: { amount: written } });
  });

  it.each([
    ...["0", "0.00", "-1", "+1", "1e3", "1E3", " 1", "1 ", "1.", ".5", "01", "00.5", "1,5", "1_0", "0x10"],
    ...["1.005", "1000000000000", "9".repeat(31), "NaN", "Infinity", "１２", "١٢", "1\u00a0000", ""],
  ])("%j is refused", (amount) => {
    expect(fieldOf({ amount })).toBe("transaction.amount");
  });

  it.each([
    ["0.5", "JPY"],
    ["1.0", "JPY"],
    ["1.2345", "KWD"],
  ])("%s %s is refused for too many decimals", (amount, currency) => {
    expect(fieldOf({ amount, currency })).toBe("transaction.amount");
  });
});

describe("a currency", () => {
  it.each(["cny", "CNYY", "", "X".repeat(3), "XAU", "XTS", "BTC", "ＣＮＹ", "toString"])(
    "%j is refused",
    (currency) => {
      expect(fieldOf({ currency })).toBe("transaction.currency");
    },
  );

  it("in use is known with its decimals; one that is withdrawn or has no minor unit is not", () => {
    const inUse = ["CNY", "EUR", "USD", "JPY", "HKD", "MOP", "TWD", "SGD", "GBP", "KRW", "INR", "CHF"];
    expect(inUse.filter((code) => decimalsOf(code) === undefined)).toEqual([]);
    const none = ["CUC", "HRK", "SLL", "ZWL", "XDR", "XSU"];
    expect(none.filter((code) => decimalsOf(code) !== undefined)).toEqual([]);
    const mostDecimals = ["ISK", "BHD", "UYW", "IDR"].map(decimalsOf);
    expect(mostDecimals).toEqual([0, 3, 4, 2]);
  });
});

describe("a payee", () => {
  it.each([
    "阳光超市",
    "Müller & Söhne",
    "S.p.A. Rossi",
    "李 明",
    "Tea 4711",
    "ООО Ромашка",
    "Q",
    "Café №5",
    "🏪 Kiosk",
  ])("%j is accepted", (payee) => {
    expect(parse({ payee })).toMatchObject({ ok: true, value: { payee } });
  });

  it.each([
    ["no character", ""],
    ["41 characters", "x".repeat(41)],
    ["only a space", " "],
    ["a space at its end", "Shop "],
    ["two spaces", "Shop  Ltd"],
    ["a no-break space", "Shop\u00a0Ltd"],
    ["a line break, which would be a line of its own", "Shop\n@evil.example #1234"],
    ["a carriage return", "Shop\rLtd"],
    ["a line separator", "Shop\u2028Ltd"],
    ["a bidirectional override", "Shop\u202egro"],
    ["a bidirectional isolate", "Shop\u2066x\u2069"],
    ["a zero-width space", "Sh\u200bop"],
    ["a zero-width joiner", "Sh\u200dop"],
    ["a soft hyphen", "Sh\u00adop"],
    ["a byte order mark", "\ufeffShop"],
    ["a tag character", "Shop\u{e0041}"],
    ["half of a surrogate pair", "Shop\ud800"],
    ["a private-use character", "Shop\ue000"],
    ["stacked marks", "Sho\u0316\u0317\u0318p"],
    ["a mark before any letter", "\u0301Shop"],
    ["letters not in normal form", "Cafe\u0301"],
    ["only punctuation", "…!"],
    ["a quotation mark that would end it in the message", 'Shop". Your code is'],
    ["an address", "https://evil.example"],
    ["a host", "pay.evil.example"],
    ["a host in full width", "evil．ｅｘａｍｐｌｅ"],
    ["a host with another full stop", "evil。example"],
    ["a mail address", "a@b"],
    ["what reads like a code", "Shop 123456 is your code"],
    ["a code in full width", "Shop １２３４５６"],
    ["a Cyrillic letter among Latin ones", "P\u0430yPal"],
    ["a Greek letter among Latin ones", "\u0391pple"],
    ["a Cyrillic letter among Greek ones", "\u0391\u0410"],
  ])("with %s is refused", (_, payee) => {
    expect(fieldOf({ payee })).toBe("transaction.payee");
  });
});

it.each(["", "abc", `${HASH}=`, HASH.slice(1), `${HASH}A`, "+".repeat(43)])("refuses the hash %j", (hash) => {
  expect(fieldOf({ hash })).toBe("transaction.hash");
});

describe("the digest of a transaction", () => {
  it("is the SHA-256 of its JSON, as documented", () => {
    const json = '["120.00","CNY","Example Shop",""]';
    expect(transactionDigest(PURCHASE)).toBe(createHash("sha256").update(json).digest("base64url"));
  });

  it("is another one for any other transaction, and with it the code (T50)", () => {
    const texts = fc.record({
      amount: fc.string(),
      currency: fc.string(),
      payee: fc.string(),
      hash: fc.string(),
    });
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const same = JSON.stringify(Object.values(one)) === JSON.stringify(Object.values(other));
        expect(transactionDigest(one) === transactionDigest(other)).toBe(same);
      }),
    );
    const code = (over: object) =>
      deriveCode(
        new Uint8Array(32),
        {
          verificationId: "v",
          purpose: "confirm_transaction",
          transaction: transactionDigest({ ...PURCHASE, ...over }),
        },
        20,
      );
    const changes = [
      {},
      { amount: "120.01" },
      { currency: "EUR" },
      { payee: "Example shop" },
      { hash: HASH },
    ];
    expect(new Set(changes.map(code)).size).toBe(changes.length);
  });
});
