import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPasswordWorld, PASSWORD, passwordCalls } from "../../password/support.ts";
import { bearer, type OpenedSession, type World } from "../../support/world.ts";
import { factorCalls, UNLIMITED } from "../factors/support.ts";
import { sessionCalls } from "../session/support.ts";
import { DAY_MS, PHONE, phoneNo } from "../support.ts";

const NEW = phoneNo(77);

let world: World;
beforeEach(async () => {
  ({ world } = await createPasswordWorld({ env: UNLIMITED }));
});
afterEach(() => world.close());

const { put } = passwordCalls(() => world);
const { end, expectEnded, signInAgain } = sessionCalls(() => world);
const { moved, changeProof } = factorCalls(() => world);

/** The change that waits takes effect. */
async function aDayLater(): Promise<void> {
  world.clock.advance(DAY_MS);
  await world.tick();
}

describe("a change of number", () => {
  it.each([
    ["sets a password", (person: OpenedSession) => put(person.accessToken, { newPassword: PASSWORD })],
    ["ends the others", async (person: OpenedSession) => await end("?scope=others", person.accessToken)],
  ])("is kept if the session that asked for it %s", async (_, act) => {
    const other = await world.signIn(PHONE);
    const person = await signInAgain();
    expect((await moved(person, NEW)).status).toBe(200);
    expect((await act(person)).status).toBe(204);
    await expectEnded(other);
    await aDayLater();
    expect(await world.signIn(NEW)).toMatchObject({ created: false, user: { id: person.user.id } });
  });

  it("sends both its notices in the language of the request that asked for it", async () => {
    const person = await world.signIn(PHONE);
    const proof = JSON.stringify(await changeProof(person, NEW));
    const headers = { ...bearer(person.accessToken), "accept-language": "zh-CN" };
    const answer = await world.request("/v1/me/phone", {
      method: "PUT",
      headers: { ...headers, "content-type": "application/json" },
      body: proof,
    });
    expect(answer.status).toBe(200);
    await aDayLater();
    expect(world.sms.sent.filter(({ code }) => code === undefined)).toMatchObject([
      { to: PHONE, purpose: "phone_change_started", locale: "zh-CN" },
      { to: PHONE, purpose: "phone_changed", locale: "zh-CN" },
    ]);
  });
});
