import { afterEach, describe, expect, it } from "vitest";
import { createVisitor } from "../../support/visitor.ts";
import { createWorld, ORIGIN, type World } from "../../support/world.ts";
import { DAY_MS, PHONE, phoneNo, SECOND_MS } from "../support.ts";

const HTTPS = "https://auth.example.com";
const DAY = DAY_MS / SECOND_MS;

let world: World;
afterEach(() => world.close());

/** A browser that keeps the cookies, and the attributes with which each was set last. */
function createJar(origin: string) {
  const values = new Map<string, string>();
  const lines = new Map<string, string>();
  async function go(path: string, form?: Record<string, string>): Promise<string> {
    const response = await world.request(path, {
      headers: {
        cookie: [...values].map((pair) => pair.join("=")).join("; "),
        ...(form && { origin, "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(form && { method: "POST", body: new URLSearchParams(form).toString() }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = "", attributes = ""] = /^([^=]+)=([^;]*); (.*)$/.exec(line) ?? [];
      if (value === "") values.delete(name);
      else values.set(name, value);
      lines.set(name, attributes.split("; ").sort().join("; "));
    }
    return await response.text();
  }
  return {
    lines,
    values,
    go,
    async signIn() {
      const csrf = /name="csrf" value="([^"]+)"/.exec(await go("/sign-in?lang=en"))?.[1] ?? "";
      await go("/sign-in", { csrf, phone: PHONE, country: "CN" });
      await go("/sign-in/code", { csrf, code: world.sms.lastCode() });
    },
  };
}

const line = (maxAge: number, more: string) => `HttpOnly; Max-Age=${maxAge}; Path=/; SameSite=Lax${more}`;
const GONE = "Max-Age=0; Path=/";

describe.each([
  ["over https have __Host-, which no subdomain or other path can set", HTTPS, "__Host-", "; Secure"],
  ["in development lack __Host- and Secure, which browsers accept over https only", ORIGIN, "", ""],
])("the pages' cookies (T25)", (what, origin, prefix, secure) => {
  it(what, async () => {
    world = await createWorld({ env: origin === ORIGIN ? {} : { PUBLIC_URL: origin } });
    const { signIn, lines } = createJar(origin);
    await signIn();
    expect(Object.fromEntries(lines)).toEqual({
      [`${prefix}phonekey_locale`]: line(365 * DAY, secure),
      [`${prefix}phonekey_device`]: line(180 * DAY, secure),
      [`${prefix}phonekey_session`]: line(30 * DAY, secure),
      [`${prefix}phonekey_flow`]: `${GONE}${secure}`,
    });
  });
});

it("the session cookie lives as long as SESSION_DAYS", async () => {
  world = await createWorld({ env: { SESSION_DAYS: "7" } });
  const { signIn, lines } = createJar(ORIGIN);
  await signIn();
  expect(lines.get("phonekey_session")).toBe(line(7 * DAY, ""));
});

it("a session cookie without __Host- is ignored over https: another server may have set it", async () => {
  world = await createWorld({ env: { PUBLIC_URL: HTTPS } });
  const { signIn, values, go } = createJar(HTTPS);
  await signIn();
  expect(await go("/account")).toContain('action="/sign-out"');
  const name = "__Host-phonekey_session";
  values.set(name.replace("__Host-", ""), values.get(name) ?? "");
  values.delete(name);
  expect(await go("/account")).not.toContain('action="/sign-out"');
});

it("a sign-in ends the session that the browser had before, even another user's (T25)", async () => {
  world = await createWorld();
  const [former, visitor] = [createVisitor(world), createVisitor(world)];
  await former.enter(phoneNo(1));
  await visitor.go("/sign-in");
  await visitor.go("/sign-in", { phone: PHONE, country: "CN" });
  await visitor.go("/sign-in/code");
  visitor.jar.set("phonekey_session", former.jar.get("phonekey_session") ?? "");
  const entered = await visitor.go("/sign-in/code", { code: world.sms.lastCode() });
  expect(entered).toMatchObject({ status: 303, location: "/account" });
  expect((await visitor.go("/account")).status).toBe(200);
  expect((await former.go("/account")).location).toBe("/sign-in");
});
