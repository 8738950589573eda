import { describe, expect, test } from "vitest";
import type { FunctionName } from "../../../src/http/scf/doors.ts";
import { doors, functionUrl, gateway, HOST, type seen } from "./doors.ts";

describe("the functions of the demo", () => {
  const call = async (event: unknown, name: FunctionName = "sms") =>
    (await doors.call(name, event)) as { errorCode: number; data: Awaited<ReturnType<typeof seen>> };

  test.each(["sms", "getUserInfo", "setNickname"] as const)(
    "%s, wherever the event came by",
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
  ])("%j is a call without parameters", async (event) => {
    expect(await call(event)).toMatchObject({ errorCode: 0, data: { method: "GET", query: [], body: "" } });
  });

  test("a bare test event, its parameters where the demo looks for them", async () => {
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
  ])("a bare test event with a body that is %s", async (_, body, sent) => {
    expect((await call({ body })).data).toMatchObject({ method: "POST", body: sent });
  });

  test("two fields that differ in case alone stay two: a client's never takes the place of the platform's", async () => {
    const own = { ...functionUrl.headers, "X-Scf-Remote-Addr": "198.51.100.1" };
    expect((await call({ headers: own })).data.peer).toBe("0.0.0.0");
    const twoHosts = { ...functionUrl.headers, Host: "evil.example" };
    expect(await call({ headers: twoHosts })).toMatchObject({ data: { codeStr: "invalid_request" } });
  });

  test("by a gateway, no Host makes the platform's fields believed", async () => {
    const headers = { Host: HOST, "X-Scf-Remote-Addr": "198.51.100.1" };
    expect((await call({ ...gateway, headers })).data.peer).toBe("203.0.113.8");
  });

  test("parameters that are no texts get as far as the tables of the functions API", async () => {
    const { data } = await call({ queryString: { phone: { a: 1 }, code: ["1", { b: 2 }], name: null } });
    expect(data.query).toEqual([
      ["phone", '{"a":1}'],
      ["code", "1"],
      ["code", '{"b":2}'],
      ["name", ""],
    ]);
  });

  test("what no route answers is -1003 in the words of its problem", async () => {
    const answer = await call({ headers: { host: "a b" }, queryString: {} });
    expect(answer).toEqual({
      errorCode: -1003,
      errorMessage: "The request is not valid.",
      data: { codeStr: "invalid_request", requestId: "none" },
    });
  });
});
