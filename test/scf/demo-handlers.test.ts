import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasMariadb } from "../support/services/mysql.ts";
import { HOST, migratedDatabase, startSender } from "./functions.ts";
import { type EventInstance, startEvent, unpackedPackage } from "./instance.ts";

const PHONE = "13800138000";
/** The keys of a function's role. */
const ROLE = { secretId: "AKIDrole", secretKey: "secretROLE", token: "tokenROLE" };

interface Answer {
  readonly errorCode: number;
  readonly errorMessage: string;
  readonly data?: Readonly<Record<string, string>>;
}

describe.runIf(hasMariadb())("the demo's handlers, with the keys of the function's role", () => {
  let cloud: Awaited<ReturnType<typeof startSender>>;
  const instances = new Map<string, EventInstance>();
  beforeAll(async () => {
    const folder = unpackedPackage();
    cloud = await startSender(ROLE);
    const { env } = await migratedDatabase(folder, {
      ...cloud.env,
      TENCENT_SECRET_ID: "",
      TENCENT_SECRET_KEY: "",
      TENCENTCLOUD_SECRETID: ROLE.secretId,
      TENCENTCLOUD_SECRETKEY: ROLE.secretKey,
      TENCENTCLOUD_SESSIONTOKEN: ROLE.token,
    });
    for (const name of ["sms", "getUserInfo", "setNickname"]) {
      instances.set(name, await startEvent(folder, `${name}.main_handler`, env));
    }
  });
  afterAll(() => cloud.close());

  const call = async (name: string, event: unknown) => {
    const invoked = await instances.get(name)?.invoke(event);
    expect(invoked?.thrown).toBeUndefined();
    return invoked?.answer as Answer;
  };
  const query = (parameters: object) => ({ queryString: parameters });
  const form = (parameters: Record<string, string>) => ({
    httpMethod: "POST",
    path: "/release/sms",
    headers: {
      Host: HOST,
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Scf-Remote-Addr": "203.0.113.7",
    },
    body: Buffer.from(String(new URLSearchParams(parameters))).toString("base64"),
    isBase64Encoded: true,
  });

  test.each(["HEAD", "OPTIONS", "options", "PUT"])("answer the method %s with -1004", async (httpMethod) => {
    const headers = { Host: HOST, Origin: "https://app.example" };
    const answer = await call("sms", { httpMethod, path: "/", headers, queryString: { method: "getSms" } });
    expect(answer).toMatchObject({ errorCode: -1004 });
  });

  test("sign up, in, read and name a user, by bare test events and by those of a URL", async () => {
    const started = await call("sms", form({ method: "getSms", phone: PHONE }));
    expect(started).toMatchObject({ errorCode: 0, data: { codeStr: "Ok" } });
    const { sessionId = "" } = started.data ?? {};
    const login = { method: "login", phone: PHONE, code: cloud.lastCode(), sessionId };
    const signedIn = await call("sms", form(login));
    expect(signedIn).toMatchObject({
      errorCode: 0,
      errorMessage: "Logged in successfully",
      data: { phone: PHONE },
    });
    expect(signedIn.data?.avatar).toMatch(new RegExp(`^https://${HOST}/avatars/`));
    const { token = "", userId = "" } = signedIn.data ?? {};
    expect(await call("setNickname", query({ userId, token, name: "Wei" }))).toMatchObject({ errorCode: 0 });
    expect(await call("getUserInfo", query({ userId, token }))).toMatchObject({
      data: { name: "Wei", phone: PHONE },
    });
    expect(await call("sms", query({ method: "login", phone: PHONE, token }))).toMatchObject({
      errorCode: 0,
      data: { token },
    });
  });

  test.each([
    null,
    {},
    [],
    "text",
    7,
    query({}),
    query({ method: "getSms" }),
    { body: "%zz" },
    { body: { phone: ["1"] } },
  ])("answer %j with -1001", async (event) => {
    for (const name of instances.keys()) {
      expect(await call(name, event)).toEqual({ errorCode: -1001, errorMessage: "Missing parameter" });
    }
  });

  test("answer parameters of other types, repeated or too long with a code of their table", async () => {
    const odd = { phone: { a: 1 }, code: ["1", "2"], long: "x".repeat(20_000) };
    expect(await call("sms", query({ method: "getSms", phone: odd.phone }))).toMatchObject({
      errorCode: -1002,
    });
    expect(await call("sms", query({ method: "getSms", phone: [PHONE, PHONE] }))).toMatchObject({
      errorCode: -1001,
    });
    for (const event of [
      query({ method: odd.long, phone: PHONE }),
      { body: { method: "getSms", phone: odd.long } },
    ]) {
      expect(await call("sms", event)).toMatchObject({ errorCode: -1003 });
    }
  });
});
