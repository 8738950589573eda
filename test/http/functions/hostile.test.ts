import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../support/world.ts";
import { BAD_TEXTS, CANARY, chunks, NO_JSON_OBJECT, WRONG_TYPES } from "../hostile/input.ts";
import { PHONE } from "../support.ts";
import { type Answer, createFunctionsClient, type Parameters } from "./client.ts";
import { NO_SESSION } from "./stage.ts";

const TABLE = [0, -1001, -1002, -1003, -1004, -1005, -1006, -1007, -1100, -1102, -1103, -1201, -1202];
const OBJECT = Object.getOwnPropertyNames(Object.prototype);

let world: World;
let own: { token: string; userId: string };

beforeAll(async () => {
  const LIMIT_ADDRESS_CHECKS = "unlimited";
  world = await createWorld({ env: { LIMIT_ADDRESS_CHECKS, LIMIT_ADDRESS_SENDS: "unlimited" } });
  own = await createFunctionsClient(() => world, "203.0.113.7").signedIn(PHONE.slice(3));
});
afterAll(() => world.close());

/** Expects HTTP 200, an errorCode of the table, no unknown members and nothing of the request. */
async function answerTo(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await world.request(path, { duplex: "half", ...init } as RequestInit);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(text).not.toContain(CANARY);
  const answer = JSON.parse(text) as Answer;
  expect(TABLE, text).toContain(answer.errorCode);
  expect(["errorCode", "errorMessage", "data"]).toEqual(expect.arrayContaining(Object.keys(answer)));
  return answer;
}

const post = (name: string, body: RequestInit["body"], type = "application/json") =>
  answerTo(`/functions/${name}`, { method: "POST", body, headers: { "content-type": type } } as RequestInit);

/** Each call with good parameters, and which codes a bad value of each parameter may get. */
const CALLS: readonly (readonly [
  call: string,
  name: string,
  good: () => Parameters,
  bad: Record<string, number[]>,
])[] = [
  ["getSms", "sms", () => ({ method: "getSms", phone: PHONE }), { method: [-1004], phone: [-1002] }],
  [
    "getSms with a ticket",
    "sms",
    () => ({ method: "getSms", phone: PHONE, ticket: "t", randstr: "@r" }),
    { ticket: [-1001, -1003, 0], randstr: [-1001, -1003, 0] },
  ],
  [
    "login by code",
    "sms",
    () => ({ method: "login", phone: PHONE, code: "123456", sessionId: NO_SESSION }),
    { method: [-1004], phone: [-1002], code: [-1100, -1103], sessionId: [-1100, -1103] },
  ],
  [
    "login by token",
    "sms",
    () => ({ method: "login", phone: PHONE, token: own.token }),
    { phone: [-1002], token: [-1005] },
  ],
  [
    "getUserInfo by phone",
    "getUserInfo",
    () => ({ phone: PHONE, token: own.token }),
    { phone: [-1002], token: [-1005] },
  ],
  [
    "getUserInfo by userId",
    "getUserInfo",
    () => ({ userId: own.userId, token: own.token }),
    { userId: [-1007], token: [-1005] },
  ],
  [
    "setNickname",
    "setNickname",
    () => ({ userId: own.userId, name: "Lin", token: own.token }),
    { userId: [-1007], token: [-1005], name: [-1003, 0] },
  ],
];

describe.each(CALLS)("%s", (_call, name, good, bad) => {
  const query = (parameters: Parameters) => `/functions/${name}?${new URLSearchParams(parameters)}`;

  describe.each(Object.entries(bad))("with %s", (parameter, codes) => {
    it("missing or empty answers -1001", async () => {
      const { [parameter]: _, ...rest } = good();
      expect((await answerTo(query(rest))).errorCode).toBe(-1001);
      expect((await answerTo(query({ ...rest, [parameter]: "" }))).errorCode).toBe(-1001);
      expect((await post(name, JSON.stringify({ ...rest, [parameter]: null }))).errorCode).toBe(-1001);
    });

    it("given twice, in a query, a form or JSON, even if one of them is empty, answers -1001", async () => {
      const { [parameter]: value = "", ...rest } = good();
      for (const second of [value, "", CANARY]) {
        const object = `{${JSON.stringify(parameter)}:${JSON.stringify(second)},${JSON.stringify(good()).slice(1)}`;
        expect((await post(name, object)).errorCode).toBe(-1001);
        const twice = new URLSearchParams([...Object.entries(rest), [parameter, value], [parameter, second]]);
        expect((await answerTo(`/functions/${name}?${twice}`)).errorCode).toBe(-1001);
        expect((await post(name, twice, "application/x-www-form-urlencoded")).errorCode).toBe(-1001);
      }
    });

    it("written as a list or an object in a query answers -1001", async () => {
      const { [parameter]: value = "", ...rest } = good();
      for (const member of [`${parameter}[]`, `${parameter}[0]`, `${parameter}[$gt]`, `${parameter}.x`]) {
        expect((await answerTo(query({ ...rest, [member]: value }))).errorCode).toBe(-1001);
      }
    });

    it.each(WRONG_TYPES)("as %s answers -1001", async (_type, value) => {
      expect((await post(name, JSON.stringify({ ...good(), [parameter]: value }))).errorCode).toBe(-1001);
    });

    it.each(BAD_TEXTS)("as a text with %s answers a code for this parameter", async (_what, value) => {
      const { errorCode } = await post(name, JSON.stringify({ ...good(), [parameter]: value }));
      expect(codes).toContain(errorCode);
    });

    it("in a broken percent-encoding answers -1001", async () => {
      const { [parameter]: _, ...rest } = good();
      for (const broken of ["%", "%4", "%zz", "%ff", "%c0%af", "%ed%a0%80", "%u4e2d"]) {
        const text = `${new URLSearchParams(rest)}&${parameter}=${broken}`;
        expect((await answerTo(`/functions/${name}?${text}`)).errorCode).toBe(-1001);
        expect((await post(name, text, "application/x-www-form-urlencoded")).errorCode).toBe(-1001);
      }
    });
  });

  it("ignores further parameters of any name", async () => {
    // A second message has to wait: from here on the answer stays the same.
    await answerTo(query(good()));
    const { errorCode } = await answerTo(query(good()));
    const more = { "": "x", constructor: "x", "__proto__[polluted]": "x", toString: "x", avatar: "x" };
    expect((await answerTo(query({ ...more, ...good() }))).errorCode).toBe(errorCode);
    const body = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${JSON.stringify(good()).slice(1)}`;
    expect((await post(name, body)).errorCode).toBe(errorCode);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(OBJECT);
  });
});

describe.each(["sms", "getUserInfo", "setNickname"])("%s", (name) => {
  it.each(NO_JSON_OBJECT)("answers -1001 to a body that is %s", async (_what, body) => {
    expect((await post(name, body as RequestInit["body"])).errorCode).toBe(-1001);
  });

  it.each([
    "multipart/form-data; boundary=x",
    "application/xml",
    "",
    "\u00ff",
    "application/json; charset=utf-16",
  ])("answers -1001 to a body of type %j", async (type) => {
    expect(
      (await post(name, `--x\r\ncontent-disposition: form-data; name="phone"\r\n\r\n1`, type)).errorCode,
    ).toBe(-1001);
  });

  it("refuses a body of 17 KB, with its length or in chunks, and answers -1001 to no body", async () => {
    for (const body of ["x".repeat(17 * 1024), chunks(17)]) {
      expect((await post(name, body)).data).toMatchObject({ codeStr: "request_too_large" });
    }
    expect((await answerTo(`/functions/${name}`, { method: "POST" })).errorCode).toBe(-1001);
  });
});

describe("any request to the functions API", () => {
  const parameter = fc.constantFrom(
    "method",
    "phone",
    "code",
    "sessionId",
    "token",
    "userId",
    "name",
    "ticket",
    "randstr",
    "__proto__",
  );
  const value = fc.oneof(
    fc.constantFrom("getSms", "login", PHONE, "123456", NO_SESSION),
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const parameters = fc.dictionary(parameter, value, { maxKeys: 6 });
  const body = fc.oneof(
    parameters.map((sent) => JSON.stringify(sent)),
    parameters.map((sent) =>
      Object.entries(sent)
        .map(([key, given]) => `${key}=${encode(given)}`)
        .join("&"),
    ),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 200 }),
  );

  it("is answered HTTP 200 with an errorCode of the table", { timeout: 60_000 }, async () => {
    const request = fc.record({
      name: fc.constantFrom("sms", "getUserInfo", "setNickname"),
      body,
      query: fc.webQueryParameters(),
      type: fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "x"),
      method: fc.constantFrom("GET", "POST", "PUT"),
      language: fc.constantFrom("zh-CN", "en", "xx", ";q=", ""),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ name, body, query, type, method, language }) => {
        const headers = { "content-type": type, "accept-language": language };
        const sent = method === "GET" ? {} : { body: body as RequestInit["body"] };
        await answerTo(`/functions/${name}?${query}`, { method, headers, ...sent } as RequestInit);
      }),
      { numRuns: 500 },
    );
  });
});

/** Encodes a value without lone surrogates, at which encodeURIComponent throws. */
function encode(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, ""));
}

describe("after the requests above", () => {
  it("the log holds no canary, phone, token or fault", () => {
    expect(world.logged.length).toBeGreaterThan(500);
    const text = JSON.stringify(world.logged);
    for (const secret of [CANARY, PHONE.slice(3), own.token]) expect(text).not.toContain(secret);
    expect(world.logged.filter((line) => "err" in line)).toEqual([]);
  });
});
