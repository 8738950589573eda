import { describe, expect, it } from "vitest";
import { PHONE, refused } from "../http/support.ts";
import { createWebhookWorld, delivered, PATH, SECRETS, sent, signed, taken } from "./support.ts";

const OTHER = "c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgMzIgYg==";

describe("the callback address of the operator's service", () => {
  it("exists if the service is configured, and accepts only POST", async () => {
    const { world, tell, id } = await sent();
    await taken(tell(delivered(id)));
    await refused(await world.request(PATH), "method_not_allowed");
    const without = await createWebhookWorld({}, { settings: {} });
    await refused(await without.tell(delivered(id)), "not_found");
    const half = await createWebhookWorld({}, { settings: { SMS_WEBHOOK: "https://sms.example/send" } });
    await refused(await half.tell(delivered(id)), "not_found");
  });

  it("accepts late reports after another sender was configured", async () => {
    const { tell } = await createWebhookWorld({ SMS_SENDER: "console" });
    await taken(tell(delivered("sm-1")), false);
  });

  it("accepts each secret and any of several signatures, so that a secret can be replaced", async () => {
    const { world, tell, id } = await sent();
    await taken(tell(delivered(id), { secret: SECRETS[1] ?? "" }));
    const body = JSON.stringify(delivered(id));
    const at = Math.floor(world.clock.now() / 1_000);
    const right = signed(body, { id: "m", at })["webhook-signature"];
    const wrong = signed(body, { id: "m", at, secret: OTHER })["webhook-signature"];
    for (const signature of [`${wrong} ${right}`, `${right} v1a,x ${wrong}`]) {
      await taken(tell(body, { id: "m", at, headers: { "webhook-signature": signature } }));
    }
  });

  it("checks at most sixteen signatures of a post", async () => {
    const { world, tell, id } = await sent();
    const body = JSON.stringify(delivered(id));
    const at = Math.floor(world.clock.now() / 1_000);
    const right = signed(body, { id: "m", at })["webhook-signature"];
    const behind = (wrong: number) => {
      const headers = { "webhook-signature": `${"v1,x ".repeat(wrong)}${right}` };
      return tell(body, { id: "m", at, headers });
    };
    await taken(behind(15));
    await refused(await behind(16), "invalid_signature");
  });

  it("accepts a time that is at most five minutes off", async () => {
    const { world, tell, id } = await sent();
    const now = Math.floor(world.clock.now() / 1_000);
    for (const off of [-300, 300]) await taken(tell(delivered(id), { at: now + off }));
    for (const off of [-301, 301]) {
      await refused(await tell(delivered(id), { at: now + off }), "invalid_signature");
    }
  });

  it("refuses a post that was changed, or signed with another secret or not at all", async () => {
    const { world, tell, id, lastMessage } = await sent();
    const body = delivered(id);
    const at = Math.floor(world.clock.now() / 1_000);
    const genuine = signed(JSON.stringify(body), { id: "m", at });
    const [, mac = ""] = genuine["webhook-signature"].split(",");
    const forged: Parameters<typeof tell>[1][] = [
      { secret: OTHER },
      { id: "m", headers: { "webhook-id": "n" } },
      { at, headers: { "webhook-timestamp": String(at + 1) } },
      ...["", mac, `v1a,${mac}`, `v2,${mac}`, `V1,${mac}`, `v1,${mac.slice(1)}`, `v1,${mac}x`, "v1,"].map(
        (signature) => ({ id: "m", at, headers: { "webhook-signature": signature } }),
      ),
      ...["", "soon", `${at}.0`, `+${at}`, ` ${at}5`, "1e9", "9".repeat(400)].map((time) => ({ at: time })),
      { id: "" },
      // A signature that was moved between the id, the time and the body would be that of another body.
      { id: `m.${at}` },
    ];
    for (const how of forged) await refused(await tell(body, how), "invalid_signature");
    const longer = await world.request(PATH, {
      method: "POST",
      headers: genuine,
      body: `${JSON.stringify(body)} `,
    });
    await refused(longer, "invalid_signature");
    await refused(await world.post(PATH, body), "invalid_signature");
    expect((await lastMessage()).status).toBe("accepted");
  });

  it("names no field to a caller without a signature", async () => {
    const { world } = await sent();
    for (const body of ["", "{", "[]", '{"type":7}']) {
      const answer = await world.request(PATH, { method: "POST", body });
      await refused(answer, "invalid_signature");
    }
  });

  it("refuses a body that is too long", async () => {
    const { tell, id } = await sent();
    const long = JSON.stringify({ ...delivered(id), more: "x".repeat(20_000) });
    await refused(await tell(long), "request_too_large");
  });

  it("logs only the type of a post", async () => {
    const { world, tell, last, id } = await sent();
    await taken(tell(delivered(id, { code: "canary 1" })));
    await tell(delivered(id), { secret: OTHER });
    await tell({ type: "canary 2", data: { to: "canary 3" } });
    const log = JSON.stringify(world.logged);
    expect(log).toContain("sms.delivered");
    for (const text of ["canary", PHONE.slice(1), last().code, ...SECRETS]) expect(log).not.toContain(text);
  });
});
