import { describe, expect, it } from "vitest";
import { factorCalls } from "../http/factors/support.ts";
import { bodyOf, MINUTE_MS, open, PHONE, phoneNo, refused, wrongCode } from "../http/support.ts";
import { BACK, PURCHASE, STATE, usePages } from "./page-support.ts";
import { apiKey, backendOf, claimsOf, messagesOf } from "./support.ts";

const at = usePages();
const { shop, ask, browser } = at;
const { codeOf, protectedBy } = factorCalls(() => at.world);

describe("a person who enters a code that a backend asked for", () => {
  it("goes back with the backend's state, and the backend fetches the proof", async () => {
    const { id, path } = await ask({ reference: "order-7" });
    const person = browser();
    const shown = await person.go(path);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain(">shop</b> asks you to show that this number is yours.");
    expect(shown.text).not.toContain("order-7");
    expect(shown.headers.get("content-security-policy")).toContain(
      "form-action 'self' https://shop.example.com;",
    );
    const wrong = await person.go(path, { code: wrongCode(at.world.sms.lastCode()) });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("www-authenticate")).toBe("Phonekey");
    expect(wrong.text).toContain('id="code-error"');
    const back = await person.go(path, { code: at.world.sms.lastCode() });
    expect(back).toMatchObject({ status: 303, location: `${BACK}&state=${STATE}` });
    const { status, proof } = await bodyOf<{ status: string; proof: string }>(await shop().read(id));
    expect(status).toBe("approved");
    expect(claimsOf(proof)).toMatchObject({ verification: id, jti: id, reference: "order-7" });
    expect((await shop().redeem(proof)).status).toBe(200);
  });

  it("stays on the page if the backend gave no returnTo", async () => {
    const { path } = await ask({ page: {} });
    const person = browser();
    await person.go(path);
    expect(await person.go(path, { code: at.world.sms.lastCode() })).toMatchObject({
      status: 303,
      location: path,
    });
    expect((await person.go(path)).text).toContain("Confirmed");
  });

  it("sees the transaction that they confirm", async () => {
    const payee = "Müller & Söhne";
    const { id, path } = await ask({
      purpose: "confirm_transaction",
      transaction: { ...PURCHASE, payee },
    });
    const person = browser();
    const { text: html } = await person.go(path);
    expect(html).toContain("EUR 120.05");
    expect(html).toContain("Müller &amp; Söhne");
    expect((await person.go(path, { code: at.world.sms.lastCode() })).location).toContain(STATE);
    const { proof } = await bodyOf<{ proof: string }>(await shop().read(id));
    expect(claimsOf(proof)).toHaveProperty("transactionHash");
  });

  it("is signed in by a temporary password, and led to choose a password", async () => {
    const { path } = await ask({ purpose: "temporary_password", page: {} });
    const person = browser();
    const { text: html } = await person.go(path);
    expect(html).toContain("Enter your temporary password");
    expect(html).not.toContain('inputmode="numeric"');
    const entered = await person.go(path, { code: at.world.sms.lastCode().toLowerCase() });
    expect(entered).toMatchObject({ status: 303, location: "/account/password" });
    expect(entered.headers.getSetCookie().join()).toContain("phonekey_session=");
  });

  it("goes on to the second step if the account has login protection, and then to choose a password", async () => {
    const { app } = await protectedBy(PHONE);
    const { path } = await ask({ purpose: "temporary_password", page: {} });
    const person = browser();
    await person.go(path);
    const first = await person.go(path, { code: at.world.sms.lastCode() });
    expect(first).toMatchObject({ status: 303, location: "/sign-in/second" });
    expect(first.headers.getSetCookie().join()).not.toContain("phonekey_session=");
    expect((await person.go("/sign-in/second")).text).toContain('id="factor-code"');
    const second = await person.go("/sign-in/second", { code: codeOf(app.secret) });
    expect(second).toMatchObject({ status: 303, location: "/account/password" });
    expect(second.headers.getSetCookie().join()).toContain("phonekey_session=");
  });

  it("can ask for a temporary password without a backend, and is signed in by it", async () => {
    const person = browser();
    const asked = await person.go("/temporary-password");
    expect(asked.text).toContain("Get a temporary password");
    const sent = await person.go("/sign-in", {
      phone: PHONE,
      country: "CN",
      purpose: "temporary_password",
    });
    expect(sent).toMatchObject({ status: 303, location: "/sign-in/code" });
    expect((await person.go("/sign-in/code")).text).toContain("Enter your temporary password");
    expect(at.world.sms.sent.at(-1)).toMatchObject({ purpose: "temporary_password" });
    const entered = await person.go("/sign-in/code", { code: at.world.sms.lastCode() });
    expect(entered).toMatchObject({ status: 303, location: "/account/password" });
  });

  it("can have the code sent again from the page", async () => {
    const { path } = await ask();
    const person = browser();
    await person.go(path);
    expect((await person.go(`${path}/resend`, {})).status).toBe(429);
    at.world.clock.advance(MINUTE_MS);
    expect(await person.go(`${path}/resend`, {})).toMatchObject({ status: 303, location: path });
    expect(at.world.sms.sent).toHaveLength(2);
  });

  it("gets the page in their language", async () => {
    const { path } = await ask();
    expect((await browser().go(`${path}?lang=zh-CN`)).text).toContain("请确认是您本人");
  });
});

describe("a message that a backend asked for", () => {
  it("counts as converted once its code was entered at the page or checked by the backend", async () => {
    const { path } = await ask();
    const person = browser();
    await person.go(path);
    await person.go(path, { code: at.world.sms.lastCode() });
    at.world.clock.advance(1_000);
    const { id } = await ask({ phone: phoneNo(1) });
    expect(await messagesOf(at.world)).toMatchObject([{ converted: 1 }, { converted: 0 }]);
    await shop().check(id, { code: at.world.sms.lastCode() });
    expect(await messagesOf(at.world)).toMatchObject([{ converted: 1 }, { converted: 1 }]);
  });
});

describe("a proof that is fetched", () => {
  async function approved() {
    const { id, path } = await ask();
    const person = browser();
    await person.go(path);
    await person.go(path, { code: at.world.sms.lastCode() });
    return id;
  }
  const proofOf = async (id: string, by = shop()) =>
    (await bodyOf<{ proof?: string }>(await by.read(id))).proof;

  it("is answered only to its own backend", async () => {
    const id = await approved();
    const bank = backendOf(at.world, await apiKey(at.world, { client: "bank" }));
    await refused(await bank.read(id), "not_found");
    const anybody = await at.world.request(`/v1/verifications/${id}`);
    expect(await anybody.json()).not.toHaveProperty("proof");
    await refused(await bank.redeem((await proofOf(id)) ?? ""), "invalid_proof");
  });

  it("can be redeemed once, however often it is fetched, and is no longer answered after five minutes", async () => {
    const id = await approved();
    const [first, second] = [await proofOf(id), await proofOf(id)];
    expect((await shop().redeem(first ?? "")).status).toBe(200);
    await refused(await shop().redeem(second ?? ""), "invalid_proof");
    at.world.clock.advance(5 * MINUTE_MS);
    expect(await proofOf(id)).toBeUndefined();
  });

  it("ends five minutes after the approval even if it is fetched late", async () => {
    const id = await approved();
    at.world.clock.advance(4 * MINUTE_MS);
    const proof = await proofOf(id);
    at.world.clock.advance(MINUTE_MS);
    await refused(await shop().redeem(proof ?? ""), "invalid_proof");
  });

  it("and the proof that the check answered are one: only the first of them is redeemed", async () => {
    const { id } = await ask();
    const checked = await shop().check(id, { code: at.world.sms.lastCode() });
    const { proof } = await bodyOf<{ proof: string }>(checked);
    expect((await shop().redeem((await proofOf(id)) ?? "")).status).toBe(200);
    await refused(await shop().redeem(proof), "invalid_proof");
  });

  it("is not answered before the code was entered, or to a key without the purpose", async () => {
    const { id } = await ask();
    expect(await proofOf(id)).toBeUndefined();
    const waiting = await approvedBy(id);
    expect(waiting).toBe(200);
    const narrow = backendOf(at.world, await apiKey(at.world, { purposes: ["confirm_transaction"] }));
    expect(await proofOf(id, narrow)).toBeUndefined();
    await refused(await open(at.world, id, at.world.sms.lastCode()), "invalid_code");
  });

  const approvedBy = async (id: string) => (await shop().check(id, { code: at.world.sms.lastCode() })).status;
});
