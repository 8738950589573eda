import { describe, expect, it } from "vitest";
import { recordOf } from "../../src/compose/tools/messages.ts";
import { PHONE, refused, start } from "../http/support.ts";
import { bearer } from "../support/world.ts";
import { keptIn, sealedIn } from "../tencent/replies.ts";
import { createWebhookWorld, delivered, failed, reply, sent, taken } from "./support.ts";

const METRICS_TOKEN = "token-of-the-metrics-0123456789abcdef";

describe("a report of the operator's service", () => {
  it.each([
    ["the id that it answered with", (id: string) => `sm-${id}`],
    ["the webhook-id", (id: string) => id],
  ])("finds its message by %s, and is recorded", async (_, named) => {
    const { tell, id, lastMessage, world } = await sent();
    await taken(tell(failed(named(id), { code: "EXPIRED" })));
    expect(await lastMessage()).toMatchObject({ status: "failed", report_code: "EXPIRED" });
    const record = await recordOf(world.config, PHONE);
    expect(record?.messages).toMatchObject([
      { status: "failed", sender: "webhook", providerId: `sm-${id}`, reportCode: "EXPIRED" },
    ]);
  });

  it("finds its message by the webhook-id if the service answered without an id or with 500", async () => {
    for (const status of [202, 500]) {
      const { world, answer, tell, last, lastMessage } = await createWebhookWorld();
      answer((response) => response.writeHead(status).end());
      await start(world);
      await taken(tell(delivered(last().id)));
      expect(await lastMessage()).toMatchObject({ status: "delivered", report_code: "DELIVRD" });
    }
  });

  it("changes nothing when it is repeated or contradicts the first", async () => {
    const { tell, id, lastMessage, world } = await sent();
    await taken(tell(delivered(id), { id: "once" }));
    const first = await lastMessage();
    world.clock.advance(60_000);
    await taken(tell(delivered(id), { id: "once" }));
    await taken(tell(failed(`sm-${id}`, { code: "UNDELIV" })));
    expect(await lastMessage()).toEqual(first);
  });

  it.each<[string, (id: string) => object]>([
    ["another phone", (id) => delivered(id, { to: "+8613900139000" })],
    ["another phone by the service's id", (id) => delivered(`sm-${id}`, { to: "+8613900139000" })],
    ["an unknown id", () => delivered("sm-1")],
  ])("about %s is accepted, and changes no message", async (_, body) => {
    const { tell, id, lastMessage } = await sent();
    await taken(tell(body(id)), false);
    expect((await lastMessage()).status).toBe("accepted");
  });

  it("does not change a message that the service refused", async () => {
    const { world, answer, tell, last, lastMessage } = await createWebhookWorld();
    answer((response) => response.writeHead(422).end());
    await world.post("/v1/verifications", { phone: PHONE });
    await taken(tell(delivered(last().id)), false);
    expect((await lastMessage()).status).toBe("bad_number");
  });

  it.each<[string, (id: string) => object]>([
    ["the service's id", (id) => delivered(`sm-${id}`)],
    ["the webhook-id", (id) => delivered(id)],
  ])("that comes before the answer, by %s, is recorded by the next tick", async (_, body) => {
    const { world, answer, tell, last, lastMessage } = await createWebhookWorld();
    answer(async (response, { id }) => {
      await taken(tell(body(id)), false);
      response.writeHead(202).end(JSON.stringify({ id: `sm-${id}` }));
    });
    await start(world);
    expect((await lastMessage()).status).toBe("accepted");
    expect(await world.tick()).toMatchObject({ ran: true, done: { reports: 1 } });
    expect(await lastMessage()).toMatchObject({ status: "delivered", provider_id: `sm-${last().id}` });
    expect(await world.tick()).toMatchObject({ done: { reports: 0 } });
  });

  it("does not change a message that the service did not take", async () => {
    const { world, tell, lastMessage, answer } = await createWebhookWorld();
    answer(async (response, { id }) => {
      await taken(tell(failed(id)), false);
      response.writeHead(503).end();
    });
    expect((await world.post("/v1/verifications", { phone: PHONE })).status).toBe(503);
    await world.tick();
    expect((await lastMessage()).status).toBe("unavailable");
  });

  it.each<[string, unknown, string]>([
    ["no JSON", "{", "body"],
    ["nothing", "", "body"],
    ["a list", "[]", "body"],
    ["a field twice", `{"type":"sms.reply","type":"sms.reply"}`, "body"],
    ["deeply nested lists", "[".repeat(8_000) + "]".repeat(8_000), "body"],
    ["deeply nested objects", `${'{"a":'.repeat(2_500)}1${"}".repeat(2_500)}`, "type"],
    ["no type", { data: {} }, "type"],
    ["an unknown type", { ...delivered("x"), type: "sms.send" }, "type"],
    ["a type that is no text", { ...delivered("x"), type: ["sms.delivered"] }, "type"],
    ["no data", { type: "sms.failed" }, "data"],
    ["no id", delivered("x", { id: undefined }), "data.id"],
    ["an id that is no text", delivered("x", { id: 7 }), "data.id"],
    ["an empty id", delivered(""), "data.id"],
    ["an id of non-ASCII letters", delivered("消息"), "data.id"],
    ["an id that is too long", delivered("x".repeat(121)), "data.id"],
    ["an invalid phone", delivered("x", { to: "13800138000" }), "data.to"],
    ["a phone that is no text", delivered("x", { to: 8_613_800_138_000 }), "data.to"],
    ["a code that is no text", delivered("x", { code: 7 }), "data.code"],
    ["a code that moves a cursor", delivered("x", { code: "\u001b[2J" }), "data.code"],
    ["a code that is too long", delivered("x", { code: "x".repeat(65) }), "data.code"],
    ["a field that is misspelt", delivered("x", { cod: "EXPIRED" }), "data.cod"],
    ["an invalid time", { ...delivered("x"), timestamp: "soon" }, "timestamp"],
    ["a reply without its time", { ...reply("T"), timestamp: undefined }, "timestamp"],
    ["a reply whose time is no text", { ...reply("T"), timestamp: 1_800_000_000 }, "timestamp"],
    ["a reply without a phone", reply("T", { from: null }), "data.from"],
    ["a reply whose text is no text", reply("T", { text: ["T"] }), "data.text"],
  ])("with %s is refused, and the field is named", async (_, body, field) => {
    const { tell } = await createWebhookWorld();
    await refused(await tell(body), "invalid_request", field);
  });

  it("is counted by its outcome, also if it fits no message", async () => {
    const { tell, id, world } = await sent({ METRICS_TOKEN });
    await taken(tell(delivered(id)));
    await taken(tell(delivered("sm-1")), false);
    const metrics = await (await world.request("/metrics", { headers: bearer(METRICS_TOKEN) })).text();
    for (const outcome of ["delivered", "unmatched"]) {
      expect(metrics).toContain(`phonekey_carrier_reports_total{sender="webhook",outcome="${outcome}"} 1`);
    }
  });
});

describe("a reply from the operator's service", () => {
  it.each([
    ["TD", 1],
    ["退订", 1],
    ["Thanks", 0],
  ])("%s opts the phone out of messages that were not asked for: %i", async (text, optOuts) => {
    const { tell, world } = await sent();
    await taken(tell(reply(text)));
    expect(await keptIn(world.folder)).toEqual({ replies: 1, optOuts });
  });

  it("is kept once, sealed, and only from phones that got a message", async () => {
    const { tell, world } = await sent();
    for (let n = 0; n < 3; n += 1) await taken(tell(reply("问题 004217")));
    await taken(tell(reply("T", { from: "+8613900139000" })), false);
    expect(await keptIn(world.folder)).toEqual({ replies: 1, optOuts: 0 });
    expect(await sealedIn(world.folder)).toMatch(/^v1\./);
    await taken(tell({ ...reply("another"), timestamp: "2027-01-15T16:00:00.5+08:00" }));
    expect(await keptIn(world.folder)).toEqual({ replies: 2, optOuts: 0 });
  });
});
