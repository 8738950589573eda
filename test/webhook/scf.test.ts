import { describe, expect, it } from "vitest";
import { createArrive } from "../../src/http/scf/arrival.ts";
import { createScfDoors } from "../../src/http/scf/doors.ts";
import { gateway, HOST } from "../http/scf/doors.ts";
import { delivered, PATH, reply, sent, signed } from "./support.ts";

/** Posts to a function as an event, written by its platform as `more` says. */
async function telling() {
  const { world, ...webhook } = await sent();
  const log = { info() {}, error() {}, warn() {} };
  const doors = createScfDoors(world.app, createArrive({ log, settings: { trustedProxies: [] } }));
  const at = Math.floor(world.clock.now() / 1_000);
  const tell = async (body: string, more: object, headers: object = signed(body, { at })) => {
    const fields = { host: HOST, "x-scf-remote-addr": "203.0.113.7", ...headers };
    const event = { httpMethod: "POST", path: PATH, headers: fields, body, ...more };
    const { statusCode, body: said } = await doors.answer(event);
    return { statusCode, ...(JSON.parse(said) as object) };
  };
  return { ...webhook, world, at, tell };
}

const inBase64 = (body: string) => ({ body: Buffer.from(body).toString("base64"), isBase64Encoded: true });

describe("a webhook post to a function", () => {
  it.each<[string, (body: string) => object]>([
    ["as text", () => ({ isBase64Encoded: false })],
    ["in base64", inBase64],
    ["by an API gateway", () => ({ requestContext: gateway.requestContext })],
  ])("%s is accepted with the signature of the bytes that were sent", async (_, written) => {
    const { tell, id, lastMessage } = await telling();
    // Parsed and serialized again it would have another signature.
    const body = `${JSON.stringify(delivered(id, { code: "DELIVRD" }), undefined, 2)}\r\n`;
    expect(await tell(body, written(body))).toEqual({ statusCode: 200, noted: true });
    expect((await lastMessage()).status).toBe("delivered");
  });

  it("may have letters of any script, and headers in any case", async () => {
    const { tell, at } = await telling();
    const body = JSON.stringify(reply("退订 \u{1f6d1}"));
    const headers = Object.entries(signed(body, { at })).map(([name, value]) => [name.toUpperCase(), value]);
    const answer = await tell(body, inBase64(body), Object.fromEntries(headers));
    expect(answer).toEqual({ statusCode: 200, noted: true });
  });

  it("is refused if the platform parsed it or somebody changed it", async () => {
    const { tell, id, lastMessage } = await telling();
    const body = JSON.stringify(delivered(id), undefined, 2);
    for (const more of [
      { body: JSON.parse(body) },
      inBase64(`${body} `),
      { ...inBase64(body), isBase64Encoded: false },
    ]) {
      expect(await tell(body, more)).toMatchObject({ statusCode: 401, code: "invalid_signature" });
    }
    expect((await lastMessage()).status).toBe("accepted");
  });
});
