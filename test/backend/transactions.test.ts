import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Transaction, transactionDigest } from "../../src/core/transaction.ts";
import {
  bodyOf,
  MINUTE_MS,
  open,
  PHONE,
  phoneNo,
  read,
  refused,
  resend,
  SECOND_MS,
  type VerificationBody,
  wrongCode,
} from "../http/support.ts";
import { createWorld, type World } from "../support/world.ts";
import { createTencentWorld } from "../tencent/support.ts";
import { apiKey, backendOf, check, claimsOf, type Proof } from "./support.ts";

const PURCHASE = { amount: "120.05", currency: "EUR", payee: "Müller & Söhne" };
const HASH = "A".repeat(43);

let world: World;
let key: string;
beforeEach(async () => {
  world = await createWorld();
  key = await apiKey(world, { purposes: ["confirm_transaction", "verify_identity"] });
});
afterEach(() => world.close());

const shop = () => backendOf(world, key);

function ask(transaction: object = PURCHASE, more: object = {}) {
  return shop().start({ phone: PHONE, purpose: "confirm_transaction", transaction, ...more });
}

async function started(transaction: object = PURCHASE, more: object = {}): Promise<VerificationBody> {
  const response = await ask(transaction, more);
  expect(response.status).toBe(201);
  return await bodyOf<VerificationBody>(response);
}

describe("a person confirms a transaction", () => {
  it("by a message that says amount and payee, in their language", async () => {
    await started();
    expect(world.sms.sent.at(-1)?.text).toMatch(
      /^\d{6} is your Phonekey code to pay EUR 120\.05 to "Müller & Söhne"\. It/,
    );
    await started({ ...PURCHASE, amount: "7" }, { phone: phoneNo(1), locale: "zh-CN" });
    expect(world.sms.sent.at(-1)?.text).toMatch(/验证码 \d{6}，用于确认您向“Müller & Söhne”支付 EUR 7\.00/);
  });

  it("and the proof has the hash of the transaction", async () => {
    const transaction = { ...PURCHASE, amount: "9.5", hash: HASH };
    const { id } = await started(transaction, { reference: "order-1" });
    // The same amount, as its currency writes it.
    const said = { ...transaction, amount: "9.50" };
    const response = await check(world, id, world.sms.lastCode(), { transaction: said });
    const { proof } = await bodyOf<Proof>(response);
    const transactionHash = transactionDigest(said);
    expect(claimsOf(proof)).toMatchObject({ purpose: "confirm_transaction", transactionHash });
    expect(await (await shop().redeem(proof)).json()).toMatchObject({
      verificationId: id,
      purpose: "confirm_transaction",
      transactionHash,
      reference: "order-1",
    });
  });

  it("within five minutes, however often the message is sent again", async () => {
    await world.close();
    world = await createWorld({ env: { CODE_TTL_SECONDS: "600" } });
    key = await apiKey(world, { purposes: ["confirm_transaction"] });
    const first = await started();
    const code = world.sms.lastCode();
    expect(Date.parse(first.expiresAt) - world.clock.now()).toBe(5 * MINUTE_MS);
    world.clock.advance(4 * MINUTE_MS);
    expect(await bodyOf<VerificationBody>(await resend(world, first.id))).toMatchObject({
      expiresAt: first.expiresAt,
    });
    expect(world.sms.sent.at(-1)).toMatchObject({ code, transaction: PURCHASE });
    world.clock.advance(MINUTE_MS);
    await refused(await check(world, first.id, code, { transaction: PURCHASE }), "invalid_code");
  });
});

describe("T50: what attackers change", () => {
  const changes: readonly [string, Partial<Transaction>][] = [
    ["the amount", { amount: "120.06" }],
    ["the decimal point of the amount", { amount: "1200.50" }],
    ["the currency", { currency: "USD" }],
    ["the payee", { payee: "Mueller & Soehne" }],
    ["one letter of the payee", { payee: "Müller & Söhnе" }],
    ["the case of the payee", { payee: "müller & söhne" }],
    ["the hash", { hash: HASH }],
  ];
  it.each(changes.filter(([name]) => name !== "one letter of the payee"))(
    "%s: the code is wrong, and counts as a guess",
    async (_, change) => {
      const { id } = await started();
      const code = world.sms.lastCode();
      for (let guess = 0; guess < 3; guess += 1) {
        const response = await check(world, id, code, { transaction: { ...PURCHASE, ...change } });
        await refused(response, "invalid_code");
      }
      await refused(await check(world, id, code, { transaction: PURCHASE }), "invalid_code");
      expect((await read(world, id)).status).toBe("exhausted");
    },
  );

  it("a letter of the payee: one of another alphabet in a word is refused at the start and at the check", async () => {
    await refused(
      await ask({ ...PURCHASE, payee: "Müller & Söhn\u0435" }),
      "invalid_request",
      "transaction.payee",
    );
    const { id } = await started();
    const lookalike = { ...PURCHASE, payee: "Müller & Söhn\u0435" };
    const response = await check(world, id, world.sms.lastCode(), { transaction: lookalike });
    await refused(response, "invalid_request", "transaction.payee");
    expect((await read(world, id)).status).toBe("pending");
  });

  it("the verification: a code confirms its own transaction, once", async () => {
    const first = await started();
    const code = world.sms.lastCode();
    const second = await started(PURCHASE, { phone: phoneNo(1) });
    await refused(await check(world, second.id, code, { transaction: PURCHASE }), "invalid_code");
    expect((await check(world, first.id, code, { transaction: PURCHASE })).status).toBe(200);
    await refused(await check(world, first.id, code, { transaction: PURCHASE }), "invalid_code");
  });

  it("the purpose: the code opens no session, and that of another purpose confirms nothing", async () => {
    const { id } = await started();
    await refused(await open(world, id, world.sms.lastCode()), "invalid_code");
    const identity = await shop().start({ phone: phoneNo(1), purpose: "verify_identity" });
    const other = await bodyOf<VerificationBody>(identity);
    const response = await check(world, other.id, world.sms.lastCode(), { transaction: PURCHASE });
    await refused(response, "invalid_request", "transaction");
  });

  it("the whole transaction: left out at the check it is refused, and no guess is counted", async () => {
    const { id } = await started();
    const code = world.sms.lastCode();
    for (let time = 0; time < 5; time += 1)
      await refused(await check(world, id, code), "invalid_request", "transaction");
    expect((await check(world, id, code, { transaction: PURCHASE })).status).toBe(200);
  });

  it("the code: it can be guessed three times", async () => {
    const { id } = await started();
    const code = world.sms.lastCode();
    const guess = (by: string) => check(world, id, by, { transaction: PURCHASE });
    for (let time = 0; time < 3; time += 1) await refused(await guess(wrongCode(code)), "invalid_code");
    await refused(await guess(code), "invalid_code");
  });
});

describe("a start of confirm_transaction", () => {
  it.each<readonly [object, string]>([
    [{ amount: "-1" }, "transaction.amount"],
    [{ amount: "1e9" }, "transaction.amount"],
    [{ amount: "9".repeat(13) }, "transaction.amount"],
    [{ amount: 120 }, "transaction.amount"],
    [{ amount: "1.001" }, "transaction.amount"],
    [{ currency: "EURO" }, "transaction.currency"],
    [{ currency: "XAU" }, "transaction.currency"],
    [{ payee: "a\u202eb" }, "transaction.payee"],
    [{ payee: "Shop\n\n@evil.example #123456" }, "transaction.payee"],
    [{ payee: "pay.evil.example" }, "transaction.payee"],
    [{ hash: "abc" }, "transaction.hash"],
    [{ note: "x" }, "transaction.note"],
  ])("is refused for %j, naming the field", async (over, field) => {
    await refused(await ask({ ...PURCHASE, ...over }), "invalid_request", field);
    expect(world.sms.sent).toHaveLength(0);
  });

  it("is refused without a key, with a key of another purpose or without a transaction; other purposes take none", async () => {
    const body = { phone: PHONE, purpose: "confirm_transaction", transaction: PURCHASE };
    await refused(await world.post("/v1/verifications", body), "invalid_api_key");
    const bank = backendOf(world, await apiKey(world, { client: "bank" }));
    await refused(await bank.start(body), "purpose_not_allowed", "purpose");
    const { transaction: _, ...bare } = body;
    await refused(await shop().start(bare), "invalid_request", "transaction");
    await refused(
      await shop().start({ ...body, purpose: "verify_identity" }),
      "invalid_request",
      "transaction",
    );
    await refused(
      await world.post("/v1/verifications", { phone: PHONE, transaction: PURCHASE }),
      "invalid_request",
      "transaction",
    );
  });

  it("is refused if no approved template says it, before anything is counted", async () => {
    world.sms.carry(({ transaction }) => transaction?.payee === "Known Shop");
    await refused(await ask(), "template_unavailable", "transaction");
    expect(world.sms.sent).toHaveLength(0);
    // Nothing was counted: a refused start is followed by a good one at once.
    const { id } = await started({ ...PURCHASE, payee: "Known Shop" });
    world.sms.carry(() => false);
    world.clock.advance(MINUTE_MS);
    await refused(await resend(world, id), "sms_unavailable");
  });

  it("gets the same answer for the same Idempotency-Key, which is refused for another transaction", async () => {
    const headers = { "idempotency-key": "9f0c8a52-6f0e-4b3f-9d0b-0c1d2e3f4a5b" };
    const body = { phone: PHONE, purpose: "confirm_transaction", transaction: PURCHASE };
    const first = await bodyOf<VerificationBody>(await shop().start(body, headers));
    expect(await bodyOf<VerificationBody>(await shop().start(body, headers))).toStrictEqual(first);
    const changed = { ...body, transaction: { ...PURCHASE, amount: "121" } };
    await refused(await shop().start(changed, headers), "idempotency_key_reused", "Idempotency-Key");
    expect(world.sms.sent).toHaveLength(1);
  });
});

it("a transaction is sent by Tencent Cloud in the approved template of its payee, and refused without one", async () => {
  const tencent = await createTencentWorld({
    TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION: "1120:code,whole,fraction:CNY:阳光超市",
  });
  const by = backendOf(tencent.world, await apiKey(tencent.world, { purposes: ["confirm_transaction"] }));
  const transaction = { amount: "120.05", currency: "CNY", payee: "阳光超市" };
  const body = { phone: PHONE, purpose: "confirm_transaction", transaction };
  const response = await by.start(body);
  expect(response.status).toBe(201);
  expect(tencent.sms.taken.at(-1)?.text).toMatch(/^【腾讯云】\d{6}：向阳光超市确认120元05分。$/);
  const { id } = await bodyOf<VerificationBody>(response);
  expect((await by.check(id, { code: tencent.lastCode(), transaction })).status).toBe(200);
  tencent.world.clock.advance(40 * SECOND_MS);
  for (const over of [{ payee: "阳光商店" }, { amount: "1000000" }, { currency: "USD" }]) {
    await refused(
      await by.start({ ...body, transaction: { ...transaction, ...over } }),
      "template_unavailable",
      "transaction",
    );
  }
  expect(tencent.sms.taken).toHaveLength(1);
});
