import { afterEach, beforeEach, expect, it } from "vitest";
import { opened, PHONE, refused } from "../http/support.ts";
import { ORIGIN, type World } from "../support/world.ts";
import { createPasswordWorld, PASSWORD, passwordCalls } from "./support.ts";

let world: World;
const { signIn } = passwordCalls(() => world);

beforeEach(async () => {
  ({ world } = await createPasswordWorld());
});
afterEach(() => world.close());

/** A browser without scripts: it keeps cookies and sends forms with the token of the page that it saw. */
function createVisitor() {
  const jar = new Map<string, string>();
  let csrf = "";
  async function go(path: string, form?: Record<string, string>) {
    const body = form && new URLSearchParams({ ...form, csrf }).toString();
    const type = "application/x-www-form-urlencoded";
    const response = await world.request(path, {
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form && { origin: ORIGIN, "content-type": type }),
      },
      ...(body !== undefined && { body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const text = await response.text();
    csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
    return { status: response.status, location: response.headers.get("location"), text };
  }
  return {
    go,
    async enter(phone = PHONE) {
      await go("/sign-in");
      await go("/sign-in", { phone, country: "CN" });
      await go("/sign-in/code");
      return await go("/sign-in/code", { code: world.sms.lastCode() });
    },
  };
}

it("a person sets, changes and removes a password on a page of theirs, without scripts", async () => {
  const { go, enter } = createVisitor();
  await enter();
  expect((await go("/account")).text).toContain('href="/account/password"');
  const page = await go("/account/password");
  expect(page.text).toMatch(/<input[^>]*type="password"[^>]*autocomplete="new-password"/);
  const bad = await go("/account/password", { password: "qwertyuiop" });
  expect(bad.status).toBe(422);
  expect(bad.text).not.toContain("qwertyuiop");
  expect(await go("/account/password", { password: PASSWORD })).toMatchObject({ location: "/account?saved" });
  await opened(await signIn(PHONE, PASSWORD));
  await go("/account/password");
  expect(await go("/account/password/remove", {})).toMatchObject({ location: "/account?saved" });
  await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
});

it("whoever signed in long ago confirms first that it is them", async () => {
  const { go, enter } = createVisitor();
  await enter();
  world.clock.advance(660_000);
  await go("/account/password");
  const { status, location } = await go("/account/password", { password: PASSWORD });
  expect([status, location]).toEqual([303, "/account/confirm?to=%2Faccount%2Fpassword"]);
  await refused(await signIn(PHONE, PASSWORD), "invalid_credentials");
});
