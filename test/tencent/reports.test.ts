import { describe, expect, it } from "vitest";
import { PHONE, phoneNo, refused, start } from "../http/support.ts";
import { createTencentWorld, SECRETS, sent, statusItem, TAKEN } from "./support.ts";

describe("the callback address of Tencent Cloud", () => {
  it("accepts each of its secrets, so that a secret can be replaced", async () => {
    const { report, sid, lastMessage } = await sent();
    expect(await (await report([statusItem("5000:1")], SECRETS[1])).json()).toEqual(TAKEN);
    const response = await report([statusItem(sid)], SECRETS[0]);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(TAKEN);
    expect(await lastMessage()).toMatchObject({ status: "delivered", report_code: "DELIVRD" });
  });

  it.each(["wrong-secret-of-the-same-length", "x", SECRETS[0]?.toUpperCase(), `${SECRETS[0]}x`])(
    "is 404 for a wrong secret: %s",
    async (secret) => {
      const { report, sid, lastMessage, world } = await sent();
      const response = await report([statusItem(sid)], secret);
      const nowhere = await world.post("/callbacks/elsewhere", []);
      const shape = async (answer: Response) => ({ ...((await answer.json()) as object), requestId: "" });
      expect(response.status).toBe(404);
      expect(await shape(response)).toEqual(await shape(nowhere));
      expect((await lastMessage()).status).toBe("accepted");
    },
  );

  it("is 404 if no secret is set", async () => {
    const { world } = await sent({ TENCENT_SMS_CALLBACK_SECRETS: "" });
    await refused(await world.post("/callbacks/tencent//status", []), "not_found");
    await refused(await world.post("/callbacks/tencent/undefined/status", []), "not_found");
  });

  it("leaves no secret and no number in the log", async () => {
    const { report, world, sid } = await sent();
    await report([statusItem(sid)]);
    await report([statusItem(sid)], "another-secret-of-somebody-else");
    const log = JSON.stringify(world.logged);
    for (const text of [SECRETS[0], "another-secret", "13800138000"]) expect(log).not.toContain(text);
  });
});

describe("a report of Tencent Cloud", () => {
  it("that a message failed is recorded with the carrier's code", async () => {
    const { report, sid, lastMessage } = await sent();
    await report([statusItem(sid, { report_status: "FAIL", errmsg: "MK:0001" })]);
    expect(await lastMessage()).toMatchObject({ status: "failed", report_code: "MK:0001" });
  });

  it("changes nothing when it is repeated or contradicts the first", async () => {
    const { report, sid, lastMessage, world } = await sent();
    await report([statusItem(sid)]);
    const first = await lastMessage();
    world.clock.advance(60_000);
    await report([statusItem(sid), statusItem(sid, { report_status: "FAIL", errmsg: "EXPIRED" })]);
    expect(await lastMessage()).toEqual(first);
  });

  it.each<[string, object]>([
    ["another phone", { mobile: "13900139000" }],
    ["the same digits of another country", { nationcode: "1" }],
    ["another serial number", { sid: "5000:forged" }],
  ])("about %s does not change the message", async (_, more) => {
    const { report, sid, lastMessage } = await sent();
    expect(await (await report([statusItem(sid, more)])).json()).toEqual(TAKEN);
    expect((await lastMessage()).status).toBe("accepted");
  });

  it("that is invalid does not stop the valid ones of its list", async () => {
    const { report, sid, lastMessage, world } = await sent();
    const broken = [
      null,
      7,
      "x",
      [],
      {},
      statusItem(sid, { mobile: { a: 1 } }),
      statusItem(sid, { report_status: 1 }),
    ];
    const garbage = [
      statusItem(sid, { sid: ["x"] }),
      statusItem(""),
      statusItem("x".repeat(121)),
      statusItem(sid, { nationcode: "", mobile: "" }),
      statusItem(sid, { mobile: "1380013800x" }),
    ];
    const response = await report([
      ...broken,
      ...garbage,
      statusItem(sid, { mobile: 13_800_138_000, errmsg: null }),
    ]);
    expect(await response.json()).toEqual(TAKEN);
    expect(await lastMessage()).toMatchObject({ status: "delivered", report_code: "UNKNOWN" });
    expect(world.logged).toContainEqual(expect.objectContaining({ items: 13, understood: 1, noted: 1 }));
  });

  it.each(["\u001b[2JDELIVRD", "x".repeat(65), "", "已送达"])(
    "with a code that would not fit a terminal or the record is recorded as UNKNOWN: %j",
    async (errmsg) => {
      const { report, sid, lastMessage } = await sent();
      await report([statusItem(sid, { errmsg })]);
      expect(await lastMessage()).toMatchObject({ status: "delivered", report_code: "UNKNOWN" });
    },
  );

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["an object", "{}"],
    ["null", "null"],
    ["too many", JSON.stringify(Array(101).fill({}))],
    ["nothing", ""],
  ])("in a list that is %s is refused, and the message stays", async (_, body) => {
    const { world, lastMessage } = await sent();
    const path = `/callbacks/tencent/${SECRETS[0]}/status`;
    const response = await world.request(path, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ result: 1 });
    expect((await lastMessage()).status).toBe("accepted");
  });

  it("is accepted in a list of a hundred, and refused in a list that is too long", async () => {
    const { report, sid, lastMessage, world } = await sent();
    const hundred = Array.from({ length: 99 }, (_, n) =>
      statusItem(`5000:${n}`, { description: "长".repeat(99) }),
    );
    expect(await (await report([...hundred, statusItem(sid)])).json()).toEqual(TAKEN);
    expect((await lastMessage()).status).toBe("delivered");
    const path = `/callbacks/tencent/${SECRETS[0]}/status`;
    const endless = await world.request(path, { method: "POST", body: `["${"x".repeat(200_000)}"]` });
    expect(endless.status).toBe(413);
  });
});

describe("a report of Tencent Cloud that comes before the answer of the send", () => {
  /** The cloud reports while its answer is still on the way. */
  async function sendingWith(item: (sid: string, id: string) => object) {
    const tencent = await createTencentWorld();
    tencent.cloud.faults.push({ slowMs: 300 });
    const starting = start(tencent.world);
    while (tencent.sms.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { serialNo, sessionContext } = tencent.sms.taken[0] ?? { serialNo: "", sessionContext: "" };
    expect(await (await tencent.report([item(serialNo, sessionContext)])).json()).toEqual(TAKEN);
    await starting;
    return tencent;
  }

  it("is recorded at once if it carries the message's id", async () => {
    const { lastMessage, sms } = await sendingWith((sid, ext) => statusItem(sid, { ext }));
    expect(await lastMessage()).toMatchObject({ status: "delivered", provider_id: sms.taken[0]?.serialNo });
  });

  it("is recorded by the next tick if it does not carry the message's id", async () => {
    const { lastMessage, world } = await sendingWith((sid) => statusItem(sid));
    expect((await lastMessage()).status).toBe("accepted");
    expect(await world.tick()).toMatchObject({ ran: true, done: { reports: 1 } });
    expect((await lastMessage()).status).toBe("delivered");
  });

  it("is forgotten after a quarter of an hour if it fits no message", async () => {
    const { lastMessage, world } = await sendingWith(() => statusItem("5000:forged"));
    await world.tick();
    world.clock.advance(900_001);
    await world.tick();
    expect(await world.tick()).toMatchObject({ done: { reports: 0 } });
    expect((await lastMessage()).status).toBe("accepted");
  });

  it("is not kept for a phone without a message on its way", async () => {
    const { report, world } = await sent();
    await report([statusItem("5000:forged"), statusItem("5000:2", { mobile: "13900139000" })]);
    expect(await world.tick()).toMatchObject({ done: { reports: 0 } });
  });

  it("settles a message whose answer never came", async () => {
    const tencent = await createTencentWorld();
    tencent.cloud.faults.push({ cut: "taken" });
    await start(tencent.world);
    expect((await tencent.lastMessage()).status).toBe("unknown");
    const { serialNo, sessionContext: ext } = tencent.sms.taken[0] ?? { serialNo: "", sessionContext: "" };
    await tencent.report([statusItem(serialNo, { ext, mobile: "13900139000" })]);
    expect((await tencent.lastMessage()).status).toBe("unknown");
    await tencent.report([statusItem(serialNo, { ext })]);
    expect((await tencent.lastMessage()).status).toBe("delivered");
  });
});

describe("pulling reports from Tencent Cloud", () => {
  it("records what became of a message", async () => {
    const { world, sms, sid, lastMessage, cloud } = await sent({ TENCENT_SMS_PULL_REPORTS: "true" });
    sms.reports.push({ to: PHONE, serialNo: sid, isDelivered: false, code: "EXPIRED" });
    world.clock.advance(30_000);
    await world.tick();
    expect(cloud.calls).toHaveLength(1);
    world.clock.advance(45_000);
    await world.tick();
    expect(cloud.calls.at(-1)).toMatchObject({
      action: "PullSmsSendStatusByPhoneNumber",
      parameters: { PhoneNumber: PHONE, SmsSdkAppId: "1400006666", Offset: 0, Limit: 100 },
    });
    expect(await lastMessage()).toMatchObject({ status: "failed", report_code: "EXPIRED" });
    world.clock.advance(5 * 60_000);
    await world.tick();
    expect(cloud.calls).toHaveLength(2);
  });

  it("records UNKNOWN for a code that could move a terminal's cursor", async () => {
    const { world, sms, sid, lastMessage } = await sent({ TENCENT_SMS_PULL_REPORTS: "true" });
    sms.reports.push({ to: PHONE, serialNo: sid, isDelivered: false, code: "\u001b[2JDELIVRD" });
    world.clock.advance(75_000);
    await world.tick();
    expect(await lastMessage()).toMatchObject({ status: "failed", report_code: "UNKNOWN" });
  });

  it("asks one minute and five minutes after the send, and not at each tick", async () => {
    const { world, cloud } = await sent({ TENCENT_SMS_PULL_REPORTS: "true" });
    for (let minute = 1; minute <= 7; minute += 1) {
      world.clock.advance(60_001);
      await world.tick();
    }
    expect(cloud.calls.map(({ action }) => action)).toEqual([
      "SendSms",
      "PullSmsSendStatusByPhoneNumber",
      "PullSmsSendStatusByPhoneNumber",
    ]);
  });

  it("asks for 25 reports without exceeding the cloud's 20 calls a second", async () => {
    const { world, sms } = await createTencentWorld({
      TENCENT_SMS_PULL_REPORTS: "true",
      LIMIT_ADDRESS_SENDS: "unlimited",
      LIMIT_PREFIX_SENDS: "unlimited",
      GUARD_MODE: "off",
    });
    for (let n = 0; n < 25; n += 1) await start(world, phoneNo(n));
    for (const { to, serialNo } of sms.taken) {
      sms.reports.push({ to, serialNo, isDelivered: true, code: "DELIVRD" });
    }
    world.clock.advance(75_000);
    expect(await world.tick()).toMatchObject({ done: { reports: 25 }, failures: [] });
  });

  it("that fails does not stop the other work", async () => {
    const { world, cloud } = await sent({ TENCENT_SMS_PULL_REPORTS: "true" });
    world.clock.advance(75_000);
    cloud.faults.push({ cut: "not_taken" });
    expect(await world.tick()).toMatchObject({ ran: true, failures: [{ task: "reports" }] });
    expect(await world.tick({ minGapMs: 1_000 })).toEqual({ ran: false });
  });
});
