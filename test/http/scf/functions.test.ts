import { describe, expect, test } from "vitest";
import type { FunctionName } from "../../../src/http/scf/doors.ts";
import { doors, functionUrl, gateway, HOST, type seen } from "./doors.ts";

describe("a handler of the functions API", () => {
  const call = async (event: unknown, name: FunctionName = "sms") =>
    (await doors.call(name, event)) as { errorCode: number; data: Awaited<ReturnType<typeof seen>> };

  test.each(["sms", "getUserInfo", "setNickname"] as const)(
    "for %s is called whatever the path of the event is",
    async (name) => {
      const { data } = await call({ ...gateway, path: "/anything" }, name);
      expect(data).toMatchObject({ method: "POST", body: '{"test":"body"}', peer: "203.0.113.8" });
      expect(new URL(data.url).pathname).toBe(`/functions/${name}`);
    },
  );

  test.each([
    null,
    undefined,
    7,
    "text",
    [],
    {},
    { httpMethod: 5, path: 6, headers: 7, queryString: 8, body: 9 },
  ])("takes %j as a call without parameters", async (event) => {
    expect(await call(event)).toMatchObject({ errorCode: 0, data: { method: "GET", query: [], body: "" } });
  });

  test("takes the parameters of a bare test event from its queryString, as the demo does", async () => {
    const { data } = await call({ queryString: { method: "getSms", phone: "13800138000" } });
    expect(data).toMatchObject({
      method: "GET",
      query: [
        ["method", "getSms"],
        ["phone", "13800138000"],
      ],
    });
  });

  test.each([
    ["a form", "method=getSms&phone=1", "method=getSms&phone=1"],
    ["JSON", '{"method":"getSms"}', '{"method":"getSms"}'],
    ["an object", { method: "getSms" }, '{"method":"getSms"}'],
  ])("takes the body of a bare test event that is %s", async (_, body, sent) => {
    expect((await call({ body })).data).toMatchObject({ method: "POST", body: sent });
  });

  test("keeps two fields that differ only in case: a client's does not replace the platform's", async () => {
    const own = { ...functionUrl.headers, "X-Scf-Remote-Addr": "198.51.100.1" };
    expect((await call({ headers: own })).data.peer).toBe("0.0.0.0");
    const twoHosts = { ...functionUrl.headers, Host: "evil.example" };
    expect(await call({ headers: twoHosts })).toMatchObject({ data: { codeStr: "invalid_request" } });
  });

  test("does not believe x-scf-remote-addr in a gateway's event, whatever its Host", async () => {
    const headers = { Host: HOST, "X-Scf-Remote-Addr": "198.51.100.1" };
    expect((await call({ ...gateway, headers })).data.peer).toBe("203.0.113.8");
  });

  test("passes parameters that are no texts to the functions API as JSON", async () => {
    const { data } = await call({ queryString: { phone: { a: 1 }, code: ["1", { b: 2 }], name: null } });
    expect(data.query).toEqual([
      ["phone", '{"a":1}'],
      ["code", "1"],
      ["code", '{"b":2}'],
      ["name", ""],
    ]);
  });

  test("answers a request that reaches no route with -1003 and the text of the problem", async () => {
    const answer = await call({ headers: { host: "a b" }, queryString: {} });
    expect(answer).toEqual({
      errorCode: -1003,
      errorMessage: "The request is not valid.",
      data: { codeStr: "invalid_request", requestId: "none" },
    });
  });
});
