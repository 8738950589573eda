import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../support/world.ts";
import { DAY_MS, phoneNo, SECOND_MS, wrongCode } from "../support.ts";
import { codeFor, createFunctionsClient } from "./client.ts";
import { NO_SESSION } from "./stage.ts";

const KNOWN = phoneNo(12_345_678).slice(3);
const UNKNOWN = phoneNo(87_654_321).slice(3);

let world: World;
let token: string;

beforeAll(async () => {
  world = await createWorld();
  const owner = createFunctionsClient(() => world, "198.51.100.1");
  const known = await owner.signedIn(KNOWN);
  await owner.setNickname(known.userId, "Known", known.token);
  world.clock.advance(2 * DAY_MS);
  token = (await owner.signedIn(phoneNo(5).slice(3))).token;
});
afterAll(() => world.close());

/** The whole answer, without the ids that are new in each. */
async function answerTo(name: string, parameters: Record<string, string>, from: string): Promise<unknown> {
  const init = { method: "POST", body: new URLSearchParams(parameters), from };
  const response = await world.request(`/functions/${name}`, init);
  const body = (await response.text())
    .replace(/"(requestId|sessionId)":"[^"]+"/g, '"$1":""')
    .replaceAll(String(parameters.phone), "PHONE");
  return {
    status: response.status,
    headers: [...response.headers].filter(([key]) => key !== "x-request-id"),
    body,
  };
}

describe("whether a number is known (T31, promise 6)", () => {
  async function expectSame(name: string, parametersOf: (phone: string) => Record<string, string>) {
    const [known, unknown] = [
      await answerTo(name, parametersOf(KNOWN), "198.51.100.2"),
      await answerTo(name, parametersOf(UNKNOWN), "198.51.100.3"),
    ];
    expect(known).toEqual(unknown);
  }

  it("does not show at any step of a sign-in before the right code", async () => {
    const login = (phone: string, code: string, sessionId: string) => ({
      method: "login",
      phone,
      code,
      sessionId,
    });
    await expectSame("sms", (phone) => login(phone, "123456", NO_SESSION));
    const sessions = new Map<string, string>();
    for (const [phone, from] of [
      [KNOWN, "198.51.100.2"],
      [UNKNOWN, "198.51.100.3"],
    ] as const) {
      sessions.set(phone, await createFunctionsClient(() => world, from).started(phone));
    }
    await expectSame("sms", (phone) => ({ method: "getSms", phone }));
    await expectSame("sms", (phone) => login(phone, codeFor(world, phone), NO_SESSION));
    await expectSame("sms", (phone) =>
      login(phone, wrongCode(codeFor(world, phone)), sessions.get(phone) ?? ""),
    );
    world.clock.advance(31 * SECOND_MS);
    const before = world.sms.sent.length;
    await expectSame("sms", (phone) => ({ method: "getSms", phone }));
    expect(world.sms.sent.slice(before).map(({ to }) => to)).toEqual([`+86${KNOWN}`, `+86${UNKNOWN}`]);
    world.clock.advance(600 * SECOND_MS);
    await expectSame("sms", (phone) => login(phone, codeFor(world, phone), sessions.get(phone) ?? ""));
  });

  it("does not show to the token of another user or a malformed one", async () => {
    for (const shown of [token, "x"]) {
      await expectSame("sms", (phone) => ({ method: "login", phone, token: shown }));
      await expectSame("getUserInfo", (phone) => ({ phone, token: shown }));
    }
  });

  it("does not change the number of statements: only the token's own user is looked up", async () => {
    let statements = 0;
    const counted = await createWorld({
      parts: {
        onStatement: () => {
          statements += 1;
        },
      },
    });
    const client = createFunctionsClient(() => counted, "198.51.100.1");
    await client.signedIn(KNOWN);
    const own = await client.signedIn(phoneNo(5).slice(3));
    const costOf = async (phone: string) => {
      statements = 0;
      expect((await client.getUserInfo({ phone }, own.token)).errorCode).toBe(-1007);
      return statements;
    };
    expect(await costOf(KNOWN)).toBe(await costOf(UNKNOWN));
    await counted.close();
  });
});
