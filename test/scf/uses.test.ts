import { Secret, TOTP } from "otpauth";
import { beforeAll, describe, expect, test } from "vitest";
import { phonekey } from "../support/server.ts";
import { asRoot, hasMariadb } from "../support/services/mysql.ts";
import { event, migratedDatabase, read, startSender } from "./functions.ts";
import { end, startEvent, startWeb, unpackedPackage, type Variables } from "./instance.ts";

/** One HTTP call: every use in the tutorial's first sentence takes one or a few of these. */
type Call = (method: string, path: string, body?: unknown, key?: string) => Promise<Answer>;

interface Answer {
  readonly status: number | undefined;
  readonly body: Readonly<Record<string, string>>;
}

const PASSWORD = "lantern orchard vessel";
const OTHER = "harbour violet engine";
const TRANSACTION = { amount: "120.05", currency: "CNY", payee: "阳光超市" };
const CALLBACK = "callback-secret-of-the-tests";
const SETTINGS: Variables = {
  PUBLIC_URL: "https://auth.example.com",
  LIMIT_ADDRESS_SENDS: "unlimited",
  TENCENT_SMS_CALLBACK_SECRETS: CALLBACK,
  TENCENT_SMS_TEMPLATE_ID_CONFIRM_TRANSACTION: "1120:code,whole,fraction:CNY:阳光超市",
};

async function callEvent(folder: string, env: Variables): Promise<Call> {
  const { invoke } = await startEvent(folder, "index.main_handler", env);
  return async (method, path, body, key) => {
    const headers = { ...(key && { authorization: `Bearer ${key}` }) };
    const { answer, thrown } = await invoke(
      event(method, path, { headers, ...(body !== undefined && { body }) }),
    );
    expect(thrown).toBeUndefined();
    return read(answer) as Answer;
  };
}

async function callWeb(folder: string, env: Variables): Promise<Call> {
  const { url } = await startWeb(folder, env);
  return async (method, path, body, key) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        "x-scf-remote-addr": "203.0.113.7:52344",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(key && { authorization: `Bearer ${key}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? "" : JSON.parse(text) };
  };
}

const FUNCTIONS = [
  ["the event function", callEvent],
  ["the web function", callWeb],
] as const;

describe.runIf(hasMariadb()).each(FUNCTIONS)("every use, by %s and Tencent Cloud", (_, open) => {
  let call: Call;
  let key: string;
  let cloud: Awaited<ReturnType<typeof startSender>>;
  let database: string;
  beforeAll(async () => {
    const folder = unpackedPackage();
    cloud = await startSender(undefined, [{ id: "1120", content: "验证码{1}，向阳光超市确认{2}元{3}分。" }]);
    const made = await migratedDatabase(folder, { ...cloud.env, ...SETTINGS });
    ({ database } = made.server);
    const create = ["keys", "api", "create", "shop", "--purposes", "verify_identity,confirm_transaction"];
    key = (await phonekey(create, { env: made.env })).stdout.trim();
    // A user of the tutorial's demo, who never asked for a code here.
    await asRoot(
      `create table ${database}.info (userId bigint primary key, phone varchar(20), name varchar(64), avatar varchar(255), time datetime)`,
      `insert into ${database}.info values (7, '13800138007', 'Wei', '', '2020-06-01 00:00:00')`,
    );
    const maintenance = await startEvent(folder, "maintenance.main_handler", made.env);
    expect((await maintenance.invoke({ action: "import" })).answer).toMatchObject({ ok: true, imported: 1 });
    await end(maintenance.child);
    call = await open(folder, made.env);
    return cloud.close;
  });

  const ask = async (phone: string, more: object = {}, by?: string) => {
    const { status, body } = await call("POST", "/v1/verifications", { phone, ...more }, by);
    expect({ status, body }).toMatchObject({ status: 201, body: { status: "pending" } });
    return { verificationId: body.id, code: cloud.lastCode() };
  };
  const open201 = async (body: object) => {
    const answer = await call("POST", "/v1/sessions", body);
    expect(answer).toMatchObject({ status: 201 });
    return answer.body;
  };

  test("sign-up, and the delivery report of its message", async () => {
    const session = await open201(await ask("13800138001"));
    expect(session).toMatchObject({ created: true });
    const me = await call("GET", "/v1/me", undefined, session.accessToken);
    expect(me).toMatchObject({ status: 200, body: { phone: "+8613800138001" } });
    const { serialNo: sid } = cloud.taken.at(-1) ?? {};
    const report = {
      nationcode: "86",
      mobile: "13800138001",
      report_status: "SUCCESS",
      errmsg: "DELIVRD",
      sid,
    };
    const told = await call("POST", `/callbacks/tencent/${CALLBACK}/status`, [report]);
    expect(told).toMatchObject({ status: 200, body: { result: 0, errmsg: "OK" } });
    expect(await asRoot(`select status from ${database}.messages where provider_id = '${sid}'`)).toEqual([
      { status: "delivered" },
    ]);
  });

  test("password reset", async () => {
    const proof = await ask("13800138007", { purpose: "reset_password" });
    expect(await call("POST", "/v1/password-resets", { ...proof, newPassword: PASSWORD })).toMatchObject({
      status: 200,
    });
    expect(await open201({ phone: "13800138007", password: PASSWORD })).toMatchObject({
      user: { name: "Wei" },
    });
  });

  test("login protection", async () => {
    const phone = "13800138002";
    const { accessToken } = await open201(await ask(phone));
    const { body: app } = await call("POST", "/v1/me/factors/totp", undefined, accessToken);
    const totp = new TOTP({ secret: Secret.fromBase32(app.secret ?? "") });
    const confirm = `/v1/me/factors/totp/${app.id}/confirm`;
    expect((await call("POST", confirm, { code: totp.generate() }, accessToken)).status).toBe(204);
    expect((await call("PUT", "/v1/me/password", { newPassword: OTHER }, accessToken)).status).toBe(204);
    expect((await call("PUT", "/v1/me/login-protection", { when: "always" }, accessToken)).status).toBe(204);
    const first = await call("POST", "/v1/sessions", { phone, password: OTHER });
    expect(first).toMatchObject({ status: 403, body: { code: "second_factor_required" } });
    // The app's next code: that of this moment is used.
    const next = totp.generate({ timestamp: Date.now() + 30_000 });
    expect(await open201({ challenge: first.body.challenge, totp: next })).toMatchObject({
      user: { id: expect.any(String) },
    });
  });

  test("identity verification", async () => {
    const { verificationId, code } = await ask(
      "13800138003",
      { purpose: "verify_identity", reference: "contract-7" },
      key,
    );
    const { body } = await call("POST", `/v1/verifications/${verificationId}/check`, { code });
    expect(body).toMatchObject({ status: "approved" });
    const redeemed = await call("POST", "/v1/proofs/redeem", { proof: body.proof }, key);
    expect(redeemed).toMatchObject({
      status: 200,
      body: { phone: "+8613800138003", reference: "contract-7" },
    });
    expect((await call("POST", "/v1/proofs/redeem", { proof: body.proof }, key)).status).toBe(401);
  });

  test("random password", async () => {
    const session = await open201(await ask("13800138004", { purpose: "temporary_password" }));
    expect(session).toMatchObject({ mustSetPassword: true });
    const { accessToken } = session;
    expect((await call("GET", "/v1/sessions", undefined, accessToken)).status).toBe(403);
    expect((await call("PUT", "/v1/me/password", { newPassword: PASSWORD }, accessToken)).status).toBe(204);
    await open201({ phone: "13800138004", password: PASSWORD });
  });

  test("transaction confirmation", async () => {
    const asked = { purpose: "confirm_transaction", transaction: TRANSACTION };
    const { verificationId, code } = await ask("13800138005", asked, key);
    expect(cloud.taken.at(-1)?.text).toBe(`【腾讯云】验证码${code}，向阳光超市确认120元05分。`);
    const check = `/v1/verifications/${verificationId}/check`;
    const changed = { code, transaction: { ...TRANSACTION, amount: "120.06" } };
    expect((await call("POST", check, changed)).status).toBe(401);
    const { body } = await call("POST", check, { code, transaction: TRANSACTION });
    expect((await call("POST", "/v1/proofs/redeem", { proof: body.proof }, key)).status).toBe(200);
  });
});
