import { describe, expect, it } from "vitest";
import { bodyOf, MINUTE_MS, PHONE, phoneNo, refused, wrongCode } from "../http/support.ts";
import { type Asked, BACK, PAGE, PURCHASE, STATE, usePages } from "./page-support.ts";
import { apiKey, backendOf, revoke } from "./support.ts";

const at = usePages();
const { shop, ask, browser } = at;

describe("the page of a backend's verification", () => {
  it("does not show the state to a visitor who has the link and did not enter the code", async () => {
    const { path } = await ask();
    const [thief, person] = [browser("198.51.100.9"), browser()];
    expect((await thief.go(path)).text).not.toContain(STATE);
    await person.go(path);
    await person.go(path, { code: at.world.sms.lastCode() });
    const after = await thief.go(path);
    expect(after.text).not.toContain(STATE);
    expect(after.headers.get("location")).toBeNull();
    const again = await thief.go(path, { code: at.world.sms.lastCode() });
    expect([again.text.includes(STATE), again.location]).toEqual([false, null]);
  });

  it("is not found by a guessed or changed link, or by the id", async () => {
    const { id, path } = await ask();
    const link = path.slice("/verify/".length);
    const first = link.startsWith("A") ? "B" : "A";
    for (const forged of [
      id,
      "x",
      `${link}A`,
      link.slice(1),
      `${first}${link.slice(1)}`,
      `${link}.`,
      at.key,
    ]) {
      const seen = await browser().go(`/verify/${forged}`);
      expect([forged === link, seen.status]).toEqual([false, 404]);
      expect(seen.text).not.toContain("8000");
    }
  });

  it("takes a code only from its own form", async () => {
    const { path } = await ask();
    const person = browser();
    await person.go(path);
    const code = at.world.sms.lastCode();
    const foreign = [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, { cookie: "" }];
    for (const headers of foreign) expect((await person.go(path, { code }, headers)).status).toBe(403);
    expect((await person.go(path, { code, csrf: "x" })).status).toBe(403);
    expect((await person.go(path, { code })).status).toBe(303);
  });

  it("takes three guesses from all browsers together", async () => {
    const { path } = await ask();
    const code = at.world.sms.lastCode();
    for (const at of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const thief = browser(at);
      await thief.go(path);
      await thief.go(path, { code: wrongCode(code) });
    }
    const person = browser();
    expect(await person.go(path)).toMatchObject({ status: 410 });
    const { location, text: html } = await person.go(path, { code });
    expect([location, html.includes(STATE)]).toEqual([null, false]);
  });

  it("is not found after its time, or if the keys of its backend were revoked", async () => {
    const { path } = await ask();
    at.world.clock.advance(10 * MINUTE_MS);
    expect((await browser().go(path)).status).toBe(404);
    const others = [await ask({ phone: phoneNo(1) }), await ask({ phone: phoneNo(2), page: {} })];
    await revoke(at.world);
    for (const other of others) expect((await browser().go(other.path)).status).toBe(404);
  });

  it("is not found, with no link back to an address that was taken from the backend's key", async () => {
    const [back, here] = [await ask(), await ask({ phone: phoneNo(1), page: {} })];
    at.world.clock.advance(1);
    await apiKey(at.world, { returnTo: ["https://shop.example.com/elsewhere"] });
    expect((await browser().go(back.path)).status).toBe(404);
    expect((await browser().go(here.path)).status).toBe(200);
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
  ])("is refused at the start with the returnTo %s (T39)", async (returnTo) => {
    const page = { returnTo, state: STATE };
    await refused(
      await shop().start({ phone: PHONE, purpose: "verify_identity", page }),
      "invalid_request",
      "page.returnTo",
    );
    expect(at.world.sms.sent).toHaveLength(0);
  });

  it.each<readonly [object, string]>([
    [{ returnTo: BACK }, "page.state"],
    [{ state: STATE }, "page.returnTo"],
    [{ returnTo: BACK, state: "s".repeat(15) }, "page.state"],
    [{ returnTo: BACK, state: "s".repeat(513) }, "page.state"],
    [{ returnTo: BACK, state: "é".repeat(20) }, "page.state"],
    [{ returnTo: BACK, state: `${STATE}\r\nSet-Cookie: a=b` }, "page.state"],
    [{ ...PAGE, next: "x" }, "page.next"],
  ])("is refused at the start for %j, naming the field", async (page, field) => {
    const response = await shop().start({ phone: PHONE, purpose: "verify_identity", page });
    await refused(response, "invalid_request", field);
  });

  it("is refused at the start without an API key, and with a returnTo for a temporary password", async () => {
    await refused(
      await at.world.post("/v1/verifications", { phone: PHONE, page: {} }),
      "invalid_request",
      "page",
    );
    const password = await shop().start({ phone: PHONE, purpose: "temporary_password", page: PAGE });
    await refused(password, "invalid_request", "page.returnTo");
  });

  it.each(["sign_in", "reset_password"])("is refused for %s, which it does not take", async (purpose) => {
    const portal = await apiKey(at.world, { client: "portal", purposes: [purpose as "sign_in"] });
    const started = await backendOf(at.world, portal).start({ phone: PHONE, purpose, page: {} });
    await refused(started, "invalid_request", "page");
    expect(at.world.sms.sent).toEqual([]);
  });

  it("is refused at the start if returnTo and state are too long for its link, and no code is sent", async () => {
    const back = `${BACK}&more=`.padEnd(2_048, "x");
    const wide = "https://shop.example.com/".padEnd(1_000, "\u56de");
    const client = "portal".padEnd(63, "x");
    const portal = backendOf(at.world, await apiKey(at.world, { client, returnTo: [back, wide] }));
    const started = (returnTo: string, state: string) =>
      portal.start({ phone: PHONE, purpose: "verify_identity", page: { returnTo, state } });
    await refused(await started(back, '"'.repeat(512)), "invalid_request", "page.state");
    await refused(await started(wide, STATE), "invalid_request", "page.state");
    expect(at.world.sms.sent).toEqual([]);
    expect((await started(back, "s".repeat(512))).status).toBe(201);
  });

  it("opens with the longest returnTo and state that are accepted, at the longest PUBLIC_URL", async () => {
    const url = `https://${"a".repeat(58)}.${"b".repeat(57)}.com`;
    await at.reopen({ env: { PUBLIC_URL: url } });
    const back = `${BACK}&more=`.padEnd(2_048, "x");
    const client = "portal".padEnd(63, "x");
    const portal = backendOf(at.world, await apiKey(at.world, { client, returnTo: [back] }));
    // Together as long as a link holds at the most.
    const state = `${'"'.repeat(14)}${"s".repeat(498)}`;
    const page = { returnTo: back, state };
    expect(JSON.stringify(page)).toHaveLength(2_600);
    const started = await portal.start({ phone: PHONE, purpose: "verify_identity", page });
    const { pageUrl } = await bodyOf<Asked>(started);
    expect((await browser().go(pageUrl.slice(url.length))).status).toBe(200);
  });

  it("shows the payee as text, not as markup", async () => {
    const { path } = await ask({ purpose: "confirm_transaction", transaction: PURCHASE });
    const { text: html } = await browser().go(path);
    expect(html).toContain("Müller &lt;b&gt;&amp; Söhne");
  });

  it("leaves no link, state or code in the log", async () => {
    const { path } = await ask();
    const person = browser();
    await person.go(path);
    await person.go(path, { code: at.world.sms.lastCode() });
    const logged = JSON.stringify(at.world.logged);
    expect(logged).toContain('"/verify/:link"');
    for (const secret of [path.slice(8), STATE, at.world.sms.lastCode()])
      expect(logged).not.toContain(secret);
  });
});
