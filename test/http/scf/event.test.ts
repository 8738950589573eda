import { describe, expect, test } from "vitest";
import { doors, functionUrl, gateway, HOST, nested, sent } from "./doors.ts";

describe("the request that an event becomes", () => {
  test("has the method, URL, headers, body and peer of a Function URL's event", async () => {
    expect(await sent(functionUrl)).toEqual({
      statusCode: 200,
      method: "POST",
      url: `https://${HOST}/v1/x?a=1`,
      query: [["a", "1"]],
      headers: { host: HOST, "content-type": "application/json", "content-length": "13" },
      body: '{"名":"值"}',
      peer: "203.0.113.7",
    });
  });

  test("has the client's address from the context of an API gateway's event", async () => {
    expect(await sent(gateway)).toMatchObject({
      method: "POST",
      query: [
        ["foo", "bar"],
        ["bob", "alice"],
      ],
      headers: { "accept-language": "zh-CN" },
      body: '{"test":"body"}',
      peer: "203.0.113.8",
    });
  });

  test("has no peer that a client claims in a header or in a body that looks like an event", async () => {
    const headers = { host: "auth.example.com", "x-scf-remote-addr": "198.51.100.1" };
    const body = JSON.stringify({ requestContext: gateway.requestContext });
    expect(await sent({ ...functionUrl, headers, body })).toMatchObject({ peer: null });
    // A Function URL's context has no service.
    const requestContext = { sourceIp: "198.51.100.1" };
    expect(await sent({ ...functionUrl, headers, requestContext })).toMatchObject({ peer: null });
  });

  test("has the decoded body if that is in base64", async () => {
    const body = Buffer.from("phone=%2B86138&x=é").toString("base64");
    expect(await sent({ ...functionUrl, body, isBase64Encoded: true })).toMatchObject({
      body: "phone=%2B86138&x=é",
    });
    expect(await sent({ ...functionUrl, body, isBase64Encoded: false })).toMatchObject({ body });
  });

  test("has repeated query keys, and values of other types as texts", async () => {
    const queryString = { a: ["1", "2"], n: 5, t: true, none: null, "a b&=": "c d&=+%", "": "empty" };
    expect((await sent({ ...functionUrl, queryString })).query).toEqual([
      ["a", "1"],
      ["a", "2"],
      ["n", "5"],
      ["t", "true"],
      ["none", ""],
      ["a b&=", "c d&=+%"],
      ["", "empty"],
    ]);
  });

  test("has header names of any case in small letters, cookies joined, and values of other types as texts", async () => {
    const headers = { HOST, Cookie: "a=1", cookie: ["b=2", "c=3"], "X-Number": 5, "x-null": null };
    expect((await sent({ ...functionUrl, headers })).headers).toMatchObject({
      host: HOST,
      cookie: "a=1; b=2; c=3",
      "x-number": "5",
      "x-null": "",
    });
  });

  test("has the length of the body, whatever a header says", async () => {
    for (const name of ["content-length", "Content-Length"]) {
      const headers = { host: HOST, [name]: "1", "transfer-encoding": "chunked" };
      const { headers: got } = await sent({ ...functionUrl, headers });
      expect(got).toEqual({ host: HOST, "content-length": "13" });
    }
  });

  test.each(["headers", "queryString", "body", "isBase64Encoded", "requestContext"])(
    "is made even if %s is missing or null",
    async (field) => {
      const { [field]: _, ...without } = functionUrl as Record<string, unknown>;
      for (const event of [without, { ...functionUrl, [field]: null }]) {
        expect(await sent(event)).toMatchObject({ statusCode: 200, method: "POST" });
      }
    },
  );

  test("has no body if it is a GET", async () => {
    expect(await sent({ ...functionUrl, httpMethod: "get" })).toMatchObject({ method: "GET", body: "" });
  });
});

describe("an event that is no request", () => {
  const refused = async (event: unknown) => {
    const { statusCode, headers, body } = await doors.answer(event);
    expect(headers).toMatchObject({
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    });
    return [statusCode, JSON.parse(body).code, JSON.parse(body).field];
  };

  test.each([
    ["null", null, "event"],
    ["undefined", undefined, "event"],
    ["a text", "{}", "event"],
    ["a list", [], "event"],
    ["an empty object", {}, "httpMethod"],
    ["the console's template", { key1: "test value 1" }, "httpMethod"],
    ["an invalid method", { ...functionUrl, httpMethod: "GET /" }, "httpMethod"],
    ["a method of another type", { ...functionUrl, httpMethod: 1 }, "httpMethod"],
    ["no path", { ...functionUrl, path: undefined }, "path"],
    ["a path that does not begin at the root", { ...functionUrl, path: "https://evil.example/" }, "path"],
    ["a path with a query", { ...functionUrl, path: "/a?b" }, "path"],
    ["a path with a backslash", { ...functionUrl, path: "/\\evil.example" }, "path"],
    ["headers that are a list", { ...functionUrl, headers: [] }, "headers"],
    ["a header that is an object", { ...functionUrl, headers: { a: {} } }, "headers"],
    ["a query that is a text", { ...functionUrl, queryString: "a=1" }, "queryString"],
    ["a body that is a number", { ...functionUrl, body: 1 }, "body"],
    ["invalid base64", { ...functionUrl, body: "@@@", isBase64Encoded: true }, "body"],
  ])("is refused as invalid_request with the field: %s", async (_, event, field) => {
    expect(await refused(event)).toEqual([400, "invalid_request", field]);
  });

  test.each([
    ["a header with a line break", { ...functionUrl, headers: { a: "b\r\nc: d" } }],
    ["an invalid header name", { ...functionUrl, headers: { "a b": "c" } }],
    ["an invalid host", { ...functionUrl, headers: { host: "a@evil.example/x" } }],
    ["a host that begins a path", { ...functionUrl, headers: { host: `${HOST}/v1/sessions` } }],
    ["a host that begins a query", { ...functionUrl, headers: { host: `${HOST}?` } }],
    ["two hosts", { ...functionUrl, headers: { host: HOST, Host: "evil.example" } }],
    ["a method that fetch forbids", { ...functionUrl, httpMethod: "CONNECT" }],
  ])("is refused as invalid_request: %s", async (_, event) => {
    expect((await refused(event)).slice(0, 2)).toEqual([400, "invalid_request"]);
  });

  test.each([
    [
      "too many headers",
      { headers: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, "1"])) },
    ],
    ["headers too long", { headers: { cookie: "x".repeat(17_000) } }],
    ["a path too long", { path: `/${"x".repeat(17_000)}` }],
    ["a query too long", { queryString: { a: "x".repeat(17_000) } }],
    ["a query too long when encoded", { queryString: { a: "名".repeat(2_000) } }],
    ["a query of too many values", { queryString: { a: Array(10_000).fill("") } }],
  ])("is refused as headers_too_large: %s", async (_, more) => {
    expect((await refused({ ...functionUrl, ...more })).slice(0, 2)).toEqual([431, "headers_too_large"]);
  });

  test.each(["headers", "queryString"])(
    "is refused without reading each of its %s if they are too many",
    async (where) => {
      let looked = 0;
      const get = (many: Record<string, string>, name: string) => {
        looked += 1;
        return many[name];
      };
      const many = new Proxy(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`x-${n}`, "1"])), {
        get,
      });
      const event = { ...functionUrl, [where]: many };
      expect((await refused(event)).slice(0, 2)).toEqual([431, "headers_too_large"]);
      expect(await doors.call("sms", event)).toMatchObject({ errorCode: -1003 });
      expect(looked).toBeLessThan(50_000);
    },
  );

  test("is refused if it is nested too deep to be written, and nothing is thrown to the platform", async () => {
    expect(await refused({ ...functionUrl, body: nested })).toEqual([400, "invalid_request", "body"]);
    for (const event of [{ body: nested }, { queryString: { phone: nested } }, { headers: { a: nested } }]) {
      expect(await doors.call("sms", event)).toHaveProperty("errorCode");
    }
  });
});

describe("the answer that the platform gets", () => {
  const get = (path: string, queryString = {}) =>
    doors.answer({ httpMethod: "GET", path, headers: { host: HOST }, queryString });

  test("has one cookie as a text, several as a list", async () => {
    expect((await get("/cookies")).headers["set-cookie"]).toBe("a=1; Path=/");
    expect((await get("/cookies", { two: 1 })).headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2; Path=/"]);
  });

  test("has a body that is no text in base64", async () => {
    expect(await get("/bytes")).toMatchObject({ isBase64Encoded: true, body: "/wD+" });
    expect(await get("/cookies")).toMatchObject({ isBase64Encoded: false, body: "ok" });
  });

  test("has an empty body for 204, and the location of a redirect", async () => {
    expect(await get("/nothing")).toMatchObject({ statusCode: 204, body: "", isBase64Encoded: false });
    expect(await get("/moved")).toMatchObject({ statusCode: 303, headers: { location: "/there" } });
  });
});
