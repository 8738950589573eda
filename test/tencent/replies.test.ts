import { describe, expect, it } from "vitest";
import { recordOf, reportInWords } from "../../src/compose/tools/messages.ts";
import { start } from "../http/support.ts";
import { keptIn, sealedIn } from "./replies.ts";
import { SECRETS, sent, statusItem, TAKEN } from "./support.ts";

describe("a reply to an SMS", () => {
  const reply = (text: string, more: object = {}) => ({
    extend: "",
    mobile: "13800138000",
    nationcode: "86",
    sign: "腾讯云",
    text,
    time: 1_800_000_000,
    ...more,
  });
  const path = `/callbacks/tencent/${SECRETS[0]}/reply`;

  it.each([
    ["T", true],
    ["td", true],
    ["ＴＤ", true],
    [" t d ", true],
    ["退 订", true],
    ["t\n", true],
    ["R", true],
    ["ｒ", true],
    ["Stop", true],
    ["STOP.", true],
    ["退订。", true],
    ["“TD”！", true],
    ["退订～", true],
    ["td~", true],
    ["退订👍🏻", true],
    ["R\u200b", true],
    ["stop it", false],
    ["Thanks", false],
    ["不要退订", false],
    ["", false],
    ["T1", false],
    ["t_t", false],
  ])("%j opts the phone out of messages that were not asked for: %s", async (text, stops) => {
    const { world } = await sent();
    expect(await (await world.post(path, reply(text))).json()).toEqual(TAKEN);
    expect(await keptIn(world.folder)).toEqual({ replies: 1, optOuts: stops ? 1 : 0 });
  });

  it("does not stop a code that somebody asks for", async () => {
    const { world } = await sent();
    await world.post(path, reply("TD"));
    world.clock.advance(60_000);
    await start(world);
  });

  it("is kept once, sealed, and only from phones that got a message", async () => {
    const { world } = await sent();
    for (let n = 0; n < 3; n += 1) {
      await world.post(path, reply("问题 004217"));
      world.clock.advance(1_000);
    }
    await world.post(path, reply("T", { mobile: "13900139000" }));
    expect(await keptIn(world.folder)).toEqual({ replies: 1, optOuts: 0 });
    expect(await sealedIn(world.folder)).toMatch(/^v1\./);
  });

  it("is cut to 500 characters, and does not opt out by how it begins", async () => {
    const { world } = await sent();
    await world.post(path, reply(`TD${"x".repeat(10_000)}`));
    const record = await recordOf(world.config, "138 0013 8000");
    expect(record).toMatchObject({ replies: [{ text: `TD${"x".repeat(498)}` }], isOptedOut: false });
  });

  it("is kept beside another one of the same second, such as the second half of a long reply", async () => {
    const { world } = await sent();
    for (const text of ["第一部分", "第二部分。", "第一部分"]) await world.post(path, reply(text));
    const record = await recordOf(world.config, "138 0013 8000");
    expect(record?.replies.map(({ text }) => text).toSorted()).toEqual(["第一部分", "第二部分。"]);
  });

  it.each([
    [null],
    [[]],
    ["x"],
    [reply("T", { time: "soon" })],
    [reply("T", { mobile: null })],
    [{ text: "T" }],
  ])("that is invalid is refused: %j", async (body) => {
    const { world } = await sent();
    expect((await world.post(path, body)).status).toBe(400);
  });
});

describe("the record of a phone for support", () => {
  it("has what became of its messages, and its replies", async () => {
    const { world, report, sid } = await sent();
    await report([statusItem(sid, { report_status: "FAIL", errmsg: "EXPIRED" })]);
    const reply = { mobile: "13800138000", nationcode: "86", text: "退订", time: 1_800_000_000 };
    await world.post(`/callbacks/tencent/${SECRETS[0]}/reply`, reply);
    const record = await recordOf(world.config, "138 0013 8000");
    expect(record?.messages).toMatchObject([
      { status: "failed", sender: "tencent", providerId: sid, reportCode: "EXPIRED", fee: 1 },
    ]);
    expect(record).toMatchObject({ replies: [{ text: "退订" }], isOptedOut: true });
    expect(await recordOf(world.config, "+8613900139000")).toMatchObject({ messages: [], isOptedOut: false });
    expect(await recordOf(world.config, "nobody")).toBeUndefined();
  });

  it.each([
    ["DELIVRD", "delivered", "已送达"],
    [
      "EXPIRED",
      "not delivered in time; the phone was off or out of reach",
      "超时未送达，手机关机或不在服务区",
    ],
    ["UNDELIV:4446", "could not be delivered", "无法送达"],
    ["MK:0001", "the carrier's own code MK:0001", "运营商代码 MK:0001"],
    ["", "the carrier's own code ", "运营商代码 "],
  ])("says a carrier's code %s in words", (code, en, zh) => {
    expect([reportInWords(code, "en"), reportInWords(code, "zh-CN")]).toEqual([en, zh]);
  });
});
