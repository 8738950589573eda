import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../support/world.ts";
import {
  bodyOf,
  DAY_MS,
  open,
  phoneNo,
  resend,
  SECOND_MS,
  type VerificationBody,
  wrongCode,
} from "./support.ts";

/** Both have the same masked form. */
const KNOWN = phoneNo(12_340_000).replace(/0000$/, "8000");
const UNKNOWN = KNOWN.replace("1234", "5678");

let world: World;
/** The statements that the database got, without the values. */
const statements: string[] = [];

beforeEach(async () => {
  world = await createWorld({ parts: { onStatement: (sql) => void statements.push(sql) } });
  const { accessToken } = await world.signIn(KNOWN);
  const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" };
  await world.request("/v1/me", {
    method: "PATCH",
    headers,
    body: JSON.stringify({ name: "Known", avatar: 7 }),
  });
  world.clock.advance(2 * DAY_MS);
});
afterEach(() => world.close());

/** An answer as a whole, without the ids that are new in each. */
async function shape(response: Response): Promise<unknown> {
  const body = await bodyOf<Record<string, unknown>>(response);
  const { id, requestId, ...rest } = body;
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  return {
    status: response.status,
    headers,
    keys: Object.keys(body),
    rest,
    ids: [typeof id, typeof requestId],
  };
}

/** Does the same for the phone that has a user and for the one that has none, and expects the same answer. */
async function expectSame(request: (phone: string) => Promise<Response>, status: number): Promise<void> {
  const known = await request(KNOWN);
  const unknown = await request(UNKNOWN);
  expect(known.status).toBe(status);
  expect(await shape(known)).toEqual(await shape(unknown));
}

const startAt = (phone: string, more: object = {}) =>
  Promise.resolve(world.post("/v1/verifications", { phone, ...more }));

describe("whether a number is known (T31, promise 6)", () => {
  it("does not show at a start, and both numbers get the same SMS but for the code", async () => {
    const before = world.sms.sent.length;
    await expectSame((phone) => startAt(phone), 201);
    const [known, unknown] = world.sms.sent.slice(before);
    expect([known?.to, unknown?.to]).toEqual([KNOWN, UNKNOWN]);
    const withoutCode = (message: typeof known) => message?.text.replaceAll(message.code, "CODE");
    expect(withoutCode(known)).toBe(withoutCode(unknown));
    expect(known?.code.length).toBe(unknown?.code.length);
  });

  it("does not show in the refusal of a start", async () => {
    await expectSame((phone) => startAt(phone), 201);
    await expectSame((phone) => startAt(phone), 429);
    await expectSame((phone) => startAt(phone, { locale: "fr" }), 400);
  });

  it.each([
    ["bad_number", 422],
    ["throttled", 429],
    ["rejected", 503],
    ["unknown", 201],
  ] as const)("does not show when the sender answers %s", async (status, expected) => {
    world.sms.answer({ status });
    await expectSame((phone) => startAt(phone), expected);
  });

  it("does not show in any later answer about the verification, until the right code opens a session", async () => {
    const ids = new Map<string, string>();
    for (const phone of [KNOWN, UNKNOWN]) {
      ids.set(phone, (await bodyOf<VerificationBody>(await startAt(phone))).id);
    }
    const idOf = (phone: string) => ids.get(phone) ?? "";
    await expectSame(async (phone) => await world.request(`/v1/verifications/${idOf(phone)}`), 200);
    await expectSame((phone) => resend(world, idOf(phone)), 429);
    world.clock.advance(30 * SECOND_MS);
    await expectSame((phone) => resend(world, idOf(phone)), 200);
    for (let n = 0; n < 3; n += 1) {
      await expectSame((phone) => open(world, idOf(phone), wrongCode(world.sms.lastCode(phone))), 401);
    }
    await expectSame((phone) => open(world, idOf(phone), world.sms.lastCode(phone)), 401);
    await expectSame(async (phone) => await world.request(`/v1/verifications/${idOf(phone)}`), 200);
  });

  // No test measures how long an answer takes: the statements, which take most of it, are the same.
  it("asks the database the same for a start and a wrong guess", async () => {
    const askedFor = async (request: () => Promise<Response>) => {
      statements.length = 0;
      await (await request()).text();
      return statements.map((sql) => sql.replace(/^(begin|commit).*/i, "$1"));
    };
    const ids = new Map<string, string>();
    const guesses = [];
    // Another phone first: the first start makes statements that no later one repeats.
    await startAt(phoneNo(78));
    for (const phone of [KNOWN, UNKNOWN]) {
      const started = await askedFor(async () => {
        const response = await startAt(phone);
        ids.set(phone, (await bodyOf<VerificationBody>(response.clone())).id);
        return response;
      });
      const code = wrongCode(world.sms.lastCode(phone));
      guesses.push([started, await askedFor(() => open(world, ids.get(phone) ?? "", code))]);
    }
    expect(guesses[0]?.flat().length).toBeGreaterThan(3);
    expect(guesses[1]).toEqual(guesses[0]);
  });

  it("does not show at a start with a device token of another user", async () => {
    const { deviceToken } = await world.signIn(phoneNo(77));
    await expectSame((phone) => startAt(phone, { deviceToken }), 201);
  });
});
