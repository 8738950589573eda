import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { factorCalls } from "../http/factor-support.ts";
import {
  bodyOf,
  MINUTE_MS,
  open,
  PHONE,
  phoneNo,
  refused,
  type VerificationBody,
  wrongCode,
} from "../http/support.ts";
import { createWorld, ORIGIN, type World } from "../support/world.ts";
import { apiKey, backendOf, claimsOf, revoke } from "./support.ts";

const BACK = "https://shop.example.com/back?order=7";
const STATE = "kTzR3JwWmJ0pQxv1hE2c4A";
const PAGE = { returnTo: BACK, state: STATE };
const PURCHASE = { amount: "120.05", currency: "EUR", payee: "Müller <b>& Söhne" };

let world: World;
let key: string;
beforeEach(async () => {
  world = await createWorld();
  key = await apiKey(world, {
    purposes: ["verify_identity", "confirm_transaction", "temporary_password"],
    returnTo: [BACK],
  });
});
afterEach(() => world.close());

const shop = () => backendOf(world, key);
const { codeOf, protectedBy } = factorCalls(() => world);

interface Asked extends VerificationBody {
  readonly pageUrl: string;
  /** The address without its origin. */
  readonly path: string;
}

async function ask(more: object = {}): Promise<Asked> {
  const response = await shop().start({ phone: PHONE, purpose: "verify_identity", page: PAGE, ...more });
  expect(response.status).toBe(201);
  const body = await bodyOf<Asked>(response);
  return { ...body, path: body.pageUrl.slice(ORIGIN.length) };
}

/** A browser, as far as these pages need one. */
function browser(from = "203.0.113.50") {
  const jar = new Map<string, string>();
  let csrf = "";
  const cookie = () => [...jar].map((pair) => pair.join("=")).join("; ");
  async function take(response: Response) {
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const html = await response.text();
    csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? csrf;
    return {
      status: response.status,
      html,
      location: response.headers.get("location"),
      headers: response.headers,
    };
  }
  return {
    see: async (path: string) =>
      await take(await world.request(path, { headers: { cookie: cookie() }, from })),
    send: async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
      await take(
        await world.request(path, {
          method: "POST",
          headers: {
            "content-type": "application/x-www-form-urlencoded",
            origin: ORIGIN,
            cookie: cookie(),
            ...headers,
          },
          body: new URLSearchParams({ csrf, ...fields }).toString(),
          from,
        }),
      ),
  };
}

describe("a person enters a code that a backend asked for", () => {
  it("goes back with the backend's state, and the backend fetches the proof", async () => {
    const { id, path } = await ask({ reference: "order-7" });
    const person = browser();
    const shown = await person.see(path);
    expect(shown.status).toBe(200);
    expect(shown.html).toContain(">shop</b> asks you to show that this number is yours.");
    expect(shown.html).not.toContain("order-7");
    expect(shown.headers.get("content-security-policy")).toContain(
      "form-action 'self' https://shop.example.com;",
    );
    const wrong = await person.send(path, { code: wrongCode(world.sms.lastCode()) });
    expect(wrong.status).toBe(401);
    expect(wrong.html).toContain('id="code-error"');
    const back = await person.send(path, { code: world.sms.lastCode() });
    expect(back).toMatchObject({ status: 303, location: `${BACK}&state=${STATE}` });
    const { status, proof } = await bodyOf<{ status: string; proof: string }>(await shop().read(id));
    expect(status).toBe("approved");
    expect(claimsOf(proof)).toMatchObject({ verification: id, jti: id, reference: "order-7" });
    expect((await shop().redeem(proof)).status).toBe(200);
  });

  it("ends on the page where the backend names no address", async () => {
    const { path } = await ask({ page: {} });
    const person = browser();
    await person.see(path);
    expect(await person.send(path, { code: world.sms.lastCode() })).toMatchObject({
      status: 303,
      location: path,
    });
    expect((await person.see(path)).html).toContain("Confirmed");
  });

  it("sees what they confirm, as the message says it", async () => {
    const payee = "Müller & Söhne";
    const { id, path } = await ask({
      purpose: "confirm_transaction",
      transaction: { ...PURCHASE, payee },
    });
    const person = browser();
    const { html } = await person.see(path);
    expect(html).toContain("EUR 120.05");
    expect(html).toContain("Müller &amp; Söhne");
    expect((await person.send(path, { code: world.sms.lastCode() })).location).toContain(STATE);
    const { proof } = await bodyOf<{ proof: string }>(await shop().read(id));
    expect(claimsOf(proof)).toHaveProperty("transactionHash");
  });

  it("signs in with a temporary password that a backend sent", async () => {
    const { path } = await ask({ purpose: "temporary_password", page: {} });
    const person = browser();
    const { html } = await person.see(path);
    expect(html).toContain("Enter your temporary password");
    expect(html).not.toContain('inputmode="numeric"');
    const entered = await person.send(path, { code: world.sms.lastCode().toLowerCase() });
    expect(entered).toMatchObject({ status: 303, location: "/account/password" });
    expect(entered.headers.getSetCookie().join()).toContain("phonekey_session=");
  });

  it("goes on to the second step where the account has login protection, and then to a password of their own", async () => {
    const { app } = await protectedBy(PHONE);
    const { path } = await ask({ purpose: "temporary_password", page: {} });
    const person = browser();
    await person.see(path);
    const first = await person.send(path, { code: world.sms.lastCode() });
    expect(first).toMatchObject({ status: 303, location: "/sign-in/second" });
    expect(first.headers.getSetCookie().join()).not.toContain("phonekey_session=");
    expect((await person.see("/sign-in/second")).html).toContain('id="factor-code"');
    const second = await person.send("/sign-in/second", { code: codeOf(app.secret) });
    expect(second).toMatchObject({ status: 303, location: "/account/password" });
    expect(second.headers.getSetCookie().join()).toContain("phonekey_session=");
  });

  it("asks for a temporary password by themselves, and is signed in by it", async () => {
    const person = browser();
    const asked = await person.see("/temporary-password");
    expect(asked.html).toContain("Get a temporary password");
    const sent = await person.send("/sign-in", {
      phone: PHONE,
      country: "CN",
      purpose: "temporary_password",
    });
    expect(sent).toMatchObject({ status: 303, location: "/sign-in/code" });
    expect((await person.see("/sign-in/code")).html).toContain("Enter your temporary password");
    expect(world.sms.sent.at(-1)).toMatchObject({ purpose: "temporary_password" });
    const entered = await person.send("/sign-in/code", { code: world.sms.lastCode() });
    expect(entered).toMatchObject({ status: 303, location: "/account/password" });
  });

  it("has the code sent again from the page", async () => {
    const { path } = await ask();
    const person = browser();
    await person.see(path);
    expect((await person.send(`${path}/resend`, {})).status).toBe(429);
    world.clock.advance(MINUTE_MS);
    expect(await person.send(`${path}/resend`, {})).toMatchObject({ status: 303, location: path });
    expect(world.sms.sent).toHaveLength(2);
  });

  it("reads it in their language", async () => {
    const { path } = await ask();
    expect((await browser().see(`${path}?lang=zh-CN`)).html).toContain("请确认是您本人");
  });
});

describe("what attackers try with pages", () => {
  it("no state for whoever has the link and did not enter the code", async () => {
    const { path } = await ask();
    const [thief, person] = [browser("198.51.100.9"), browser()];
    expect((await thief.see(path)).html).not.toContain(STATE);
    await person.see(path);
    await person.send(path, { code: world.sms.lastCode() });
    const after = await thief.see(path);
    expect(after.html).not.toContain(STATE);
    expect(after.headers.get("location")).toBeNull();
    const again = await thief.send(path, { code: world.sms.lastCode() });
    expect([again.html.includes(STATE), again.location]).toEqual([false, null]);
  });

  it("no page for whoever guesses, changes or only knows the id", async () => {
    const { id, path } = await ask();
    const link = path.slice("/verify/".length);
    const first = link.startsWith("A") ? "B" : "A";
    for (const forged of [id, "x", `${link}A`, link.slice(1), `${first}${link.slice(1)}`, `${link}.`, key]) {
      const seen = await browser().see(`/verify/${forged}`);
      expect([forged === link, seen.status]).toEqual([false, 404]);
      expect(seen.html).not.toContain("8000");
    }
  });

  it("no guess without the page's own form", async () => {
    const { path } = await ask();
    const person = browser();
    await person.see(path);
    const code = world.sms.lastCode();
    const foreign = [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, { cookie: "" }];
    for (const headers of foreign) expect((await person.send(path, { code }, headers)).status).toBe(403);
    expect((await person.send(path, { code, csrf: "x" })).status).toBe(403);
    expect((await person.send(path, { code })).status).toBe(303);
  });

  it("three guesses, however many browsers have the link", async () => {
    const { path } = await ask();
    const code = world.sms.lastCode();
    for (const at of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const thief = browser(at);
      await thief.see(path);
      await thief.send(path, { code: wrongCode(code) });
    }
    const person = browser();
    expect(await person.see(path)).toMatchObject({ status: 410 });
    const { location, html } = await person.send(path, { code });
    expect([location, html.includes(STATE)]).toEqual([null, false]);
  });

  it("no link after its time, nor of a backend whose keys were taken away", async () => {
    const { path } = await ask();
    world.clock.advance(10 * MINUTE_MS);
    expect((await browser().see(path)).status).toBe(404);
    const other = await ask({ phone: phoneNo(1) });
    await revoke(world);
    expect((await browser().see(other.path)).status).toBe(404);
  });

  it.each([
    "https://shop.example.com/back",
    "https://shop.example.com/back?order=8",
    "https://shop.example.com.evil.example/back?order=7",
    "https://shop.example.com@evil.example/back?order=7",
    "//evil.example",
    "/account",
    "javascript:alert(1)",
    "https://SHOP.example.com/back?order=7",
    "https://shop.example.com/back?order=7#",
    "https://shop.example.com/back?order=7 ",
  ])("no way back to %s (T39)", async (returnTo) => {
    const page = { returnTo, state: STATE };
    await refused(
      await shop().start({ phone: PHONE, purpose: "verify_identity", page }),
      "invalid_request",
      "page.returnTo",
    );
    expect(world.sms.sent).toHaveLength(0);
  });

  it.each<readonly [object, string]>([
    [{ returnTo: BACK }, "page.state"],
    [{ state: STATE }, "page.returnTo"],
    [{ returnTo: BACK, state: "short" }, "page.state"],
    [{ returnTo: BACK, state: "é".repeat(20) }, "page.state"],
    [{ returnTo: BACK, state: `${STATE}\r\nSet-Cookie: a=b` }, "page.state"],
    [{ ...PAGE, next: "x" }, "page.next"],
  ])("no page for %j", async (page, field) => {
    const response = await shop().start({ phone: PHONE, purpose: "verify_identity", page });
    await refused(response, "invalid_request", field);
  });

  it("no page for whoever shows no key, and no way back with a password", async () => {
    await refused(
      await world.post("/v1/verifications", { phone: PHONE, page: {} }),
      "invalid_request",
      "page",
    );
    const password = await shop().start({ phone: PHONE, purpose: "temporary_password", page: PAGE });
    await refused(password, "invalid_request", "page.returnTo");
  });

  it.each(["sign_in", "reset_password"])("no page for %s, whose code it does not take", async (purpose) => {
    const portal = await apiKey(world, { client: "portal", purposes: [purpose as "sign_in"] });
    const started = await backendOf(world, portal).start({ phone: PHONE, purpose, page: {} });
    await refused(started, "invalid_request", "page");
    expect(world.sms.sent).toEqual([]);
  });

  it("nor a page whose address and state its link does not hold: it is refused before the code is sent", async () => {
    const back = `${BACK}&more=`.padEnd(2_048, "x");
    const wide = "https://shop.example.com/".padEnd(1_000, "\u56de");
    const client = "portal".padEnd(63, "x");
    const portal = backendOf(world, await apiKey(world, { client, returnTo: [back, wide] }));
    const started = (returnTo: string, state: string) =>
      portal.start({ phone: PHONE, purpose: "verify_identity", page: { returnTo, state } });
    await refused(await started(back, '"'.repeat(512)), "invalid_request", "page.state");
    await refused(await started(wide, STATE), "invalid_request", "page.state");
    expect(world.sms.sent).toEqual([]);
    expect((await started(back, "s".repeat(512))).status).toBe(201);
  });

  it("though the longest that is taken has an address, at the longest PUBLIC_URL", async () => {
    await world.close();
    const url = `https://${"a".repeat(58)}.${"b".repeat(57)}.com`;
    world = await createWorld({ env: { PUBLIC_URL: url } });
    const back = `${BACK}&more=`.padEnd(2_048, "x");
    const client = "portal".padEnd(63, "x");
    const portal = backendOf(world, await apiKey(world, { client, returnTo: [back] }));
    // Together as long as a link holds at the most.
    const state = `${'"'.repeat(14)}${"s".repeat(498)}`;
    const page = { returnTo: back, state };
    expect(JSON.stringify(page)).toHaveLength(2_600);
    const started = await portal.start({ phone: PHONE, purpose: "verify_identity", page });
    const { pageUrl } = await bodyOf<Asked>(started);
    expect((await browser().see(pageUrl.slice(url.length))).status).toBe(200);
  });

  it("what a backend names is text, not markup", async () => {
    const { path } = await ask({ purpose: "confirm_transaction", transaction: PURCHASE });
    const { html } = await browser().see(path);
    expect(html).toContain("Müller &lt;b&gt;&amp; Söhne");
  });

  it("no link, state or code in the log", async () => {
    const { path } = await ask();
    const person = browser();
    await person.see(path);
    await person.send(path, { code: world.sms.lastCode() });
    const logged = JSON.stringify(world.logged);
    expect(logged).toContain('"/verify/:link"');
    for (const secret of [path.slice(8), STATE, world.sms.lastCode()]) expect(logged).not.toContain(secret);
  });
});

describe("a proof that is fetched", () => {
  async function approved() {
    const { id, path } = await ask();
    const person = browser();
    await person.see(path);
    await person.send(path, { code: world.sms.lastCode() });
    return id;
  }
  const proofOf = async (id: string, by = shop()) =>
    (await bodyOf<{ proof?: string }>(await by.read(id))).proof;

  it("is the backend's alone: to others it is not there", async () => {
    const id = await approved();
    const bank = backendOf(world, await apiKey(world, { client: "bank" }));
    await refused(await bank.read(id), "not_found");
    const anybody = await world.request(`/v1/verifications/${id}`);
    expect(await anybody.json()).not.toHaveProperty("proof");
    await refused(await bank.redeem((await proofOf(id)) ?? ""), "invalid_proof");
  });

  it("is redeemed once, however often it is fetched, and is no longer there after five minutes", async () => {
    const id = await approved();
    const [first, second] = [await proofOf(id), await proofOf(id)];
    expect((await shop().redeem(first ?? "")).status).toBe(200);
    await refused(await shop().redeem(second ?? ""), "invalid_proof");
    world.clock.advance(5 * MINUTE_MS);
    expect(await proofOf(id)).toBeUndefined();
  });

  it("of the code that the person's browser checked is redeemed once, too", async () => {
    const { id } = await ask();
    const checked = await shop().check(id, { code: world.sms.lastCode() });
    const { proof } = await bodyOf<{ proof: string }>(checked);
    expect((await shop().redeem((await proofOf(id)) ?? "")).status).toBe(200);
    await refused(await shop().redeem(proof), "invalid_proof");
  });

  it("is not there before the code was entered, and not for a key without the purpose", async () => {
    const { id } = await ask();
    expect(await proofOf(id)).toBeUndefined();
    const waiting = await approvedBy(id);
    expect(waiting).toBe(200);
    const narrow = backendOf(world, await apiKey(world, { purposes: ["confirm_transaction"] }));
    expect(await proofOf(id, narrow)).toBeUndefined();
    await refused(await open(world, id, world.sms.lastCode()), "invalid_code");
  });

  const approvedBy = async (id: string) => (await shop().check(id, { code: world.sms.lastCode() })).status;
});
