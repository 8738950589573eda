import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bearer, createWorld, type OpenedSession, type World } from "../../support/world.ts";
import { bodyOf, PHONE, phoneNo, refused } from "../support.ts";

type User = OpenedSession["user"];

let world: World;
let mine: OpenedSession;

beforeAll(async () => {
  world = await createWorld();
  mine = await world.signIn();
});
afterAll(() => world.close());

const me = (init: RequestInit = {}) =>
  world.request("/v1/me", { ...init, headers: { ...bearer(mine.accessToken), ...init.headers } });

const change = (body: unknown) =>
  me({ method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function changed(body: unknown): Promise<User> {
  const response = await change(body);
  expect(response.status).toBe(200);
  return await bodyOf<User>(response);
}

const readMe = async () => await bodyOf<User>(await me());

describe("GET /v1/me", () => {
  it("answers with the user of the access token: these fields only, the phone in full", async () => {
    const response = await me();
    expect(response.status).toBe(200);
    expect(await bodyOf<User>(response)).toEqual(mine.user);
    expect(Object.keys(mine.user).sort()).toEqual([
      "avatar",
      "createdAt",
      "hasPassword",
      "id",
      "name",
      "phone",
    ]);
    expect(mine.user.phone).toBe(PHONE);
  });

  // Only a token gets an `error` (RFC 6750, section 3.1), and the scheme always has a parameter (section 3).
  it.each([
    ["without a token", {}, 'Bearer realm="phonekey"'],
    ["with another scheme", { authorization: "Basic eDp5" }, 'Bearer realm="phonekey"'],
    ["with an empty token", { authorization: "Bearer " }, 'Bearer realm="phonekey"'],
    ["with two tokens", { authorization: "Bearer a b" }, 'Bearer realm="phonekey"'],
    ["with a malformed token", { authorization: "Bearer x.y.z" }, 'Bearer error="invalid_token"'],
  ])("%s is refused", async (_, headers: Record<string, string>, demand) => {
    const response = await world.request("/v1/me", { headers });
    expect(response.headers.get("www-authenticate")).toBe(demand);
    await refused(response, "invalid_token");
  });

  it("accepts the scheme in upper and lower case (RFC 9110, 11.1)", async () => {
    const headers = { authorization: `bEARER ${mine.accessToken}` };
    expect((await world.request("/v1/me", { headers })).status).toBe(200);
  });
});

describe("the name", () => {
  it.each([
    ["Chinese", "林小明"],
    ["spaces around it", "  Lin  "],
    ["HTML", `<img src=x onerror="alert(1)">&amp;`],
    ["a formula", "=1+1"],
    ["quotes and a percent sign", `Robert'); DROP TABLE users;-- %_\\`],
    ["an emoji of several characters", "👩‍👩‍👧‍👦🏳️‍🌈"],
    ["a combining accent, not composed", "Jose\u0301"],
    ["the non-joiner that Persian needs", "علی\u200cرضا"],
    ["one character", "x"],
    ["64 characters of two UTF-16 units", "😀".repeat(64)],
  ])("with %s is kept as sent", async (_, name) => {
    expect((await changed({ name })).name).toBe(name);
    expect((await readMe()).name).toBe(name);
  });

  it.each([
    ["empty", ""],
    ["blank", " \u3000 "],
    ["only a joiner", "\u200d"],
    ["65 characters", "x".repeat(65)],
    ["65 characters of two units", "😀".repeat(65)],
    ["a newline", "Lin\nadmin"],
    ["NUL", "Lin\u0000"],
    ["an escape sequence", "\u001b[31mLin"],
    ["a C1 control", "Lin\u0085"],
    ["a line separator", "Lin\u2028x"],
    ["a right-to-left override", "Lin\u202Egnp.exe"],
    ["a bidi isolate", "\u2066Lin\u2069"],
    ["a left-to-right mark", "Lin\u200e"],
    ["an Arabic letter mark", "Lin\u061c"],
    ["a zero-width space", "L\u200bin"],
    ["a byte order mark", "\ufeffLin"],
    ["a lone surrogate", "Lin\ud83d"],
    ["surrogates around a joiner", "Lin\ud83d\u200d\ude00"],
    ["a number", 42],
    ["a list", ["Lin"]],
    ["null", null],
    ["300 characters", "y".repeat(300)],
  ])("is refused and stays as it was: %s", async (_, name) => {
    const before = await readMe();
    const problem = await refused(await change({ name }), "invalid_request", "name");
    expect(JSON.stringify(problem)).not.toMatch(/Lin|yyy/);
    expect(await readMe()).toEqual(before);
  });
});

describe("the avatar", () => {
  it.each([1, 10])("may be number %i of those that Phonekey serves", async (avatar) => {
    expect((await changed({ avatar })).avatar).toBe(`http://localhost:8080/avatars/${avatar}.svg`);
  });

  it.each([0, 11, -1, 1.5, 1e300, "3", null, [3], "javascript:alert(1)", "https://evil.example/x.svg"])(
    "cannot be %j (T37)",
    async (avatar) => {
      const before = await readMe();
      await refused(await change({ avatar }), "invalid_request", "avatar");
      expect(await readMe()).toEqual(before);
    },
  );
});

describe("PATCH /v1/me", () => {
  it("changes what is given and leaves the rest", async () => {
    const { avatar } = await changed({ name: "Lin", avatar: 3 });
    expect(await changed({ name: "Lin Xiaoming" })).toMatchObject({ avatar, name: "Lin Xiaoming" });
    expect(await changed({ avatar: 4 })).toMatchObject({ name: "Lin Xiaoming" });
    expect(await readMe()).toMatchObject({ id: mine.user.id, phone: PHONE });
  });

  it("refuses an empty body", async () => {
    await refused(await change({}), "invalid_request", "body");
  });

  it.each([
    "id",
    "phone",
    "phoneTag",
    "role",
    "isAdmin",
    "deviceEpoch",
    "createdAt",
    "user_id",
    "constructor",
  ])("refuses the field %s by its name, and changes nothing (T30)", async (field) => {
    const before = await readMe();
    const body = { name: "Somebody Else", [field]: phoneNo(7) };
    const problem = await refused(await change(body), "invalid_request", field);
    expect(problem.detail).toBe(`\`${field}\` is not a known field.`);
    expect(await readMe()).toEqual(before);
  });

  it("does not repeat the name of an unknown field that may be a secret", async () => {
    for (const key of ["p13800138000", "x".repeat(40), "a b", "<script>", "名"]) {
      await refused(await change({ [key]: 1 }), "invalid_request", "body");
    }
  });

  it("changes only the user of the token", async () => {
    world.clock.advance(60_000);
    const other = await world.signIn(phoneNo(8));
    await changed({ name: "Mine" });
    const theirs = await world.request("/v1/me", { headers: bearer(other.accessToken) });
    expect(await bodyOf<User>(theirs)).toEqual(other.user);
  });
});
