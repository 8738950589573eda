import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import {
  bodyOf,
  DAY_MS,
  MINUTE_MS,
  open,
  PHONE,
  phoneNo,
  refused,
  resend,
  type VerificationBody,
  wrongCode,
} from "../http/support.ts";
import { bearer, createWorld, ORIGIN } from "../support/world.ts";
import { key, openShop, proven, shop, started, useShop, world } from "./shop.ts";
import { apiKey, backendOf, check, claimsOf } from "./support.ts";

useShop();

describe("a backend that verifies who holds a phone", () => {
  it("starts, has the code checked, and redeems the proof once", async () => {
    const { id, proof } = await proven({ reference: "契约 4711", clientAddress: "203.0.113.9" });
    expect(world.sms.sent.at(-1)?.text).toContain("confirm your identity");
    const redeemed = await shop().redeem(proof);
    expect(redeemed.status).toBe(200);
    expect(await redeemed.json()).toStrictEqual({
      verificationId: id,
      purpose: "verify_identity",
      phone: PHONE,
      reference: "契约 4711",
      approvedAt: new Date(world.clock.now()).toISOString(),
    });
    await refused(await shop().redeem(proof), "invalid_proof");
  });

  it("gets a proof that can be verified offline by the JWKS", async () => {
    const { id, proof } = await proven({ reference: "r" });
    const jwks = await (await world.request("/.well-known/jwks.json")).json();
    const { payload, protectedHeader } = await jwtVerify(proof, createLocalJWKSet(jwks as never), {
      issuer: ORIGIN,
      audience: "shop",
      typ: "proof+jwt",
      algorithms: ["ES256"],
      currentDate: new Date(world.clock.now()),
    });
    expect(protectedHeader.typ).toBe("proof+jwt");
    expect(payload).toMatchObject({
      verification: id,
      purpose: "verify_identity",
      phone: PHONE,
      reference: "r",
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  });

  it("gets only the phone's tag in the proof if its key says so", async () => {
    const bank = backendOf(world, await apiKey(world, { client: "bank", tells: "tag" }));
    const claims = claimsOf((await proven({}, bank)).proof);
    expect(claims).toMatchObject({ phoneTag: expect.stringMatching(/^t\d/), aud: "bank" });
    expect(JSON.stringify(claims)).not.toContain("13800138000");
  });

  it("can check the code itself", async () => {
    const { id } = await started();
    const response = await shop().check(id, { code: world.sms.lastCode(), clientAddress: "2001:db8::7" });
    expect(response.status).toBe(200);
  });

  it("can start again without a wait after the code was checked", async () => {
    await proven();
    await started();
  });

  it("redeems a proof in one of 12 parallel tries", async () => {
    const { proof } = await proven();
    const answers = await Promise.all(Array.from({ length: 12 }, () => shop().redeem(proof)));
    expect(answers.map(({ status }) => status).sort()).toStrictEqual([200, ...Array(11).fill(401)]);
  });

  it("gets the same answer to a repeated start by its Idempotency-Key, and another backend does not", async () => {
    const headers = { "idempotency-key": "9f0c8a52-6f0e-4b3f-9d0b-0c1d2e3f4a5b" };
    const body = { phone: PHONE, purpose: "verify_identity" };
    const first = await bodyOf<VerificationBody>(await shop().start(body, headers));
    expect(await bodyOf<VerificationBody>(await shop().start(body, headers))).toStrictEqual(first);
    expect(world.sms.sent).toHaveLength(1);
    const bank = backendOf(world, await apiKey(world, { client: "bank" }));
    await refused(await bank.start(body, headers), "too_many_requests");
  });

  it("gets the same answer to a repeated resend by its Idempotency-Key, even if the verification is gone", async () => {
    const headers = { "idempotency-key": "9f0c8a52-6f0e-4b3f-9d0b-0c1d2e3f4a5b" };
    const { id } = await started();
    world.clock.advance(MINUTE_MS);
    const first = await bodyOf<VerificationBody>(await resend(world, id, headers));
    world.clock.advance(DAY_MS - 1);
    await world.tick();
    expect(await bodyOf<VerificationBody>(await resend(world, id, headers))).toStrictEqual(first);
    expect(world.sms.sent).toHaveLength(2);
  });
});

describe("a backend's verification under attack", () => {
  it("takes three guesses from all callers together", async () => {
    const { id } = await started();
    const code = world.sms.lastCode();
    await refused(await check(world, id, wrongCode(code)), "invalid_code");
    await refused(await shop().check(id, { code: wrongCode(code) }), "invalid_code");
    await refused(await open(world, id, wrongCode(code)), "invalid_code");
    await refused(await check(world, id, code), "invalid_code");
  });

  it("is approved by one of 12 parallel right codes", async () => {
    const { id } = await started();
    const code = world.sms.lastCode();
    const answers = await Promise.all(Array.from({ length: 12 }, () => check(world, id, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("opens no session by its code, and gives no proof for the code of a sign-in (T5)", async () => {
    const { id } = await started();
    await refused(await open(world, id, world.sms.lastCode()), "invalid_code");
    world.clock.advance(MINUTE_MS);
    const signIn = await world.post("/v1/verifications", { phone: PHONE });
    const verification = await bodyOf<VerificationBody>(signIn);
    await refused(await check(world, verification.id, world.sms.lastCode()), "invalid_code");
    expect((await bodyOf<VerificationBody>(await world.request(`/v1/verifications/${id}`))).status).toBe(
      "pending",
    );
  });

  it("refuses the code of another verification", async () => {
    const first = await started();
    const code = world.sms.lastCode();
    const second = await started({ phone: phoneNo(1) });
    await refused(await check(world, second.id, code), "invalid_code");
    expect((await check(world, first.id, code)).status).toBe(200);
  });

  it("lets no other backend check, redeem or see what was given along (T30)", async () => {
    const bank = backendOf(world, await apiKey(world, { client: "bank" }));
    const { id } = await started();
    await refused(await bank.check(id, { code: world.sms.lastCode() }), "invalid_code");
    world.clock.advance(MINUTE_MS);
    const { id: approved, proof } = await proven({ reference: "order-7" });
    await refused(await bank.read(approved), "not_found");
    await refused(await bank.redeem(proof), "invalid_proof");
    expect((await shop().redeem(proof)).status).toBe(200);
  });

  it("has a proof that is refused after five minutes or if changed, and no other token is taken for it", async () => {
    const { proof } = await proven();
    const { accessToken, deviceToken } = await world.signIn(phoneNo(2));
    for (const token of [accessToken, deviceToken, `${proof}A`, "x", key]) {
      await refused(await shop().redeem(token), "invalid_proof");
    }
    await refused(await world.request("/v1/me", { headers: bearer(proof) }), "invalid_token");
    world.clock.advance(5 * MINUTE_MS);
    await refused(await shop().redeem(proof), "invalid_proof");
  });

  it("has a proof that is not redeemed again after a restart on the same database", async () => {
    const { proof } = await proven();
    expect((await shop().redeem(proof)).status).toBe(200);
    const other = await createWorld({
      folder: world.folder,
      clock: world.clock,
      env: { STATE_URL: "memory:" },
    });
    await refused(await backendOf(other, key).redeem(proof), "invalid_proof");
    await other.close();
  });
});

describe("a start with an API key", () => {
  const bad: readonly (readonly [object, string])[] = [
    [{ reference: "" }, "reference"],
    [{ reference: "x".repeat(129) }, "reference"],
    [{ reference: "a\u202eb" }, "reference"],
    [{ reference: "a\nb" }, "reference"],
    [{ reference: 7 }, "reference"],
    [{ clientAddress: "localhost" }, "clientAddress"],
    [{ clientAddress: "0x7f.1" }, "clientAddress"],
    [{ deviceToken: "x" }, "deviceToken"],
    [{ purpose: "nothing" }, "purpose"],
    [{ client: "bank" }, "client"],
  ];
  it.each(bad)("is refused for %j, naming the field", async (more, field) => {
    await refused(
      await shop().start({ phone: PHONE, purpose: "verify_identity", ...more }),
      "invalid_request",
      field,
    );
    expect(world.sms.sent).toHaveLength(0);
  });

  it("is the only one that may have a reference or a clientAddress", async () => {
    await refused(
      await world.post("/v1/verifications", { phone: PHONE, reference: "r" }),
      "invalid_request",
      "reference",
    );
    const spoofed = { phone: PHONE, clientAddress: "192.0.2.1" };
    await refused(await world.post("/v1/verifications", spoofed), "invalid_request", "clientAddress");
    const { id } = await started();
    await refused(
      await check(world, id, "000000", { clientAddress: "192.0.2.1" }),
      "invalid_request",
      "clientAddress",
    );
  });

  it("can be resent by its backend without a challenge, and by nobody else", async () => {
    await world.close();
    await openShop({ LIMIT_ADDRESS_SENDS: "1/1h", ALTCHA_COST: "1" });
    const { id } = await started({ clientAddress: "203.0.113.9" });
    world.clock.advance(MINUTE_MS);
    // Others who know the id need a challenge.
    await refused(await resend(world, id), "captcha_required", "captcha");
    const others = await apiKey(world, { client: "other" });
    await refused(await resend(world, id, bearer(others)), "captcha_required", "captcha");
    expect((await resend(world, id, bearer(key))).status).toBe(200);
    const other = { phone: phoneNo(9), purpose: "verify_identity", clientAddress: "203.0.113.9" };
    expect((await shop().start(other)).status).toBe(201);
  });

  it("has guesses counted by the clientAddress that the backend sends with each", async () => {
    await world.close();
    await openShop({ LIMIT_ADDRESS_CHECKS: "1/1h" });
    const { id } = await started();
    const guess = (clientAddress: string) =>
      shop().check(id, { code: wrongCode(world.sms.lastCode()), clientAddress });
    await refused(await guess("192.0.2.1"), "invalid_code");
    await refused(await guess("192.0.2.1"), "too_many_requests");
    await refused(await guess("192.0.2.2"), "invalid_code");
  });
});
