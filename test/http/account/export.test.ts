import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bearer, createWorld, type World } from "../../support/world.ts";
import { factorCalls, type Person, UNLIMITED } from "../factors/support.ts";
import { bodyOf, DAY_MS, MINUTE_MS, PHONE, phoneNo, start } from "../support.ts";

const [NEW, NEXT] = [phoneNo(77), phoneNo(78)];

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { ...UNLIMITED, CAPTCHA: "off", RETENTION_EVENTS_DAYS: "1" } });
});
afterEach(() => world.close());
const { moved } = factorCalls(() => world);

/** Moves the account to another number, and waits until that takes effect. */
async function movedTo(person: Person, phone: string): Promise<void> {
  expect((await moved(person, phone)).status).toBe(200);
  world.clock.advance(DAY_MS);
  await world.tick();
  world.clock.advance(MINUTE_MS);
}

/** Somebody else asks for a code to this number. */
async function another(phone: string): Promise<void> {
  await start(world, phone, { purpose: "temporary_password" });
  world.clock.advance(2 * MINUTE_MS);
}

async function messagesOf({ accessToken }: Person): Promise<readonly string[]> {
  const answer = await world.request("/v1/me/export", { headers: bearer(accessToken) });
  const { messages } = await bodyOf<{ messages: { purpose: string }[] }>(answer);
  return messages.map(({ purpose }) => purpose);
}

describe("an export of an account that moved to another number has no messages from before the move", () => {
  it("if the events that tell when it moved were deleted", async () => {
    await another(NEW);
    await movedTo(await world.signIn(PHONE), NEW);
    world.clock.advance(3 * DAY_MS);
    await world.tick();
    expect(await messagesOf(await world.signIn(NEW))).toEqual(["sign_in"]);
  });

  it("if it is the second number that the account moved to", async () => {
    await movedTo(await world.signIn(PHONE), NEW);
    await another(NEXT);
    await movedTo(await world.signIn(NEW), NEXT);
    expect(await messagesOf(await world.signIn(NEXT))).toEqual(["sign_in"]);
    world.clock.advance(3 * DAY_MS);
    await world.tick();
    expect(await messagesOf(await world.signIn(NEXT))).toEqual(["sign_in", "sign_in"]);
  });
});
