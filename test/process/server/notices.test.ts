import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/ports.ts";
import { phonekey, type RunningServer, startServer, workingFolder } from "../../support/server.ts";
import { hasRedis, type RedisServer, startRedis } from "../../support/services/redis.ts";
import { startProxy, type TcpProxy } from "../../support/services/tcp-proxy.ts";
import { type Cloud, startCloud } from "../../support/tencent/cloud.ts";
import { createSmsSending, type SmsSending } from "../../support/tencent/sms-send.ts";
import { bearer, createClient, FREELY, newPhone } from "../client.ts";
import { change, numberOf, rowsOf } from "../database.ts";
import { until } from "../raw.ts";

const KEYS = { secretId: "AKIDtest", secretKey: "secretTEST" };
const NOTICE = "您的登录密码已修改。如非本人操作，请用验证码登录并重设密码。";

/** The database holds what notices tell of, Redis holds limits behind a wire that can be frozen, and the cloud can hang. */
describe.runIf(hasRedis())("a notice that was recorded when the server was killed (kill -9)", () => {
  let redis: RedisServer;
  let wire: TcpProxy;
  /** Whether the wire freezes as soon as Redis has counted a request to set a password. */
  let holds = false;
  let sms: SmsSending;
  let cloud: Cloud;

  beforeAll(async () => {
    redis = await startRedis();
    wire = await startProxy({ host: "127.0.0.1", port: redis.port }, () => {
      let isCounting = false;
      return {
        sent(data) {
          isCounting ||= holds && data.includes("password_changes");
        },
        received(data) {
          // At first Redis does not know the script yet, and has to be told.
          if (!isCounting || data.includes("NOSCRIPT")) return;
          [isCounting, holds] = [false, false];
          wire.freeze();
        },
      };
    });
    sms = createSmsSending({
      sdkAppId: "1400006666",
      signatures: ["腾讯云"],
      templates: [
        { id: "1110", content: "{1}为您的登录验证码，请于{2}分钟内填写。" },
        { id: "1130", content: NOTICE, type: "notice" },
      ],
    });
    cloud = await startCloud({ products: [sms], accounts: [KEYS] });
  });
  afterAll(async () => {
    wire?.close();
    await cloud?.close();
    await redis?.stop();
  });

  async function newPlace() {
    const env = {
      ...FREELY,
      STATE_URL: `redis://127.0.0.1:${wire.port}`,
      SMS_SENDER: "tencent",
      TENCENT_SECRET_ID: KEYS.secretId,
      TENCENT_SECRET_KEY: KEYS.secretKey,
      TENCENT_SMS_SDK_APP_ID: "1400006666",
      TENCENT_SMS_SIGN_NAME: "腾讯云",
      TENCENT_SMS_TEMPLATE_ID: "1110",
      TENCENT_SMS_TEMPLATE_ID_PASSWORD_CHANGED: "1130",
      TENCENT_SMS_ENDPOINT: cloud.url,
    };
    return { folder: workingFolder(), port: await freePort(), env };
  }

  const noticesTo = (phone: string) =>
    sms.taken.filter(({ to, templateId }) => to === phone && templateId === "1130");
  const stateIn = (folder: string) => rowsOf(folder, "SELECT state FROM notices").map(({ state }) => state);
  const passwords = (folder: string) =>
    numberOf(folder, "SELECT count(*) FROM users WHERE sealed_password IS NOT NULL");

  /** Signs in and asks for a password; the request is never answered. */
  async function askForPassword(server: RunningServer, before = () => {}): Promise<string> {
    const client = createClient(server);
    const phone = newPhone();
    const { id } = await client.start(phone);
    const code = /\d{6}/.exec(sms.taken.at(-1)?.text ?? "")?.[0] ?? "";
    const { accessToken } = (await client.open(id, code)).body;
    before();
    const body = { newPassword: "lantern orchard vessel" };
    void client.call("PUT", "/v1/me/password", bearer(accessToken), body).catch(() => {});
    return phone;
  }

  /** Makes due now what is due later. */
  const letDue = (folder: string) => change(folder, "UPDATE notices SET due_at = due_at - 600000");

  /** A server that was killed before it could count the notice. */
  async function promised() {
    redis.command("FLUSHALL");
    const place = await newPlace();
    const server = await startServer(place);
    const phone = await askForPassword(server, () => {
      holds = true;
    });
    await until(() => stateIn(place.folder).includes("waiting"));
    expect(holds).toBe(false);
    await server.kill();
    wire.thaw();
    return { place, phone };
  }

  test("is sent once by the next tick if no sending had begun", async () => {
    const { place, phone } = await promised();
    expect([stateIn(place.folder), passwords(place.folder)]).toEqual([["waiting"], 1]);
    expect(noticesTo(phone)).toEqual([]);

    letDue(place.folder);
    const ticks = await Promise.all([1, 2].map(() => phonekey(["tick"], place)));
    expect(ticks.map(({ code }) => code)).toEqual([0, 0]);
    expect(stateIn(place.folder)).toEqual(["sent"]);
    expect(noticesTo(phone)).toMatchObject([{ text: expect.stringContaining(NOTICE) }]);
  });

  test("is tried again if the cloud refuses it, which the log of the tick says", async () => {
    const { place, phone } = await promised();
    letDue(place.folder);
    cloud.faults.push({ error: "RequestLimitExceeded" }, { error: "RequestLimitExceeded" });
    const { code, stderr } = await phonekey(["tick"], place);
    expect(code).toBe(0);
    expect(stderr).toContain("a message was not accepted");
    expect(stderr).toContain('"providerCode":"RequestLimitExceeded"');
    expect(stderr).not.toContain(phone.slice(-8));
    letDue(place.folder);
    expect((await phonekey(["tick"], place)).code).toBe(0);
    expect(noticesTo(phone)).toHaveLength(1);
  });

  test("is recorded as unknown and never sent again if the cloud took it and its answer was lost", async () => {
    const place = await newPlace();
    const server = await startServer(place);
    const phone = await askForPassword(server, () => cloud.faults.push({ hang: "taken" }));
    await until(() => noticesTo(phone).length === 1);
    await server.kill();
    expect([stateIn(place.folder), passwords(place.folder)]).toEqual([["sending"], 1]);

    expect((await phonekey(["tick"], place)).code).toBe(0);
    expect(stateIn(place.folder)).toEqual(["sending"]);
    letDue(place.folder);
    expect((await phonekey(["tick"], place)).code).toBe(0);
    expect(stateIn(place.folder)).toEqual(["unknown"]);
    expect(noticesTo(phone)).toHaveLength(1);
  });
});
